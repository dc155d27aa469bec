package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/bucket"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

// An output is where the embeddings go.
type output struct {
	folder  store.Folder
	store   embed.Store
	archive *store.Archive // or nil
	whole   bool           // the run came to its end
	closers []func() error // the last first
}

// openOutput opens what the flags ask for.
func (o *options) openOutput(ctx context.Context, space cxr.Space) (out *output, err error) {
	out = &output{}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.close())
		}
	}()
	if bucket.Is(o.output) {
		b, err := bucket.Open(ctx, o.output)
		if err != nil {
			return out, err
		}
		out.folder, out.closers = b, append(out.closers, b.Close)
	} else {
		out.folder = store.Local(o.output)
	}
	if err := o.openStore(ctx, space, out); err != nil {
		return out, err
	}
	if o.archive != "" {
		err = out.openArchive(o.archive)
	}
	return out, err
}

// openStore opens the store in the folder.
func (o *options) openStore(ctx context.Context, space cxr.Space, out *output) (err error) {
	if o.format != "arrow" {
		so := store.Options{BaseNames: o.baseNames}
		if so.Format.UnmarshalText([]byte(o.format)) != nil {
			return fmt.Errorf("--format %q, want tfrecord, npz or arrow", o.format)
		}
		out.store, err = store.OpenIn(ctx, out.folder, space, &so)
		return err
	}
	if bucket.Is(o.output) || o.baseNames {
		return errors.New("--format arrow is for folders of this machine, and has no --base_names")
	}
	s, err := shards.Open(o.output, space, nil)
	if err != nil {
		return err
	}
	out.store, out.closers = s, append(out.closers, s.Close)
	return nil
}

// openArchive begins an archive, which appears under its name when it is whole.
func (out *output) openArchive(name string) error {
	f, err := os.CreateTemp(filepath.Dir(name), atomicfile.Prefix) // of its own: two runs may write one archive, and the last wins
	if err != nil {
		return err
	}
	out.archive = store.NewArchive(f)
	out.closers = append(out.closers, func() error {
		err := out.archive.Close()
		err = errors.Join(err, f.Sync(), f.Close())
		if err == nil && out.whole {
			err = os.Rename(f.Name(), name)
		}
		if err != nil || !out.whole {
			err = errors.Join(err, os.Remove(f.Name()))
		}
		if err != nil {
			return fmt.Errorf("archive: %w", err)
		}
		return nil
	})
	return nil
}

// add takes an embedding that is in the store.
func (out *output) add(v *cxr.Embedding) error {
	if out.archive == nil {
		return nil
	}
	return out.archive.Add(v)
}

func (out *output) close() (err error) {
	for n := len(out.closers); n > 0; n-- {
		err = errors.Join(err, out.closers[n-1]())
	}
	out.closers = nil
	return err
}
