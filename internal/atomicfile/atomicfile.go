// Package atomicfile makes files that appear whole or not at all.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Prefix begins the names of files that are not whole yet. A process that is
// killed may leave one behind.
const Prefix = ".cxrkit-"

// Write makes the file of a name in a folder of what write writes, in place of
// one of that name. It tells the name afterwards, so that it can have a checksum
// in it; without one there is no file. Who may read the file is up to the
// process' umask, as with [os.Create] and unlike [os.CreateTemp].
func Write(dir string, write func(f *os.File) (name string, err error)) (err error) {
	f, err := create(dir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	name, err := write(f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}

// WriteFile makes the file of a name of data, whole or not at all.
func WriteFile(name string, data []byte) error {
	dir, base := filepath.Split(name)
	return Write(filepath.Clean(dir), func(f *os.File) (string, error) {
		_, err := f.Write(data)
		return base, err
	})
}

func create(dir string) (*os.File, error) {
	for {
		name := filepath.Join(dir, fmt.Sprintf("%s%016x", Prefix, rand.Uint64()))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
