package resample

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/parallel"
)

// blurred is scikit-image's filter against aliasing: a Gauss filter along each
// axis that gets shorter, of deviation (scale-1)/2, cut off at 4 deviations.
func blurred(src []float32, inWidth, inHeight, outWidth, outHeight int, outside float32) []float32 {
	if k := gauss(float64(inHeight) / float64(outHeight)); k != nil {
		src = convolve(src, inWidth, inHeight, k, inWidth, 1, outside)
	}
	if k := gauss(float64(inWidth) / float64(outWidth)); k != nil {
		src = convolve(src, inHeight, inWidth, k, 1, inWidth, outside)
	}
	return src
}

// gauss is half of the filter, from its middle on; nil: none.
func gauss(scale float64) []float64 {
	deviation := (scale - 1) / 2
	if deviation <= 1e-15 {
		return nil
	}
	k := make([]float64, int(4*deviation+0.5)+1)
	sum := 0.0
	for j := range k {
		k[j] = math.Exp(-0.5 / (deviation * deviation) * float64(j*j))
		if sum += k[j]; j > 0 {
			sum += k[j]
		}
	}
	for j := range k {
		k[j] /= sum
	}
	return k
}

// convolve filters so many lines of n values that are step apart, the lines
// themselves being next apart.
func convolve(src []float32, lines, n int, k []float64, step, next int, outside float32) []float32 {
	dst := make([]float32, len(src))
	parallel.Each(lines, func(line int) {
		padded := make([]float64, n+2*(len(k)-1))
		for i := range padded {
			padded[i] = float64(outside)
		}
		middle := padded[len(k)-1:]
		for i := range n {
			middle[i] = float64(src[line*next+i*step])
		}
		for i := range n {
			at := i + len(k) - 1
			sum := float64(padded[at] * k[0])
			for j := 1; j < len(k); j++ {
				sum += float64((padded[at-j] + padded[at+j]) * k[j])
			}
			dst[line*next+i*step] = float32(sum)
		}
	})
	return dst
}

// interpolated looks between pixels; those beyond the edges are outside.
func interpolated(src []float32, inWidth, inHeight, outWidth, outHeight int, outside float32) []float32 {
	dst := make([]float32, outWidth*outHeight)
	at := func(column, row int) float64 {
		if column < 0 || column >= inWidth || row < 0 || row >= inHeight {
			return float64(outside)
		}
		return float64(src[row*inWidth+column])
	}
	place := func(i, in, out int) (first int, part float64) {
		x := (float64(i)+0.5)*(float64(in)/float64(out)) - 0.5
		whole := math.Floor(x)
		return int(whole), x - whole
	}
	parallel.Each(outHeight, func(y int) {
		row, down := place(y, inHeight, outHeight)
		for x := range outWidth {
			column, right := place(x, inWidth, outWidth)
			upper := float64(at(column, row)*(1-right)) + float64(at(column+1, row)*right)
			lower := float64(at(column, row+1)*(1-right)) + float64(at(column+1, row+1)*right)
			dst[y*outWidth+x] = float32(float64(upper*(1-down)) + float64(lower*down))
		}
	})
	return dst
}
