package shards

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/cxrkit/cxrkit/cxr"
)

// Numbers of the format (https://arrow.apache.org/docs/format/Columnar.html and
// the .fbs files it names).
const (
	magic = "ARROW1" // begins and ends a file

	messageRecordBatch = 3

	typeFloatingPoint   = 3
	typeUtf8            = 5
	typeFixedSizeBinary = 15
	typeFixedSizeList   = 16

	precisionHalf   = 0
	precisionSingle = 1
)

// Where the columns of a shard are among the buffers of its record batch, which
// has one for the nulls of each column, too.
const (
	bufferIDOffsets = 1
	bufferIDs       = 2
	bufferContent   = 4
	bufferValues    = 11
	buffers         = 12
)

// columns are the parts of a shard that are read, where they lie.
type columns struct {
	about   about
	rows    int
	offsets []byte // rows + 1 int32: where ids begin and end
	ids     []byte
	content []byte
	values  []float32
	half    []byte // in place of values
}

// parse finds the columns in the bytes of a shard. It reads offsets, but neither
// vectors nor keys.
func parse(data []byte) (*columns, error) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return nil, fmt.Errorf("%w: shards on a big-endian machine", cxr.ErrUnsupported)
	}
	end := len(data) - 4 - len(magic)
	if end < 8 || !bytes.HasPrefix(data, []byte(magic)) || !bytes.HasSuffix(data, []byte(magic)) {
		return nil, fmt.Errorf("%w: torn, or no Arrow file", cxr.ErrCorrupt)
	}
	size := int(int32(binary.LittleEndian.Uint32(data[end:])))
	if size < 8 || size > end {
		return nil, fmt.Errorf("%w: Arrow file with a footer of %d bytes", cxr.ErrCorrupt, size)
	}
	footer := &flat{data: data[end-size : end]}
	root := footer.root()
	c := &columns{}
	var err error
	if c.about, err = parseSchema(footer, footer.table(root, 1)); err != nil {
		return nil, err
	}
	block, count := footer.vector(root, 3, 24)
	if footer.bad == nil && count != 1 {
		return nil, fmt.Errorf("%w: shard of %d record batches", cxr.ErrCorrupt, count)
	}
	at, head, body := footer.int64(block), footer.int32(block+8), footer.int64(block+16)
	if footer.bad != nil {
		return nil, footer.bad
	}
	if at < 8 || head < 16 || body < 0 || at > end || head > end-at || body > end-at-head {
		return nil, fmt.Errorf("%w: Arrow file with a record batch outside of it", cxr.ErrCorrupt)
	}
	return c, c.parseBatch(data[at+8:at+head], data[at+head:at+head+body])
}

// parseSchema is what the schema tells, if it is that of a shard.
func parseSchema(f *flat, schema table) (a about, err error) {
	const most = 64 // fields and entries
	values := map[string]string{}
	for _, t := range f.tables(schema, 2, most) {
		values[f.text(t, 0)] = f.text(t, 1)
	}
	fields := f.tables(schema, 1, most)
	if f.bad != nil {
		return a, f.bad
	}
	if v := values["cxrkit"]; v != version {
		return a, fmt.Errorf("%w: Arrow file that is no shard of version %s of this library", cxr.ErrUnsupported, version)
	}
	a = about{Space: cxr.Space{Model: values["model"], Recipe: values["recipe"], Digest: values["digest"]}}
	tokens, err1 := strconv.Atoi(values["tokens"])
	dim, err2 := strconv.Atoi(values["dim"])
	if err1 != nil || err2 != nil || tokens < 1 || dim < 1 || dim > maxValues/tokens {
		return a, fmt.Errorf("%w: shard of %q x %q values", cxr.ErrCorrupt, values["tokens"], values["dim"])
	}
	a.Tokens, a.Dim = tokens, dim
	want := a.schema()
	ok := len(fields) == want.NumFields() && f.short(schema, 0) == 0 // little-endian
	for i := 0; ok && i < len(fields); i++ {
		ok = f.text(fields[i], 0) == want.Field(i).Name && f.byte(fields[i], 1) == 0 // not nullable
	}
	if ok {
		kind := func(i int) int { return f.byte(fields[i], 2) }
		content, list := f.table(fields[columnContent], 3), f.table(fields[columnEmbedding], 3)
		element := f.tables(fields[columnEmbedding], 5, most)
		ok = kind(columnID) == typeUtf8 && kind(columnContent) == typeFixedSizeBinary && f.number(content, 0) == contentBytes &&
			kind(columnModel) == typeUtf8 && f.table(fields[columnModel], 4) != 0 && kind(columnRecipe) == typeUtf8 && f.table(fields[columnRecipe], 4) != 0 &&
			kind(columnEmbedding) == typeFixedSizeList && f.number(list, 0) == a.size() && len(element) == 1 && f.byte(element[0], 2) == typeFloatingPoint
		if ok {
			precision := f.short(f.table(element[0], 3), 0)
			a.Float16 = precision == precisionHalf
			ok = a.Float16 || precision == precisionSingle
		}
	}
	if f.bad != nil || !ok {
		return a, fmt.Errorf("%w: shard with other columns", cxr.ErrCorrupt)
	}
	return a, nil
}

// parseBatch finds the columns in the one record batch.
func (c *columns) parseBatch(message, body []byte) error {
	f := &flat{data: message}
	root := f.root()
	batch := f.table(root, 2)
	c.rows = f.long(batch, 0)
	nodes, columnsThere := f.vector(batch, 1, 16)
	first, count := f.vector(batch, 2, 16)
	compressed := f.table(batch, 3) != 0
	if f.bad != nil {
		return f.bad
	}
	if f.byte(root, 1) != messageRecordBatch || compressed || count != buffers || columnsThere != columnEmbedding+2 || c.rows < 1 || c.rows > len(body) {
		return fmt.Errorf("%w: record batch of another shape", cxr.ErrCorrupt)
	}
	for i := range columnsThere {
		rows, nulls := f.int64(nodes+16*i), f.int64(nodes+16*i+8)
		if want := c.rows; i == columnEmbedding+1 && rows != want*c.about.size() || i <= columnEmbedding && rows != want || nulls != 0 {
			return fmt.Errorf("%w: column %d of the shard", cxr.ErrCorrupt, i)
		}
	}
	part := func(i, least int) []byte {
		at, n := f.int64(first+16*i), f.int64(first+16*i+8)
		if at < 0 || at%8 != 0 || n < least || n > len(body) || at > len(body)-n {
			f.fail()
			return nil
		}
		return body[at : at+n]
	}
	if c.rows > len(body)/c.about.width() {
		return fmt.Errorf("%w: shard without all its values", cxr.ErrCorrupt)
	}
	c.offsets = part(bufferIDOffsets, 4*(c.rows+1))
	c.ids = part(bufferIDs, 0)
	c.content = part(bufferContent, c.rows*contentBytes)
	values := part(bufferValues, c.rows*c.about.width())
	if f.bad != nil {
		return f.bad
	}
	if c.about.Float16 {
		c.half = values
	} else {
		c.values = arrow.Float32Traits.CastFromBytes(values)
	}
	last := 0
	for i := range c.rows + 1 {
		next := c.offset(i)
		if next < last || next > len(c.ids) {
			return fmt.Errorf("%w: ids of the shard", cxr.ErrCorrupt)
		}
		last = next
	}
	return nil
}

func (c *columns) offset(i int) int {
	return int(int32(binary.LittleEndian.Uint32(c.offsets[4*i:])))
}
