//go:build !unix

package shards

import "os"

// mapFile reads the file: here it is not mapped.
func mapFile(name string) (data []byte, unmap func() error, err error) {
	data, err = os.ReadFile(name)
	return data, func() error { return nil }, err
}

// lock does nothing here: two processes must not write to one folder.
func lock(*os.File) error { return nil }

// syncFolder does nothing here.
func syncFolder(string) error { return nil }
