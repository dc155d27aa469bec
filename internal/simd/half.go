package simd

import (
	"math"
	"sync"
	"unsafe"

	"github.com/cxrkit/cxrkit/internal/pages"
)

// A Precision is what the factors of matrix products with constant matrices are
// rounded to. Sums are of float32.
type Precision int

// Precisions.
const (
	Single   Precision = iota // float32
	BFloat16                  // eight bits of float32's 24, by AMX, AVX512-BF16, or FEAT_BF16 of arm64
)

func (p Precision) String() string { return [...]string{"float32", "bfloat16"}[p] }

var hasBFloat16 = detectBFloat16()

// Available reports whether products of a precision run on this processor, by
// the path in use. Where they do not, products are of single precision.
func (p Precision) Available() bool { return p == Single || hasBFloat16 && current.half != nil }

// halfRows are some rows of a, as pairs of bfloat16.
var halfRows = sync.Pool{New: func() any { v := make([]float32, rowBlock*maxDepth/2); return &v }}

// unitHalves are those that a matrix unit takes at once.
var unitHalves = sync.Pool{New: func() any { v := pages.Zeros[float32](unitBlock * (unitRounded/2 + unitSide)); return &v }}

// BFloat16Path is what products of bfloat16 run on.
func BFloat16Path() string {
	switch {
	case unitOfHalves() != nil:
		return "AMX"
	case current.path == NEON:
		return "NEON-BF16"
	}
	return "AVX512-BF16"
}

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
	panel := p.data[j*p.rows:][:p.rows*p.width]
	done := 0
	switch even := count &^ 1; {
	case even == 0 || from%2 != 0:
	case nStep == 1:
		pairRows(panel[from/2*p.width:], src[j:], kStep, even/2, columns)
		done = even
	case kStep == 1:
		p.fillTurned(panel[from/2*p.width:], columns, even, src[j*nStep:], nStep)
		done = even
	}
	words := halves(panel)
	for i := done; i < count; i++ {
		k := from + i
		row := words[k/2*2*p.width:][:2*p.width]
		for c := range columns {
			row[2*c+k%2] = round(src[i*kStep+(j+c)*nStep])
			if k+1 == p.K && k%2 == 0 {
				row[2*c+1] = 0 // beside the last
			}
		}
	}
}

// fillTurned fills rows of a panel, an even number, whose columns are rows of src.
func (p *Packed) fillTurned(panel []float32, columns, count int, src []float32, step int) {
	var pairs [32]float32 // rows of the panel that stay in the cache while all columns pass
	width := p.width
	for first := 0; first < count; first += 2 * len(pairs) {
		n := min(2*len(pairs), count-first)
		for c := range columns {
			toHalf(pairs[:n/2], src[c*step+first:][:n])
			at := first/2*width + c
			for _, v := range pairs[:n/2] {
				panel[at] = v
				at += width
			}
		}
	}
}
