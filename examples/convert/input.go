package main

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An input is a part of an argument: films within a file system.
type input struct {
	fsys   fs.FS
	within []string // patterns; none: all
	prefix string   // of the paths in fsys, to make them those of the user
	close  func() error
}

// inputs are the folders, zip files and films that arg stands for.
func inputs(arg string) ([]input, error) {
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
	var all []input
	for _, name := range names {
		in, err := open(name)
		if err != nil {
			return nil, err
		}
		if last := len(all) - 1; last >= 0 && in.within != nil && all[last].within != nil && in.prefix == all[last].prefix {
			all[last].within = append(all[last].within, in.within...) // to be read at the same time
			continue
		}
		all = append(all, in)
	}
	return all, nil
}

func open(name string) (input, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return input{}, err
	case info.IsDir():
		return input{fsys: os.DirFS(name), prefix: prefix(name), close: func() error { return nil }}, nil
	case strings.EqualFold(filepath.Ext(name), ".zip"):
		z, err := zip.OpenReader(name)
		if err != nil {
			return input{}, fmt.Errorf("%s: %w", name, err)
		}
		return input{fsys: z, prefix: prefix(name), close: z.Close}, nil
	}
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	return input{fsys: os.DirFS(dir), within: []string{base}, prefix: prefix(dir), close: func() error { return nil }}, nil
}

// prefix is what to put before paths in the folder or archive name.
func prefix(name string) string {
	if name = filepath.ToSlash(filepath.Clean(name)); name == "." {
		return ""
	}
	return strings.TrimSuffix(name, "/") + "/"
}
