package stats

import (
	"cmp"
	"math"
	"slices"
)

// SmoothCalibration is the share of films with the finding at probabilities, by
// locally weighted lines through the nearest three quarters of the films
// (Cleveland 1979, without robustness; Austin and Steyerberg 2014 use it so).
// Values lie within 0..1. Where all nearest films have one probability it is
// their share.
func SmoothCalibration(films []Film, at []float64) []float64 {
	sorted := slices.Clone(films)
	slices.SortStableFunc(sorted, func(a, b Film) int { return cmp.Compare(a.Probability, b.Probability) })
	n := len(sorted)
	k := max(1, int(0.75*float64(n)+1e-10))
	out := make([]float64, len(at))
	for i, x := range at {
		// The window of k films that ends with those nearest to x.
		first := 0
		for first+k < n && math.Abs(sorted[first+k].Probability-x) < math.Abs(sorted[first].Probability-x) {
			first++
		}
		radius := math.Max(math.Abs(sorted[first].Probability-x), math.Abs(sorted[first+k-1].Probability-x))
		var w, wx, wy, wxx, wxy float64
		for _, f := range sorted[first : first+k] {
			d := math.Abs(f.Probability - x)
			weight := 1.0
			if radius > 0 {
				if d >= 0.999*radius && d > 0 {
					continue
				}
				r := d / radius
				weight = (1 - r*r*r) * (1 - r*r*r) * (1 - r*r*r)
			}
			dx := f.Probability - x
			w, wx, wy = w+weight, wx+weight*dx, wy+weight*f.class()
			wxx, wxy = wxx+weight*dx*dx, wxy+weight*dx*f.class()
		}
		switch det := w*wxx - wx*wx; {
		case w == 0: // two groups of films, x in the middle
			for _, f := range sorted[first : first+k] {
				out[i] += f.class() / float64(k)
			}
		case det <= 1e-12*w*w:
			out[i] = wy / w
		default:
			out[i] = (wxx*wy - wx*wxy) / det
		}
		out[i] = math.Max(0, math.Min(1, out[i]))
	}
	return out
}

// PerfectECE is the expected calibration error, over [CalibrationBins], that
// films with these probabilities have on average if the probabilities are right
// and films independent: what is not above it is no sign of error. The
// distribution of the number of positives in each bin is exact up to 400 films,
// beyond it is taken as normal.
func PerfectECE(films []Film) float64 {
	var bins [CalibrationBins][]float64
	for _, f := range films {
		b := CalibrationBin(f.Probability)
		bins[b] = append(bins[b], f.Probability)
	}
	var total float64
	for _, p := range bins {
		total += meanDeviation(p)
	}
	return total / float64(len(films))
}

// meanDeviation is the mean distance of a sum of independent events from its
// expectation.
func meanDeviation(p []float64) float64 {
	var mean, variance float64
	for _, v := range p {
		mean, variance = mean+v, variance+v*(1-v)
	}
	if len(p) > 400 {
		return math.Sqrt(2 / math.Pi * variance)
	}
	chance := make([]float64, len(p)+1)
	chance[0] = 1
	for k, v := range p {
		for s := k + 1; s > 0; s-- {
			chance[s] = chance[s]*(1-v) + chance[s-1]*v
		}
		chance[0] *= 1 - v
	}
	var sum float64
	for s, c := range chance {
		sum += c * math.Abs(float64(s)-mean)
	}
	return sum
}

// NetBenefit is the share of films rightly called positive at a threshold of
// probability, below 1, less the share wrongly called so, weighed by the odds of
// the threshold (Vickers and Elkin 2006), with its interval by patient, and that
// of calling all films positive. Calling none has 0.
func NetBenefit(films []Film, threshold float64) (head Estimate, all float64) {
	odds := threshold / (1 - threshold)
	n := float64(len(films))
	sums := map[int]float64{}
	count := map[int]float64{}
	for _, f := range films {
		worth := -odds
		if f.Positive {
			worth = 1
		}
		all += worth / n
		count[f.Patient]++
		if f.Probability >= threshold {
			head.Value += worth / n
			sums[f.Patient] += worth
		}
	}
	var variance float64
	k := float64(len(count))
	counts := inOrder(films, count)
	for i, s := range inOrder(films, sums) {
		d := s - counts[i]*head.Value
		variance += d * d * k / (k - 1) / (n * n)
	}
	head.Low, head.High = math.NaN(), math.NaN()
	if k > 1 {
		half := tQuantile(0.975, k-1) * math.Sqrt(variance)
		head.Low, head.High = head.Value-half, head.Value+half
	}
	return head, all
}
