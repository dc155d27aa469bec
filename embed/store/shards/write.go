package shards

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/cxrkit/cxrkit/internal/atomicfile"
	"github.com/cxrkit/cxrkit/internal/half"
)

// Rows are vectors side by side in memory.
type rows struct {
	ids      []string
	contents []byte // contentBytes each
	values   []float32
}

func (r *rows) add(id string, content [contentBytes]byte, values []float32) {
	r.ids = append(r.ids, id)
	r.contents = append(r.contents, content[:]...)
	r.values = append(r.values, values...)
}

// reset keeps the memory.
func (r *rows) reset() {
	clear(r.ids)
	r.ids, r.contents, r.values = r.ids[:0], r.contents[:0], r.values[:0]
}

// writeShard makes the file of a shard, whole or not at all, and returns its
// name: a number, which orders shards, and the SHA-256 of the file.
func writeShard(dir string, number int, a about, r *rows) (name string, err error) {
	err = atomicfile.Write(dir, func(f *os.File) (string, error) {
		sum := sha256.New()
		err := encode(io.MultiWriter(f, sum), a, r)
		name = fmt.Sprintf("%06d-%s%s", number, hex.EncodeToString(sum.Sum(nil)), extension)
		return name, err
	})
	if err != nil {
		return "", err
	}
	return name, syncFolder(dir)
}

// removeTemporary removes what a process that was killed while it made a shard
// has left.
func removeTemporary(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), atomicfile.Prefix) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// encode writes one record batch as an Arrow IPC file.
func encode(w io.Writer, a about, r *rows) error {
	schema := a.schema()
	n := len(r.ids)
	ids := array.NewStringBuilder(memory.DefaultAllocator)
	defer ids.Release()
	ids.AppendValues(r.ids, nil)
	same := func(s string) arrow.Array {
		b := array.NewDictionaryBuilder(memory.DefaultAllocator, constant).(*array.BinaryDictionaryBuilder)
		defer b.Release()
		for range n {
			if err := b.AppendString(s); err != nil { // of a dictionary of one
				panic(err)
			}
		}
		return b.NewArray()
	}
	list := schema.Field(columnEmbedding).Type.(*arrow.FixedSizeListType)
	elements := array.NewData(list.Elem(), n*a.size(), []*memory.Buffer{nil, memory.NewBufferBytes(a.bytes(r.values))}, nil, 0, 0)
	defer elements.Release()
	columns := []arrow.Array{
		columnID:        ids.NewArray(),
		columnContent:   array.NewFixedSizeBinaryData(array.NewData(schema.Field(columnContent).Type, n, []*memory.Buffer{nil, memory.NewBufferBytes(r.contents)}, nil, 0, 0)),
		columnModel:     same(a.Model),
		columnRecipe:    same(a.Recipe),
		columnEmbedding: array.NewFixedSizeListData(array.NewData(list, n, []*memory.Buffer{nil}, []arrow.ArrayData{elements}, 0, 0)),
	}
	for _, c := range columns {
		defer c.Release()
	}
	batch := array.NewRecordBatch(schema, columns, int64(n))
	defer batch.Release()
	out, err := ipc.NewFileWriter(w, ipc.WithSchema(schema))
	if err != nil {
		return err
	}
	if err := out.Write(batch); err != nil {
		return err
	}
	return out.Close()
}

// bytes is values as they lie in a shard; float32 are not copied.
func (a about) bytes(values []float32) []byte {
	if !a.Float16 {
		return arrow.Float32Traits.CastToBytes(values)
	}
	b := make([]byte, 0, 2*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, half.From(v))
	}
	return b
}
