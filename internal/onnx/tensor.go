package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/half"
)

// Element types (TensorProto.DataType).
const (
	Float    = 1
	Uint8    = 2
	Int8     = 3
	Int32    = 6
	Int64    = 7
	Bool     = 9
	Float16  = 10
	Double   = 11
	BFloat16 = 16
)

// A Tensor is a constant of the file.
type Tensor struct {
	Name  string
	Shape []int
	Type  int

	raw    []byte // little endian
	floats []float32
	ints   []int64 // also of the small integer types and of float16's bits
}

// Len is the number of elements. Parse has checked that it does not overflow.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

var elementSize = map[int]int{Float: 4, Uint8: 1, Int8: 1, Int32: 4, Int64: 8, Bool: 1, Float16: 2, Double: 8, BFloat16: 2}

// check reports a tensor whose data do not number as its shape says.
func (t *Tensor) check() error {
	size, ok := elementSize[t.Type]
	if !ok {
		return fmt.Errorf("%w: tensor %q of element type %d", cxr.ErrUnsupported, t.Name, t.Type)
	}
	n := 1
	for _, d := range t.Shape {
		if d < 0 || d > 0 && n > math.MaxInt32/d {
			return fmt.Errorf("%w: tensor %q of shape %v", cxr.ErrTooLarge, t.Name, t.Shape)
		}
		n *= d
	}
	have := max(len(t.floats), len(t.ints))
	if t.raw != nil || have == 0 {
		have = len(t.raw) / size
	}
	if have != n || len(t.raw)%size != 0 {
		return fmt.Errorf("%w: tensor %q has %d elements, its shape %v says %d", cxr.ErrCorrupt, t.Name, have, t.Shape, n)
	}
	return nil
}

// Integers reports whether the tensor holds integers: a shape, an index.
func (t *Tensor) Integers() bool {
	switch t.Type {
	case Uint8, Int8, Int32, Int64, Bool:
		return true
	}
	return false
}

// Floats is the elements as float32. The slice may be the tensor's own: it must
// not be changed.
func (t *Tensor) Floats() []float32 {
	if t.floats != nil && t.raw == nil {
		return t.floats
	}
	out := make([]float32, t.Len())
	if t.Integers() {
		for i, v := range t.Ints() {
			out[i] = float32(v)
		}
		return out
	}
	for i := range out {
		switch t.Type {
		case Float:
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.raw[4*i:]))
		case Double:
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(t.raw[8*i:])))
		case Float16:
			out[i] = half.Float32(t.word(i))
		case BFloat16:
			out[i] = math.Float32frombits(uint32(t.word(i)) << 16)
		}
	}
	return out
}

// word is 16 bits, from raw data or from the integers they may be written as.
func (t *Tensor) word(i int) uint16 {
	if t.raw != nil {
		return binary.LittleEndian.Uint16(t.raw[2*i:])
	}
	return uint16(t.ints[i])
}

// Ints is the elements as integers; floats are truncated.
func (t *Tensor) Ints() []int64 {
	out := make([]int64, t.Len())
	switch {
	case t.raw == nil && t.ints != nil:
		copy(out, t.ints)
	case !t.Integers():
		for i, v := range t.Floats() {
			out[i] = int64(v)
		}
	default:
		for i := range out {
			switch t.Type {
			case Int64:
				out[i] = int64(binary.LittleEndian.Uint64(t.raw[8*i:]))
			case Int32:
				out[i] = int64(int32(binary.LittleEndian.Uint32(t.raw[4*i:])))
			case Int8:
				out[i] = int64(int8(t.raw[i]))
			default:
				out[i] = int64(t.raw[i])
			}
		}
	}
	return out
}
