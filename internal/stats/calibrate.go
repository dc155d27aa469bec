package stats

import (
	"cmp"
	"math"
	"slices"
)

// Platt fits p = 1/(1+exp(-(slope*z+intercept))) to the log odds z of positives
// and negatives, with Platt's targets, which keep it from being certain: Newton
// steps with backtracking, after Lin, Lin and Weng, "A note on Platt's
// probabilistic outputs for support vector machines" (2007). Both must be
// non-empty and finite.
func Platt(positives, negatives []float64) (slope, intercept float64) {
	m, n := float64(len(positives)), float64(len(negatives))
	high, low := (m+1)/(m+2), 1/(n+2)
	intercept = math.Log((m + 1) / (n + 1))
	loss := func(a, b float64) (sum float64) {
		for _, z := range positives {
			sum += CrossEntropy(a*z+b, high)
		}
		for _, z := range negatives {
			sum += CrossEntropy(a*z+b, low)
		}
		return sum
	}
	value := loss(slope, intercept)
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		add := func(values []float64, target float64) {
			for _, z := range values {
				p := 1 / (1 + math.Exp(-(slope*z + intercept)))
				r, h := p-target, p*(1-p)
				ga, gb = ga+r*z, gb+r
				haa, hab, hbb = haa+h*z*z, hab+h*z, hbb+h
			}
		}
		add(positives, high)
		add(negatives, low)
		const ridge = 1e-12 // keeps the system solvable if all z are equal
		haa, hbb = haa+ridge, hbb+ridge
		det := haa*hbb - hab*hab
		da, db := -(hbb*ga-hab*gb)/det, -(haa*gb-hab*ga)/det
		promised := ga*da + gb*db
		if !(promised < -1e-20) {
			break
		}
		t := 1.0
		for ; t > 1e-10; t /= 2 {
			if v := loss(slope+t*da, intercept+t*db); v <= value+1e-4*t*promised {
				slope, intercept, value = slope+t*da, intercept+t*db, v
				break
			}
		}
		if t <= 1e-10 { // rounding rules
			break
		}
	}
	return slope, intercept
}

// LogOddsStep is what log odds must differ by to count as different in
// [Isotonic]: a thousandth. Knots of a curve are then so far apart that float32,
// in which ONNX computes, cannot mix them up.
const LogOddsStep = 1.0 / 1024

// Isotonic is the never-falling curve that is nearest, in squares, to 1 at the
// values of positives and 0 at those of negatives (pool adjacent violators).
// Values are rounded to multiples of [LogOddsStep], those that do not fit float32
// then to float32, and equal ones share their mean, in whatever order they come.
// It is given by the ends of its level parts: x ascending, y never falling.
func Isotonic(positives, negatives []float64) (x, y []float64) {
	type block struct{ first, last, sum, n float64 }
	blocks := make([]block, 0, len(positives)+len(negatives))
	add := func(values []float64, class float64) {
		for _, v := range values {
			v = float64(float32(math.Round(v/LogOddsStep) * LogOddsStep))
			blocks = append(blocks, block{v, v, class, 1})
		}
	}
	add(positives, 1)
	add(negatives, 0)
	slices.SortFunc(blocks, func(a, b block) int { return cmp.Compare(a.first, b.first) })
	distinct := blocks[:0]
	for _, b := range blocks {
		if k := len(distinct) - 1; k >= 0 && distinct[k].first == b.first {
			distinct[k].sum, distinct[k].n = distinct[k].sum+b.sum, distinct[k].n+1
			continue
		}
		distinct = append(distinct, b)
	}
	pooled := distinct[:0]
	for _, b := range distinct {
		for k := len(pooled) - 1; k >= 0; k-- {
			last := pooled[k]
			if last.sum*b.n < b.sum*last.n {
				break
			}
			b = block{last.first, b.last, last.sum + b.sum, last.n + b.n}
			pooled = pooled[:k]
		}
		pooled = append(pooled, b)
	}
	for _, b := range pooled {
		x, y = append(x, b.first), append(y, b.sum/b.n)
		if b.last > b.first {
			x, y = append(x, b.last), append(y, b.sum/b.n)
		}
	}
	return x, y
}
