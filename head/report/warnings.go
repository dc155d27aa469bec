package report

import (
	"fmt"

	"github.com/cxrkit/cxrkit/head"
)

// few films of a class say little: with 10 of each a 95 % interval of an AUC of
// 0.8 is some 0.4 wide.
const few = 10

// isotonicFilms are too few for an isotonic calibration: on 60 films its log loss
// is 1.3 where none has 0.34.
const isotonicFilms = 300

func (f *FindingReport) add(format string, args ...any) {
	f.Warnings = append(f.Warnings, fmt.Sprintf(format, args...))
}

func (f *FindingReport) warn() {
	negatives := f.Films - f.Positives
	if n := f.Positives; n < few {
		f.add("only %s with it", count(n, "film"))
	}
	if n := negatives; n < few {
		f.add("only %s without it", count(n, "film"))
	}
	if n := f.PositivePatients; n < few && n < f.Positives {
		f.add("only %s with it", count(n, "patient"))
	}
	if n := f.NegativePatients; n < few && n < negatives {
		f.add("only %s without it", count(n, "patient"))
	}
	if f.AUC.Value == 1 {
		f.add("the head separates all films: look for what gives them away")
	}
	if f.AUC.Low <= 0.5 && f.AUC.High >= 0.5 {
		f.add("chance (AUC 0.5) is not excluded")
	}
	switch s := f.CalibrationSlope; {
	case s.High < 1:
		f.add("probabilities are too sure (calibration slope %v): recalibrate on tuning films", s)
	case s.Low > 1:
		f.add("probabilities are not sure enough (calibration slope %v): recalibrate on tuning films", s)
	}
	switch i := f.CalibrationIntercept; {
	case i.Low > 0:
		f.add("probabilities are too low on the whole (calibration intercept %v)", i)
	case i.High < 0:
		f.add("probabilities are too high on the whole (calibration intercept %v)", i)
	}
}

func (f *FindingReport) warnOfCalibration(c head.Calibration) {
	if len(c.LogOdds) > 0 && c.Films > 0 && c.Films < isotonicFilms {
		f.add("isotonic calibration on %s, want %d and more: Platt's curve holds with fewer", count(c.Films, "film"), isotonicFilms)
	}
}

// networkFilms are too few for a network: below, a linear probe is as good or
// better (head/mlp's TestRule).
const networkFilms = 150

func (f *FindingReport) warnOfTraining(t *head.Training) {
	if t != nil && t.Trainer == "mlp" && t.Films < networkFilms {
		f.add("a network trained on %s: below %d a linear probe does as well or better", count(t.Films, "film"), networkFilms)
	}
}

// count is like "1 film" and "2 films".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}
