package simd

import (
	"math"
	"slices"
)

// Softmax sets dst to exp(src)/sum(exp(src)); dst may be src, which is not
// empty.
func Softmax(dst, src []float32) {
	dst = dst[:len(src)]
	n := current.reach(len(src))
	highest := float32(math.Inf(-1))
	if n > 0 {
		highest = current.largest(&src[0], n)
	}
	if n < len(src) {
		highest = max(highest, slices.Max(src[n:]))
	}
	var sum float64
	if n > 0 {
		sum = float64(current.exponentials(&dst[0], &src[0], highest, n))
	}
	for i, v := range src[n:] {
		e := exponential(v - highest)
		dst[n+i] = e
		sum += float64(e)
	}
	Mul.Scalar(dst, dst, float32(1/sum))
}

// LayerNorm sets dst to src at mean 0 and deviation 1, times gamma, plus beta;
// dst may be src, which is not empty.
func LayerNorm(dst, src, gamma, beta []float32, epsilon float64) {
	dst, gamma, beta = dst[:len(src)], gamma[:len(src)], beta[:len(src)]
	n := current.reach(len(src))
	var sum, squares float64
	if n > 0 {
		sum = float64(current.total(&src[0], n))
	}
	for _, v := range src[n:] {
		sum += float64(v)
	}
	mean := float32(sum / float64(len(src)))
	if n > 0 {
		squares = float64(current.squares(&src[0], mean, n))
	}
	for _, v := range src[n:] {
		squares += float64(v-mean) * float64(v-mean)
	}
	scale := float32(1 / math.Sqrt(squares/float64(len(src))+epsilon))
	if n > 0 {
		current.normalize(&dst[0], &src[0], &gamma[0], &beta[0], mean, scale, n)
	}
	for i, v := range src[n:] {
		dst[n+i] = (v-mean)*scale*gamma[n+i] + beta[n+i]
	}
}
