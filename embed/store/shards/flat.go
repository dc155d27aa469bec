package shards

import (
	"encoding/binary"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// A flat reads a FlatBuffers message
// (https://flatbuffers.dev/internals), in which all structure of an Arrow file
// is told. Every offset is looked at before it is followed: the reader of the
// Arrow library takes them as they are, and a single altered byte has it ask for
// hundreds of gigabytes, or panic.
//
// The first wrong offset is kept in bad; all that is read then is zero.
type flat struct {
	data []byte
	bad  error
}

func (f *flat) fail() {
	if f.bad == nil {
		f.bad = fmt.Errorf("%w: Arrow file: an offset leads out of its message", cxr.ErrCorrupt)
	}
}

// at is n bytes at a position.
func (f *flat) at(pos, n int) []byte {
	if f.bad != nil || pos < 0 || n < 0 || pos > len(f.data)-n {
		f.fail()
		return make([]byte, n&0xff) // as much as a value needs
	}
	return f.data[pos : pos+n]
}

func (f *flat) int32(pos int) int { return int(int32(binary.LittleEndian.Uint32(f.at(pos, 4)))) }
func (f *flat) int64(pos int) int { return int(binary.LittleEndian.Uint64(f.at(pos, 8))) }

// A table is a position in a message; 0 is none.
type table int

// root is the table that a message is about.
func (f *flat) root() table { return table(f.int32(0)) }

// field is the position of a table's field, or 0.
func (f *flat) field(t table, n int) int {
	if t == 0 {
		return 0
	}
	vtable := int(t) - f.int32(int(t))
	if size := int(binary.LittleEndian.Uint16(f.at(vtable, 2))); 4+2*n+2 > size {
		return 0
	}
	offset := int(binary.LittleEndian.Uint16(f.at(vtable+4+2*n, 2)))
	if offset == 0 {
		return 0
	}
	return int(t) + offset
}

// table is a field that is a table.
func (f *flat) table(t table, n int) table {
	pos := f.field(t, n)
	if pos == 0 {
		return 0
	}
	return table(pos + f.int32(pos))
}

// byte, number and long are fields that are numbers, 0 if they are left out.
func (f *flat) byte(t table, n int) int {
	if pos := f.field(t, n); pos != 0 {
		return int(f.at(pos, 1)[0])
	}
	return 0
}

func (f *flat) short(t table, n int) int {
	if pos := f.field(t, n); pos != 0 {
		return int(int16(binary.LittleEndian.Uint16(f.at(pos, 2))))
	}
	return 0
}

func (f *flat) number(t table, n int) int {
	if pos := f.field(t, n); pos != 0 {
		return f.int32(pos)
	}
	return 0
}

func (f *flat) long(t table, n int) int {
	if pos := f.field(t, n); pos != 0 {
		return f.int64(pos)
	}
	return 0
}

// vector is a field of several elements of so many bytes: where the first is,
// and how many there are.
func (f *flat) vector(t table, n, size int) (first, count int) {
	pos := f.field(t, n)
	if pos == 0 {
		return 0, 0
	}
	pos += f.int32(pos)
	count = f.int32(pos)
	if f.bad != nil || count < 0 || count > len(f.data)/size || pos+4 > len(f.data)-count*size {
		f.fail()
		return 0, 0
	}
	return pos + 4, count
}

// tables is a field of several tables, of which there are at most so many.
func (f *flat) tables(t table, n, most int) []table {
	first, count := f.vector(t, n, 4)
	if count > most {
		f.fail()
		return nil
	}
	list := make([]table, count)
	for i := range list {
		pos := first + 4*i
		list[i] = table(pos + f.int32(pos))
	}
	return list
}

// text is a field that is a string.
func (f *flat) text(t table, n int) string {
	first, count := f.vector(t, n, 1)
	return string(f.at(first, count))
}
