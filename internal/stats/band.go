package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// A BandPoint is how high a ROC curve is at a share of false positives, and where
// the true curve lies.
type BandPoint struct{ FalsePositives, Sensitivity, Low, High float64 }

// bandGrid is the number of steps of a band.
const bandGrid = 100

// ROCBand is a band that holds the whole true ROC curve in 95 % of samples: the
// curve moved up and left, and down and right, by as many standard errors each
// way as bootstrapped curves need to be held (Campbell 1994, fixed width), by
// patient, and never less than Kolmogorov's bound would be for a twentieth of the
// curve. It is wide where films are few; that is what they say. The effective
// numbers of films come from the area.
func ROCBand(films []Film, area AUC, rounds int, seed uint64) []BandPoint {
	curve := newCurve(films)
	b := newResampling(films)
	rng := rand.New(rand.NewPCG(seed, 0x726f63))
	counts := make([]int32, b.patients)
	up, left := 1/math.Sqrt(area.Positives), 1/math.Sqrt(area.Negatives)
	var widths []float64
	for range rounds {
		clear(counts)
		for range counts {
			counts[rng.IntN(len(counts))]++
		}
		drawn, ok := b.curve(counts)
		if ok {
			widths = append(widths, drawn.distance(curve, up, left))
		}
	}
	width := 1.36 // Kolmogorov's
	if len(widths) >= 40 {
		slices.Sort(widths)
		k := math.Min(area.Positives, area.Negatives)
		width = percentile(widths, 0.95) * math.Sqrt(k/math.Max(1, k-1))
	}
	width = math.Max(width, 0.65)
	points := make([]BandPoint, bandGrid+1)
	for i := range points {
		x := float64(i) / bandGrid
		points[i] = BandPoint{x, curve.at(x), math.Max(0, curve.at(x-width*left)-width*up), math.Min(1, curve.at(x+width*left)+width*up)}
	}
	return points
}

// A rocCurve is sensitivities at ascending shares of false positives, joined by
// lines.
type rocCurve struct{ x, y []float64 }

func newCurve(films []Film) rocCurve {
	b := newResampling(films)
	c, _ := b.curve(b.once)
	return c
}

// curve of so many copies of each patient.
func (b *resampling) curve(copies []int32) (c rocCurve, ok bool) {
	c = rocCurve{[]float64{0}, []float64{0}}
	var m, n float64
	for i := range b.films {
		f := &b.films[i]
		if f.Positive {
			m += float64(copies[f.Patient])
		} else {
			n += float64(copies[f.Patient])
		}
		if f.last {
			c.x, c.y = append(c.x, n), append(c.y, m)
		}
	}
	for i := range c.x {
		c.x[i], c.y[i] = c.x[i]/n, c.y[i]/m
	}
	return c, m > 0 && n > 0
}

// at is the height at x: 0 left of 0, 1 right of 1, and the upper end of a rise.
func (c rocCurve) at(x float64) float64 {
	switch {
	case x < 0:
		return 0
	case x >= 1:
		return 1
	}
	k, _ := slices.BinarySearchFunc(c.x, x, func(v, x float64) int {
		if v <= x {
			return -1
		}
		return cmp.Compare(v, x)
	})
	// c.x[k-1] <= x < c.x[k]
	t := (x - c.x[k-1]) / (c.x[k] - c.x[k-1])
	return c.y[k-1] + t*(c.y[k]-c.y[k-1])
}

// distance is the least width for which a band about other holds c.
func (c rocCurve) distance(other rocCurve, up, left float64) float64 {
	width := 0.0
	for i := range bandGrid + 1 {
		x := float64(i) / bandGrid
		y := c.at(x)
		holds := func(width float64) bool {
			return y <= other.at(x+width*left)+width*up && y >= other.at(x-width*left)-width*up
		}
		if holds(width) {
			continue
		}
		low, high := width, 4.0
		for range 16 {
			if middle := (low + high) / 2; holds(middle) {
				high = middle
			} else {
				low = middle
			}
		}
		width = high
	}
	return width
}
