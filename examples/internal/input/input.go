// Package input finds the films that a command line names: folders, zip files,
// films and patterns of such, of this machine or of a bucket, and lists of them.
package input

import (
	"archive/zip"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cxrkit/cxrkit/cxr/bucket"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/internal/glob"
)

// An Input is a part of what was named: films within a file system.
type Input struct {
	FS     fs.FS
	Within []string // patterns; none: all
	Prefix string   // of the paths in FS, to make them those of the user
	Close  func() error
}

// Find is the folders, zip files, films and buckets that arg stands for.
// Buckets are read as long as ctx lasts.
func Find(ctx context.Context, arg string) ([]Input, error) {
	places, err := locate(arg)
	if err != nil {
		return nil, err
	}
	return open(ctx, places)
}

// List is what the lines of a file stand for. Empty lines, and lines that begin
// with a hash sign, do not count. Films of one folder or bucket that follow one
// another are read in order of their paths.
func List(ctx context.Context, name string) ([]Input, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []place
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		places, err := locate(line)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", name, n, err)
		}
		all = append(all, places...)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return open(ctx, all)
}

// Phantoms are six synthetic films, for programs that are given none.
func Phantoms() []Input {
	var films []phantom.Film
	for i := range uint64(6) {
		films = append(films, phantom.Film{ID: fmt.Sprint("phantom", i), Seed: i, Anatomy: i, Size: 256})
	}
	return []Input{{FS: phantom.FS(films), Within: []string{"*.dcm"}, Close: func() error { return nil }}}
}

// Only is the inputs narrowed to films that are still there, by their paths with the
// prefix. Inputs without any are closed.
func Only(inputs []Input, films []string) ([]Input, error) {
	var kept []Input
	taken := map[string]bool{}
	for _, in := range inputs {
		in.Within = nil
		for _, film := range films {
			name, ok := strings.CutPrefix(film, in.Prefix)
			if !ok || taken[film] || !there(in.FS, name) {
				continue
			}
			in.Within = append(in.Within, name)
			taken[film] = true
		}
		if in.Within == nil {
			if err := in.Close(); err != nil {
				return nil, err
			}
			continue
		}
		kept = append(kept, in)
	}
	return kept, nil
}

// there reports whether a film is still in a file system. Names that are not UTF-8
// are valid paths of files, if not of fs.FS.
func there(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, name)
	return err == nil
}

// A place is a folder, a zip file or a bucket, and what of it: a pattern, or
// empty for all.
type place struct{ root, within string }

// locate is the places of an argument.
func locate(arg string) ([]place, error) {
	if bucket.Is(arg) {
		return locateURL(arg)
	}
	names := []string{arg}
	if _, err := os.Stat(arg); err != nil { // else a name, whatever characters are in it
		matches, bad := filepath.Glob(arg)
		if bad != nil {
			return nil, fmt.Errorf("%s: %w", arg, bad)
		}
		for i, name := range matches {
			matches[i] = filepath.ToSlash(name)
		}
		matches = glob.Visible(filepath.ToSlash(filepath.Clean(arg)), matches)
		if len(matches) == 0 {
			return nil, fmt.Errorf("%s: no such folder or file", arg)
		}
		names = matches
	}
	var places []place
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, err
		case info.IsDir() || strings.EqualFold(filepath.Ext(name), ".zip"):
			places = append(places, place{root: name})
		default:
			dir, base := filepath.Split(name)
			if dir == "" {
				dir = "."
			}
			places = append(places, place{dir, base})
		}
	}
	return places, nil
}

// locateURL takes a URL apart: the bucket with its query, and what of it.
func locateURL(arg string) ([]place, error) {
	name, query, asked := strings.Cut(arg, "?")
	scheme, rest, _ := strings.Cut(name, "://")
	host, within, _ := strings.Cut(rest, "/")
	if strings.EqualFold(filepath.Ext(within), ".zip") {
		return nil, fmt.Errorf("%s: a zip file cannot be read in a bucket; copy it to this machine", name)
	}
	root := scheme + "://" + host + "/"
	if asked {
		root += "?" + query
	}
	return []place{{root, strings.Trim(within, "/")}}, nil
}

// open opens places; films of one root that follow one another are one input.
func open(ctx context.Context, places []place) (all []Input, err error) {
	last := ""
	for _, p := range places {
		if n := len(all); n > 0 && p.root == last && p.within != "" && all[n-1].Within != nil {
			all[n-1].Within = append(all[n-1].Within, p.within)
			continue
		}
		in, err := openRoot(ctx, p.root)
		if err != nil {
			for _, in := range all {
				err = errors.Join(err, in.Close())
			}
			return nil, err
		}
		if p.within != "" {
			in.Within = []string{p.within}
		}
		all, last = append(all, in), p.root
	}
	return all, nil
}

func openRoot(ctx context.Context, root string) (Input, error) {
	switch {
	case bucket.Is(root):
		b, err := bucket.Open(ctx, root)
		if err != nil {
			return Input{}, err
		}
		name, _, _ := strings.Cut(root, "?")
		return Input{FS: b, Prefix: name, Close: b.Close}, nil
	case strings.EqualFold(filepath.Ext(root), ".zip"):
		if info, err := os.Stat(root); err == nil && info.IsDir() {
			break
		}
		z, err := zip.OpenReader(root)
		if err != nil {
			return Input{}, fmt.Errorf("%s: %w", root, err)
		}
		return Input{FS: z, Prefix: prefix(root), Close: z.Close}, nil
	}
	return Input{FS: os.DirFS(root), Prefix: prefix(root), Close: func() error { return nil }}, nil
}

// prefix is what to put before paths in the folder or archive name.
func prefix(name string) string {
	if name = filepath.ToSlash(filepath.Clean(name)); name == "." {
		return ""
	}
	return strings.TrimSuffix(name, "/") + "/"
}
