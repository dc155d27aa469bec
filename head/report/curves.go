package report

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/stats"
)

// roc walks the thresholds from above every score, where nothing is called
// positive, down to the lowest, where everything is. Scores come sorted.
func roc(positives, negatives []float64) []ROCPoint {
	thresholds := slices.Concat(positives, negatives)
	slices.Sort(thresholds)
	thresholds = slices.Compact(thresholds)
	slices.Reverse(thresholds)
	points := []ROCPoint{{math.Inf(1), 0, 1}}
	for _, t := range thresholds {
		sensitivity := float64(atLeast(positives, t)) / float64(len(positives))
		specificity := float64(len(negatives)-atLeast(negatives, t)) / float64(len(negatives))
		points = append(points, ROCPoint{t, sensitivity, specificity})
	}
	return points
}

// atLeast counts the sorted scores that reach the threshold.
func atLeast(sorted []float64, threshold float64) int {
	i, _ := slices.BinarySearch(sorted, threshold)
	return len(sorted) - i
}

// precisionRecall is the same walk in other coordinates. Where nothing is
// called positive, precision is 1 by convention.
func precisionRecall(roc []ROCPoint, positives, negatives int) []PRPoint {
	points := make([]PRPoint, len(roc))
	for i, p := range roc {
		points[i] = PRPoint{p.Threshold, p.Sensitivity, 1}
		found, alarms := p.Sensitivity*float64(positives), (1-p.Specificity)*float64(negatives)
		if found+alarms > 0 {
			points[i].Precision = found / (found + alarms)
		}
	}
	return points
}

// bins of the calibration curve, of equal width.
const bins = 10

// calibrationBins are those that hold films. A probability on the border of two
// belongs to the lower one.
func calibrationBins(positives, negatives []float64) []Bin {
	var sum [bins]float64
	var films, found [bins]int
	at := func(p float64) int { return max(int(math.Ceil(p*bins))-1, 0) }
	for _, p := range positives {
		sum[at(p)] += p
		films[at(p)]++
		found[at(p)]++
	}
	for _, p := range negatives {
		sum[at(p)] += p
		films[at(p)]++
	}
	var out []Bin
	for k, n := range films {
		if n > 0 {
			out = append(out, Bin{n, sum[k] / float64(n), share(found[k], n)})
		}
	}
	return out
}

// share of successes in n trials with its interval; not a number if there are
// none.
func share(successes, n int) Interval {
	low, high := stats.Wilson(successes, n)
	return Interval{float64(successes) / float64(n), low, high}
}
