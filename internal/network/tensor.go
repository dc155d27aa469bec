package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// A tensor is a value while compiling. Its elements are known integers (shapes,
// axes, quantized weights), known floats (weights), or lie in a buffer at run
// time: as float32 whatever their type is, so integers of a run are exact up to
// 2^24 only.
type tensor struct {
	shape     []int
	elem      onnx.Type
	ints      []int64    // known integers or truth values
	small     []byte     // known integers of 8 bits, as in the file, of which ints are yet to be made
	data      []float32  // known floats, in storage order
	at        *buffer    // values of the run
	last      bool       // a feature map, stored with its channels last
	nhwc      bool       // of four dimensions, of which the last is the channels
	bytes     bool       // values of the run that lie in memory as bytes
	grid      *simd.Grid // what bytes stand for, if they are floats; nil: integers
	origin    *origin    // where values of the run were taken from; nil: they lie here
	scores    *scores    // what values of the run are of attention
	attention *attention // the same
	from      *weight    // what known floats were dequantized of; without data they are yet to be
}

func (t *tensor) len() int { return product(t.shape) }

func (t *tensor) known() bool { return t.at == nil }

// as is t as elements of another type that are stored alike.
func (t *tensor) as(elem onnx.Type) *tensor {
	if t.elem == elem {
		return t
	}
	other := *t
	other.elem = elem
	return &other
}

// A buffer is memory that one step writes and others read.
type buffer struct {
	n       int
	first   int // step that writes it first, -1 for the input
	step    int // that wrote it last
	lastUse int
	pending int // uses by nodes not compiled yet
	span    span
}

// integers reports whether t is of known integers.
func (t *tensor) integers() bool { return t.ints != nil || t.small != nil }

// spelled makes the integers of a tensor of small ones.
func (t *tensor) spelled() *tensor {
	if t.ints == nil && t.small != nil {
		t.ints = make([]int64, len(t.small))
		for i, v := range t.small {
			if t.ints[i] = int64(v); t.elem == onnx.Int8 {
				t.ints[i] = int64(int8(v))
			}
		}
	}
	return t
}

// factor is a constant that may be a large factor of a product of bytes, which takes
// it as it is: eight times smaller than integers.
func factor(w *onnx.Tensor) *tensor {
	const least = 1 << 10
	if b := w.Bytes(); len(b) >= least && len(w.Shape) > 1 {
		return &tensor{shape: w.Shape, elem: w.Type, small: b}
	}
	return constant(w)
}

func constant(w *onnx.Tensor) *tensor {
	t := &tensor{shape: w.Shape, elem: w.Type}
	if w.Type.Integers() {
		t.ints = w.Ints()
	} else {
		t.data = w.Floats()
	}
	return t
}

// integersOf is a known list of integers.
func integersOf(v ...int64) *tensor {
	return &tensor{shape: []int{len(v)}, elem: onnx.Int64, ints: v}
}

// number is a known float without dimensions.
func number(v float32) *tensor { return &tensor{elem: onnx.Float, data: []float32{v}} }

// toFloats is known integers as floats, for operations at run time.
func toFloats(t *tensor) *tensor {
	if t.ints == nil {
		return t
	}
	f := &tensor{shape: t.shape, elem: onnx.Float, data: make([]float32, len(t.ints))}
	for i, v := range t.ints {
		f.data[i] = float32(v)
	}
	return f
}

// exact is toFloats where values of the run are compared or joined with t: they
// are exact up to 2^24 only, so t must not be above.
func exact(n *node, t *tensor) (*tensor, error) {
	for _, v := range t.ints {
		if v > 1<<24 || v < -1<<24 {
			return nil, unsupported(n, "integer %d beside integers of the run", v)
		}
	}
	f := toFloats(t)
	return f.as(t.elem), nil
}

// product is the number of elements of a shape, or math.MaxInt where it would
// overflow.
func product(shape []int) int {
	n := 1
	for _, d := range shape {
		if d > 0 && n > math.MaxInt/d {
			return math.MaxInt
		}
		n *= d
	}
	return n
}
