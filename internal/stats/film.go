package stats

import "math"

// A Film is what a report knows of a film and a finding.
type Film struct {
	Score       float64 // what films are ranked by: log odds, which do not saturate as probabilities do
	Probability float64 // 0..1
	Patient     int
	Positive    bool
}

// Classes parts films by their class.
func Classes(films []Film) (positives, negatives []Sample) {
	for _, f := range films {
		if s := (Sample{f.Score, f.Patient}); f.Positive {
			positives = append(positives, s)
		} else {
			negatives = append(negatives, s)
		}
	}
	return positives, negatives
}

// Losses are the Brier score and the log loss of a film's probability.
func (f Film) Losses() (brier, log float64) {
	d := f.Probability - f.class()
	return d * d, ProbabilityLoss(f.Probability, f.Positive)
}

func (f Film) class() float64 {
	if f.Positive {
		return 1
	}
	return 0
}

// CalibrationBins is the number of equal parts of 0..1 that calibration is
// judged in.
const CalibrationBins = 10

// CalibrationBin is the part of a probability; on the border of two it is the
// lower one.
func CalibrationBin(p float64) int {
	return min(max(int(math.Ceil(p*CalibrationBins))-1, 0), CalibrationBins-1)
}
