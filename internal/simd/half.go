package simd

import (
	"math"
	"sync"
	"unsafe"
)

// A Precision is what the factors of matrix products with constant matrices are
// rounded to. Sums are of float32.
type Precision int

// Precisions.
const (
	Single   Precision = iota // float32
	BFloat16                  // eight bits of float32's 24, by the instructions of AVX512-BF16, or of FEAT_BF16 on arm64
)

func (p Precision) String() string { return [...]string{"float32", "bfloat16"}[p] }

var hasBFloat16 = detectBFloat16()

// Available reports whether products of a precision run on this processor, by
// the path in use. Where they do not, products are of single precision.
func (p Precision) Available() bool { return p == Single || hasBFloat16 && current.half != nil }

// halfRows are some rows of a, as pairs of bfloat16.
var halfRows = sync.Pool{New: func() any { return new([rowBlock * maxDepth / 2]float32) }}

// halves is the bfloat16 that lie, two by two, in the places of float32.
func halves(pairs []float32) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(pairs))), 2*len(pairs))
}

// round is the nearest bfloat16, ties to even.
func round(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 0x40 // a NaN stays one
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// fillHalf is fill of a panel of bfloat16.
func (p *Packed) fillHalf(j, columns, from, count int, src []float32, kStep, nStep int) {
	panel := halves(p.data[j*p.rows:][:p.rows*p.width])
	for i := range count {
		k := from + i
		row := panel[k/2*2*p.width+k%2:]
		for c := range columns {
			row[2*c] = round(src[i*kStep+(j+c)*nStep])
		}
	}
}
