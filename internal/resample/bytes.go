package resample

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/parallel"
)

// Bytes scales a picture of the values 0..255 as the program scales its bytes,
// with the roundings on the way.
func (m Method) Bytes(src []uint16, inWidth, inHeight, outWidth, outHeight int) []uint16 {
	if inWidth == outWidth && inHeight == outHeight {
		return slices.Clone(src)
	}
	switch {
	case m.Filter == Nearest:
	case m.Program == Pillow:
		return m.passes(src, inWidth, inHeight, outWidth, outHeight, func([]tap) int { return 22 })
	case m.Program == Torch, m.Program == TorchPlain:
		return m.passes(src, inWidth, inHeight, outWidth, outHeight, bits16)
	}
	floats := make([]float32, len(src))
	for i, v := range src {
		floats[i] = float32(v)
	}
	dst := make([]uint16, outWidth*outHeight)
	for i, v := range m.Floats(floats, inWidth, inHeight, outWidth, outHeight, 0) {
		dst[i] = uint16(min(max(math.RoundToEven(float64(v)), 0), 255))
	}
	return dst
}

// bits16 is how many bits behind the point leave all weights within 16 bits
// (aten/src/ATen/native/cpu/UpSampleKernel.cpp).
func bits16(taps []tap) int {
	var most float64
	for _, t := range taps {
		most = max(most, slices.Max(t.weights))
	}
	bits := 0
	for bits < 22 && int(0.5+most*float64(int(1)<<(bits+1))) < 1<<15 {
		bits++
	}
	return bits
}

// passes scales rows, then columns, each with weights of so many bits behind the
// point and rounded to bytes.
func (m Method) passes(src []uint16, inWidth, inHeight, outWidth, outHeight int, precision func([]tap) int) []uint16 {
	if inWidth != outWidth {
		taps := m.taps(inWidth, outWidth)
		src = acrossBytes(src, inWidth, fixed(taps, precision(taps)), precision(taps))
	}
	if inHeight != outHeight {
		taps := m.taps(inHeight, outHeight)
		src = downBytes(src, outWidth, fixed(taps, precision(taps)), precision(taps))
	}
	return src
}

// A fixedTap is a tap of whole numbers.
type fixedTap struct {
	first   int
	weights []int32
}

func fixed(taps []tap, bits int) []fixedTap {
	out := make([]fixedTap, len(taps))
	for i, t := range taps {
		out[i] = fixedTap{t.first, make([]int32, len(t.weights))}
		for j, w := range t.weights {
			out[i].weights[j] = int32(math.Copysign(0.5, w) + w*float64(int(1)<<bits)) // cut off towards 0
		}
	}
	return out
}

func acrossBytes(src []uint16, width int, taps []fixedTap, bits int) []uint16 {
	dst := make([]uint16, len(src)/width*len(taps))
	half := int32(1) << (bits - 1)
	parallel.Each(len(src)/width, func(y int) {
		row, out := src[y*width:(y+1)*width], dst[y*len(taps):(y+1)*len(taps)]
		for x := range out {
			t := &taps[x]
			in := row[t.first : t.first+len(t.weights)]
			sum := half
			for j, w := range t.weights {
				sum += int32(in[j]) * w
			}
			out[x] = uint16(min(max(sum>>bits, 0), 255))
		}
	})
	return dst
}

func downBytes(src []uint16, width int, taps []fixedTap, bits int) []uint16 {
	dst := make([]uint16, width*len(taps))
	half := int32(1) << (bits - 1)
	parallel.Each(len(taps), func(y int) {
		line := slices.Repeat([]int32{half}, width)
		t := &taps[y]
		for j, w := range t.weights {
			row := src[(t.first+j)*width:][:width]
			for x, v := range row {
				line[x] += int32(v) * w
			}
		}
		for x, v := range line {
			dst[y*width+x] = uint16(min(max(v>>bits, 0), 255))
		}
	})
	return dst
}
