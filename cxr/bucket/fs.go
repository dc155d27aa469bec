package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"
)

// Open implements [fs.FS]: an object, or a folder if there are
// objects below it. An object costs one request; gocloud's own fs.FS asks first
// whether it is there.
func (b *Bucket) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if name != "." {
		r, err := b.blob.NewReader(b.ctx, name, nil)
		if err == nil {
			return &file{r, about(name, r.Size(), r.ModTime())}, nil
		}
		if err := clean(err); err != fs.ErrNotExist {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	d := &dir{info: info{name: path.Base(name), dir: true}, list: b.list(name)}
	entry, err := d.next(b.ctx)
	switch {
	case err == nil:
		d.first = entry
	case err != io.EOF:
		return nil, &fs.PathError{Op: "open", Path: name, Err: clean(err)}
	case name != ".": // an empty bucket is a folder, but there are no other empty ones
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	d.ctx = b.ctx
	return d, nil
}

// Stat implements [fs.StatFS]; it reads no object.
func (b *Bucket) Stat(name string) (fs.FileInfo, error) {
	if fs.ValidPath(name) && name != "." {
		a, err := b.blob.Attributes(b.ctx, name)
		if err == nil {
			return about(name, a.Size, a.ModTime), nil
		}
		if err := clean(err); err != fs.ErrNotExist {
			return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
		}
		if err := b.empty(name); err != nil {
			return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
		}
		return info{name: path.Base(name), dir: true}, nil
	}
	f, err := b.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// empty is fs.ErrNotExist for a folder without objects.
func (b *Bucket) empty(name string) error {
	_, err := b.list(name).Next(b.ctx)
	if err == io.EOF {
		return fs.ErrNotExist
	}
	return clean(err)
}

func (b *Bucket) list(name string) *blob.ListIterator {
	prefix := name + "/"
	if name == "." {
		prefix = ""
	}
	return b.blob.List(&blob.ListOptions{Prefix: prefix, Delimiter: "/"})
}

// A file is an object being read, from its beginning to its end.
type file struct {
	r    *blob.Reader
	info info
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return clean(f.r.Close()) }
func (f *file) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	return n, clean(err)
}

// A dir is a folder being listed.
type dir struct {
	info  info
	ctx   context.Context
	list  *blob.ListIterator
	first fs.DirEntry
}

func (d *dir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *dir) Close() error               { return nil }
func (d *dir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: fs.ErrInvalid}
}

// ReadDir implements [fs.ReadDirFile], in order of names.
func (d *dir) ReadDir(n int) ([]fs.DirEntry, error) {
	var entries []fs.DirEntry
	if d.first != nil {
		entries, d.first = append(entries, d.first), nil
	}
	for n <= 0 || len(entries) < n {
		entry, err := d.next(d.ctx)
		if err == io.EOF {
			if n > 0 && len(entries) == 0 {
				return nil, io.EOF
			}
			break
		}
		if err != nil {
			return entries, &fs.PathError{Op: "readdir", Path: d.info.name, Err: clean(err)}
		}
		entries = append(entries, entry)
	}
	// Stores sort keys, where a folder's ends in a slash, which changes its place.
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (d *dir) next(ctx context.Context) (fs.DirEntry, error) {
	for {
		o, err := d.list.Next(ctx)
		if err != nil {
			return nil, err
		}
		name := path.Base(o.Key)
		if name == "." || strings.HasSuffix(o.Key, "/") && !o.IsDir {
			continue // the empty object by which some tools mark a folder
		}
		if o.IsDir {
			return fs.FileInfoToDirEntry(info{name: name, dir: true}), nil
		}
		return fs.FileInfoToDirEntry(about(name, o.Size, o.ModTime)), nil
	}
}

// An info describes an object or a folder.
type info struct {
	name string
	size int64
	time time.Time
	dir  bool
}

// about describes an object. Stores tell its time more finely in one place than
// in another.
func about(name string, size int64, t time.Time) info {
	return info{name: path.Base(name), size: size, time: t.Truncate(time.Second)}
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return i.time }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

var query = regexp.MustCompile(`\?[^\s"']*`)

// clean is an error of a store as one of the file system, where it is one, and
// without queries of URLs, in which stores put signatures.
func clean(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	text := query.ReplaceAllString(err.Error(), "")
	switch {
	case refused(err):
		return fmt.Errorf("%w: %s", fs.ErrPermission, text)
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fs.ErrNotExist
	}
	return errors.New(text)
}

// refused reports whether the store said no. gocloud calls that not found for
// Google's store: a film that may not be read would pass for one that is not there.
func refused(err error) bool {
	var reply *googleapi.Error
	if errors.As(err, &reply) && (reply.Code == http.StatusForbidden || reply.Code == http.StatusUnauthorized) {
		return true
	}
	return gcerrors.Code(err) == gcerrors.PermissionDenied
}
