package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv/dicomweb"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

// server is whether films are those of a DICOMweb server.
func (o *options) server() bool {
	return strings.HasPrefix(o.images, "https://") || strings.HasPrefix(o.images, "http://")
}

// source is its films, but for those that were retrieved before. Their names are
// pseudonyms by a key that is kept beside them.
func (o *options) source() (cxr.Source, error) {
	key, err := o.key()
	if err != nil {
		return nil, err
	}
	with := &dicomweb.Options{URL: o.images, Key: key}
	if o.token != "" {
		with.Token = func(context.Context, string) (string, error) {
			b, err := os.ReadFile(o.token)
			return strings.TrimSpace(string(b)), err
		}
	}
	c, err := dicomweb.New(with)
	if err != nil {
		return nil, err
	}
	return c.Films(&dicomweb.Query{Skip: func(id string) bool {
		_, err := os.Stat(filepath.Join(o.out, filepath.FromSlash(board.FilmFile(id))))
		return err == nil
	}}), nil
}

// key is that of the pseudonyms, made at the first start.
func (o *options) key() ([]byte, error) {
	name := filepath.Join(o.out, "pseudonyms.key")
	key, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		key = []byte(rand.Text() + rand.Text())
		err = atomicfile.WriteFile(name, key)
	}
	return key, err
}
