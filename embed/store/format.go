package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/npy"
	"github.com/cxrkit/cxrkit/internal/tfexample"
	"github.com/cxrkit/cxrkit/internal/tfrecord"
)

// Features of a film's TFRecord, and the array of its npz archive.
const (
	idFeature        = "image/id"
	embeddingFeature = "embedding"
)

// maxValues bounds one embedding: 64 Mi values.
const maxValues = 64 << 20

func encode(format Format, v *cxr.Embedding) ([]byte, error) {
	if format == TFRecord {
		e := tfexample.Marshal(tfexample.Feature{Name: idFeature, Bytes: [][]byte{[]byte(v.ID)}}, tfexample.Feature{Name: embeddingFeature, Floats: v.Values})
		return tfrecord.Append(nil, e), nil
	}
	if len(v.ID) > maxID {
		return nil, fmt.Errorf("%w: an id of %d bytes", cxr.ErrTooLarge, len(v.ID))
	}
	return npy.Marshal(toComment(v.ID), array(embeddingFeature, v))
}

// maxID bounds ids in npz files: a comment of a zip archive has 64 KiB.
const maxID = 32 << 10

// toComment is an id with a checksum, which zip archives lack for comments.
func toComment(id string) string {
	return fmt.Sprintf("%s\n%08x", id, crc32.ChecksumIEEE([]byte(id)))
}

func fromComment(comment string) (string, error) {
	if i := strings.LastIndexByte(comment, '\n'); i >= 0 && toComment(comment[:i]) == comment {
		return comment[:i], nil
	}
	return "", fmt.Errorf("%w: npz archive: checksum of the film's id", cxr.ErrCorrupt)
}

// array is an embedding as NumPy users want it: without a dimension of one token.
func array(name string, v *cxr.Embedding) npy.Array {
	shape := []int{v.Tokens, v.Dim}
	if v.Tokens == 1 {
		shape = shape[1:]
	}
	return npy.Array{Name: name, Shape: shape, Values: v.Values}
}

var errEmpty = errors.New("no embedding in the file")

// decode reads the file of one film. Only values and, if it is told, the id are
// set.
func decode(format Format, data []byte) (*cxr.Embedding, error) {
	list, err := decodeAll(format, data, "")
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// maxFile bounds a file that must be read whole, of one film or of records: one
// embedding of the largest kind, or a million of 64 features.
const maxFile = 4*maxValues + 1<<20

// readFile is [fs.ReadFile] within that bound.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%w: a file of more than %d bytes", cxr.ErrTooLarge, maxFile)
	}
	return data, err
}

// decodeFile reads all films of a file. An archive of many is not read whole where
// the file system lets us.
func decodeFile(fsys fs.FS, name string, format Format, base string) ([]*cxr.Embedding, error) {
	if format == NPZ {
		f, err := fsys.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		info, err := f.Stat()
		if r, ok := f.(io.ReaderAt); ok && err == nil && info.Mode().IsRegular() {
			return decodeArchive(r, info.Size(), base)
		}
	}
	data, err := readFile(fsys, name)
	if err != nil {
		return nil, err
	}
	return decodeAll(format, data, base)
}

// decodeAll reads all films of a file; base is the id where the file tells none.
func decodeAll(format Format, data []byte, base string) ([]*cxr.Embedding, error) {
	if format == TFRecord {
		return decodeRecords(data, base)
	}
	return decodeArchive(bytes.NewReader(data), int64(len(data)), base)
}

func decodeArchive(r io.ReaderAt, size int64, base string) ([]*cxr.Embedding, error) {
	var list []*cxr.Embedding
	comment, err := npy.Each(r, size, maxValues, func(a npy.Array) error {
		v := &cxr.Embedding{ID: a.Name, Space: cxr.Space{Tokens: 1, Dim: len(a.Values)}, Values: a.Values}
		if a.Name == embeddingFeature {
			v.ID = base
		}
		if len(a.Shape) == 2 {
			v.Tokens, v.Dim = a.Shape[0], a.Shape[1]
		}
		list = append(list, v)
		return v.Validate()
	})
	if err == nil && len(list) == 0 {
		err = errEmpty
	}
	if len(list) == 1 && comment != "" { // one of ours: the film's id
		if list[0].ID, err = fromComment(comment); err != nil {
			return nil, err
		}
	}
	return list, err
}

func decodeRecords(data []byte, base string) ([]*cxr.Embedding, error) {
	var list []*cxr.Embedding
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return nil, fmt.Errorf("%w: a TFRecord file compressed by gzip: decompress it first", cxr.ErrUnsupported)
	}
	for r := bytes.NewReader(data); ; {
		record, err := tfrecord.Read(r, 4*maxValues)
		if err == io.EOF && len(list) > 0 {
			return list, nil
		}
		if err == io.EOF {
			return nil, errEmpty
		}
		if err != nil {
			return nil, err
		}
		features, err := tfexample.Parse(record)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", cxr.ErrCorrupt, err)
		}
		v := &cxr.Embedding{ID: base}
		for _, f := range features {
			switch {
			case f.Name == idFeature && len(f.Bytes) == 1:
				v.ID = string(f.Bytes[0])
			case f.Name == embeddingFeature:
				v.Tokens, v.Dim, v.Values = 1, len(f.Floats), f.Floats
			}
		}
		if v.Values == nil {
			return nil, errEmpty
		}
		if err := v.Validate(); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}
