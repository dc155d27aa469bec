package dicomconv

import (
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
)

// A numpy repeats the arithmetic that Google's programs do with NumPy arrays,
// including what the type of the array makes of it. Products are rounded before
// sums, as NumPy does and a fused multiply-add does not.
type numpy struct {
	v      []float64
	float  bool // else integers of
	bits   int
	signed bool
}

const uint16Max = 65535

// pixelArray is pixel_array of pydicom.
func pixelArray(h *header, l levels) *numpy {
	return &numpy{v: l.value, float: l.float, bits: max(h.BitsAllocated, 8), signed: h.signed}
}

func (a *numpy) each(f func(float64) float64) {
	for i, v := range a.v {
		a.v[i] = f(v)
	}
}

// applyModalityLUT is apply_modality_lut of pydicom: the LUT, or slope and
// intercept if both are there, which makes floats even of 1 and 0.
func (a *numpy) applyModalityLUT(h *header) error {
	switch t := h.modalityLUT; {
	case t != nil && t.bits != 8 && t.bits != 16:
		return fmt.Errorf("%w: modality LUT of %d bits in a recipe of Google's", cxr.ErrUnsupported, t.bits)
	case t != nil:
		a.each(func(x float64) float64 { return float64(t.at(int(x))) })
		a.float, a.bits, a.signed = false, t.bits, false
	case h.slope != nil && h.intercept != nil:
		a.each(func(x float64) float64 { return float64(x**h.slope) + *h.intercept })
		a.float = true
	}
	return nil
}

// window clips to low..high and stretches that to 0..top, in floats.
func (a *numpy) window(low, high, top float64) {
	a.each(func(x float64) float64 { return interp(min(max(x, low), high), low, high, top) })
	a.float = true
}

// interp is numpy.interp with the knots (low, 0) and (high, top).
func interp(x, low, high, top float64) float64 {
	switch {
	case x >= high:
		return top
	case x <= low:
		return 0
	}
	return top / (high - low) * (x - low)
}

// subtractFromMax is max(a) - a, which wraps in signed integers.
func (a *numpy) subtractFromMax() {
	high := slices.Max(a.v)
	a.each(func(x float64) float64 { return a.wrap(high - x) })
}

// wrap is x in the integer type of a.
func (a *numpy) wrap(x float64) float64 {
	if a.float {
		return x
	}
	shift := 64 - a.bits
	if a.signed {
		return float64(int64(x) << shift >> shift)
	}
	return float64(uint64(int64(x)) << shift >> shift)
}

// shiftToUnsigned makes the least value 0, but for unsigned integers of up to
// 16 bits. Floats become 16-bit integers and lose their fractions.
func (a *numpy) shiftToUnsigned() error {
	switch {
	case a.float:
	case a.bits > 16:
		return fmt.Errorf("%w: %d-bit integers without rescale or window in a recipe of Google's", cxr.ErrUnsupported, a.bits)
	case !a.signed:
		return nil
	}
	low := slices.Min(a.v)
	a.each(func(x float64) float64 { return x - low })
	if high := slices.Max(a.v); a.float && high > uint16Max {
		factor := uint16Max / high
		a.each(func(x float64) float64 { return min(x*factor, uint16Max) })
	}
	if a.float {
		a.each(math.Trunc)
		a.float, a.bits = false, 16
	}
	a.signed = false
	return nil
}

// rescaleDynamicRange stretches 16-bit integers to their full range; a picture
// of one value becomes white.
func (a *numpy) rescaleDynamicRange() {
	low, high := slices.Min(a.v), slices.Max(a.v)
	a.each(func(x float64) float64 { return math.Trunc(interp(x, low, high, uint16Max)) })
}

// gray is the array as pixels.
func (a *numpy) gray() []uint16 {
	gray := make([]uint16, len(a.v))
	for i, v := range a.v {
		gray[i] = uint16(v)
	}
	return gray
}
