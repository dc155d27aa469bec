// Package bucket reads films from object stores and keeps embeddings there:
// Google Cloud Storage (gs://), Amazon S3 and what speaks like it (s3://), a
// folder (file://) and memory (mem://, for tests), through gocloud.dev.
//
//	b, err := bucket.Open(ctx, "gs://hospital/films")
//	films := dicomconv.New(nil).Files(b)
//
// It is the one package of this module that links cloud storage clients, so
// that only its users carry them.
package bucket

import (
	"context"
	"crypto/md5"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/gcsblob"  // gs://
	_ "gocloud.dev/blob/memblob"  // mem://
	_ "gocloud.dev/blob/s3blob"   // s3://
)

// A Bucket is the objects of a store below a prefix, as an [fs.FS] with slashes
// for folders, and a folder of package embed/store. It is safe for concurrent
// use.
type Bucket struct {
	ctx  context.Context // of reading: fs.FS has no place for another
	blob *blob.Bucket
}

// Is reports whether name is a URL, and not a path of this machine.
func Is(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && scheme != "" && !strings.ContainsAny(scheme, `/\`)
}

// Open opens scheme://bucket/prefix, or file:///folder. The query is the
// store's own, as in gocloud.dev: gs://b?anonymous=true for public films,
// s3://b?region=...&endpoint=... for other makers' stores. Credentials are
// those of the machine (application default credentials, the AWS chain).
//
// Reading ends with ctx; so do calls under way. A bucket that is not there is
// an error of the first use.
func Open(ctx context.Context, name string) (*Bucket, error) {
	u, err := url.Parse(name)
	if err != nil || !Is(name) {
		return nil, fmt.Errorf("bucket: %q is no URL of a bucket", withoutQuery(name))
	}
	prefix := strings.Trim(path.Clean("/"+u.Path), "/")
	u.Path = ""
	if u.Scheme == "file" {
		u.Path = "/"
		q := u.Query()
		q.Set("metadata", "skip")   // no .attrs files beside the user's
		q.Set("no_tmp_dir", "true") // a rename must not cross file systems
		q.Set("create_dir", "true")
		u.RawQuery = q.Encode()
	}
	b, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, fmt.Errorf("bucket: %s: %w", withoutQuery(name), clean(err))
	}
	if prefix != "" {
		b = blob.PrefixedBucket(b, prefix+"/")
	}
	return &Bucket{ctx, b}, nil
}

// Close ends the use of the bucket.
func (b *Bucket) Close() error { return clean(b.blob.Close()) }

// WriteFile makes an object of data, whole or not at all, in place of one of
// that name.
func (b *Bucket) WriteFile(ctx context.Context, name string, data []byte) error {
	if !fs.ValidPath(name) || name == "." {
		return &fs.PathError{Op: "write", Path: name, Err: fs.ErrInvalid}
	}
	sum := md5.Sum(data) // which the store compares with what it got
	o := &blob.WriterOptions{ContentMD5: sum[:], ContentType: "application/octet-stream"}
	if err := b.blob.WriteAll(ctx, name, data, o); err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: clean(err)}
	}
	return nil
}

// withoutQuery is a URL fit for messages: queries hold keys.
func withoutQuery(name string) string {
	name, _, _ = strings.Cut(name, "?")
	return name
}
