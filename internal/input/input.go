// Package input finds the films that a command line names: folders, zip files,
// films and patterns of such.
package input

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An Input is a part of an argument: films within a file system.
type Input struct {
	FS     fs.FS
	Within []string // patterns; none: all
	Prefix string   // of the paths in FS, to make them those of the user
	Close  func() error
}

// Find is the folders, zip files and films that arg stands for.
func Find(arg string) ([]Input, error) {
	names := []string{arg}
	if _, err := os.Stat(arg); err != nil { // else a name, whatever characters are in it
		matches, bad := filepath.Glob(arg)
		if bad != nil {
			return nil, fmt.Errorf("%s: %w", arg, bad)
		}
		if len(matches) == 0 {
			return nil, fmt.Errorf("%s: no such folder or file", arg)
		}
		names = matches
	}
	var all []Input
	for _, name := range names {
		in, err := open(name)
		if err != nil {
			return nil, err
		}
		if last := len(all) - 1; last >= 0 && in.Within != nil && all[last].Within != nil && in.Prefix == all[last].Prefix {
			all[last].Within = append(all[last].Within, in.Within...) // to be read at the same time
			continue
		}
		all = append(all, in)
	}
	return all, nil
}

func open(name string) (Input, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return Input{}, err
	case info.IsDir():
		return Input{FS: os.DirFS(name), Prefix: prefix(name), Close: func() error { return nil }}, nil
	case strings.EqualFold(filepath.Ext(name), ".zip"):
		z, err := zip.OpenReader(name)
		if err != nil {
			return Input{}, fmt.Errorf("%s: %w", name, err)
		}
		return Input{FS: z, Prefix: prefix(name), Close: z.Close}, nil
	}
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	return Input{FS: os.DirFS(dir), Within: []string{base}, Prefix: prefix(dir), Close: func() error { return nil }}, nil
}

// prefix is what to put before paths in the folder or archive name.
func prefix(name string) string {
	if name = filepath.ToSlash(filepath.Clean(name)); name == "." {
		return ""
	}
	return strings.TrimSuffix(name, "/") + "/"
}
