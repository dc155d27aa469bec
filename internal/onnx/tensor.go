package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/half"
)

// A Type is an element type (TensorProto.DataType).
type Type int

// Element types.
const (
	Float    Type = 1
	Uint8    Type = 2
	Int8     Type = 3
	Uint16   Type = 4
	Int16    Type = 5
	Int32    Type = 6
	Int64    Type = 7
	String   Type = 8
	Bool     Type = 9
	Float16  Type = 10
	Double   Type = 11
	Uint32   Type = 12
	Uint64   Type = 13
	BFloat16 Type = 16
)

var typeNames = map[Type]string{
	Float: "float", Uint8: "uint8", Int8: "int8", Uint16: "uint16", Int16: "int16", Int32: "int32", Int64: "int64", String: "string", Bool: "bool", Float16: "float16",
	Double: "double", Uint32: "uint32", Uint64: "uint64", 14: "complex64", 15: "complex128", BFloat16: "bfloat16", 17: "float8e4m3fn", 18: "float8e4m3fnuz",
	19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
}

// String is the name that ONNX's documentation uses.
func (t Type) String() string {
	if name := typeNames[t]; name != "" {
		return name
	}
	return fmt.Sprintf("element type %d", int(t))
}

var elementSize = map[Type]int{Float: 4, Uint8: 1, Int8: 1, Uint16: 2, Int16: 2, Int32: 4, Int64: 8, Bool: 1, Float16: 2, Double: 8, Uint32: 4, Uint64: 8, BFloat16: 2}

// Integers reports whether the type is of integers or truth values: a shape, an
// index, a quantized weight.
func (t Type) Integers() bool {
	switch t {
	case Uint8, Int8, Uint16, Int16, Int32, Int64, Bool, Uint32, Uint64:
		return true
	}
	return false
}

// Floating reports whether the type is of floating-point numbers.
func (t Type) Floating() bool { return t == Float || t == Float16 || t == Double || t == BFloat16 }

// A Tensor is a constant of the file.
type Tensor struct {
	Name  string
	Shape []int
	Type  Type

	raw    []byte // little endian
	floats []float32
	wide   []float64
	ints   []int64 // also of the small integer types and of the bits of float16
}

// Len is the number of elements. Parse has checked that it does not overflow.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// bytes is how many bytes the elements take, after a check of type and shape.
func (t *Tensor) bytes() (int64, error) {
	size, ok := elementSize[t.Type]
	if !ok {
		return 0, fmt.Errorf("%w: tensor %q of %v", cxr.ErrUnsupported, t.Name, t.Type)
	}
	n := 1
	for _, d := range t.Shape {
		if d < 0 || d > 0 && n > math.MaxInt32/d {
			return 0, fmt.Errorf("%w: tensor %q of shape %v", cxr.ErrTooLarge, t.Name, t.Shape)
		}
		n *= d
	}
	return int64(n) * int64(size), nil
}

// check reports a tensor whose data do not number as its shape says, or are not
// of its type.
func (t *Tensor) check() error {
	total, err := t.bytes()
	if err != nil {
		return err
	}
	n, have := t.Len(), 0
	switch {
	case t.raw != nil:
		if int64(len(t.raw)) != total {
			return fmt.Errorf("%w: tensor %q has %d bytes, its shape %v of %v says %d", cxr.ErrCorrupt, t.Name, len(t.raw), t.Shape, t.Type, total)
		}
		t.floats, t.wide, t.ints = nil, nil, nil
		return nil
	case t.Type == Float:
		have = len(t.floats)
	case t.Type == Double:
		have = len(t.wide)
	default:
		have = len(t.ints)
	}
	if have != n {
		return fmt.Errorf("%w: tensor %q has %d elements of %v, its shape %v says %d", cxr.ErrCorrupt, t.Name, have, t.Type, t.Shape, n)
	}
	return nil
}

// littleEndian tells that numbers are in memory as they are in the file.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Floats is the elements as float32. The slice may be the tensor's own: it must
// not be changed.
func (t *Tensor) Floats() []float32 {
	if t.raw == nil && t.Type == Float {
		return t.floats
	}
	if t.Type == Float && littleEndian && len(t.raw) > 0 {
		if first := unsafe.Pointer(&t.raw[0]); uintptr(first)%4 == 0 {
			return unsafe.Slice((*float32)(first), t.Len())
		}
	}
	out := make([]float32, t.Len())
	if t.Type == Float16 && t.raw != nil {
		half.Floats(out, t.raw)
		return out
	}
	if t.Type.Integers() {
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
			if t.raw == nil {
				out[i] = float32(t.wide[i])
			} else {
				out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(t.raw[8*i:])))
			}
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

// Bytes is the elements of 8 bits as they are in the file, or nil if they are not to be
// had so. They must not be changed.
func (t *Tensor) Bytes() []byte {
	if t.Type != Uint8 && t.Type != Int8 {
		return nil
	}
	return t.raw
}

// Ints is the elements as integers; floats are truncated.
func (t *Tensor) Ints() []int64 {
	if t.raw == nil && t.Type.Integers() {
		return slices.Clone(t.ints)
	}
	out := make([]int64, t.Len())
	if !t.Type.Integers() {
		for i, v := range t.Floats() {
			out[i] = int64(v)
		}
		return out
	}
	for i := range out {
		switch t.Type {
		case Int64, Uint64:
			out[i] = int64(binary.LittleEndian.Uint64(t.raw[8*i:]))
		case Int32:
			out[i] = int64(int32(binary.LittleEndian.Uint32(t.raw[4*i:])))
		case Uint32:
			out[i] = int64(binary.LittleEndian.Uint32(t.raw[4*i:]))
		case Int16:
			out[i] = int64(int16(t.word(i)))
		case Uint16:
			out[i] = int64(t.word(i))
		case Int8:
			out[i] = int64(int8(t.raw[i]))
		default:
			out[i] = int64(t.raw[i])
		}
	}
	return out
}
