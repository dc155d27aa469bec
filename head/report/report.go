package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Report says how good a head is on films that it has not seen. It renders
// itself: [Report.String], [Report.PNG], [Report.SVG], [Report.HTML].
type Report struct {
	Title     string // of the page; empty: "Evaluation"
	Findings  []FindingReport
	MacroAUC  Interval       // mean over the findings, by patient; unknown of a single one
	Subgroups []Subgroup     // see [Subgroups]
	Training  *head.Training // of the head, if it tells
	Space     *cxr.Space     // likewise
	Validated *Validation    // how, if heads were cross-validated; nil: one head was tested
}

// An Interval is an estimate with its 95 % interval.
type Interval struct{ Value, Low, High float64 }

// unknown is the interval of what cannot be estimated.
var unknown = Interval{math.NaN(), math.NaN(), math.NaN()}

// String is like "0.85 (0.78 to 0.91)", or "unknown".
func (i Interval) String() string {
	if math.IsNaN(i.Value) {
		return "unknown"
	}
	if math.IsNaN(i.Low) || math.IsNaN(i.High) {
		return fmt.Sprintf("%.2f (interval unknown)", i.Value)
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", i.Value, i.Low, i.High)
}

// A FindingReport is the part of a [Report] about one finding, over the films
// whose label is known and whose weight is not 0.
type FindingReport struct {
	Finding          string
	Films, Positives int
	Missing          int // films left out for want of a label

	Patients                           int
	PositivePatients, NegativePatients int // with a film that has the finding, and with one that has it not

	// AUC is the area under the ROC curve, ties counted half. Its interval is a
	// score interval at effective numbers of films: Newcombe's method 5 (2006) with
	// the variance of DeLong (1988) for films grouped by patient (Obuchowski 1997).
	// It covers with few films and near 1, and is wide where little is known.
	AUC   Interval
	AUPRC float64 // average precision; that of chance is the prevalence

	Brier      float64 // mean squared difference of probability and truth
	LogLoss    float64 // mean -log of the probability given to the truth
	ECE        float64 // expected calibration error over Calibration
	PerfectECE float64 // what a head whose probabilities are right would have, on average

	// CalibrationSlope is that of the truth's log odds by the head's: 1 is right,
	// below 1 the head is too sure. CalibrationIntercept is how much higher the
	// truth's log odds are on the whole: 0 is right. Intervals are by patient; of
	// classes that the probabilities separate both are unknown.
	CalibrationSlope, CalibrationIntercept Interval

	ROC         []ROCPoint
	PR          []PRPoint
	Calibration []Bin              // of ten equal parts of 0..1, those that hold films
	Smooth      []CalibrationPoint // the same without parts: a locally weighted line (Van Calster et al. 2019)
	Points      []OperatingPoint   // at the head's thresholds, then at those of [Options]
	Sets        *SetReport         // of a model with conformal bounds; nil: it has none

	// Calibrated tells how the head's probabilities were fitted, such as "by Platt's
	// curve, on 120 films"; empty: the head does not tell.
	Calibrated string

	Warnings []string // what makes the figures mean less than they seem to

	sample sample
	auc    stats.AUC
}

// A ROCPoint is one point of a ROC curve: a film is called positive if its
// score is at least Threshold.
type ROCPoint struct{ Threshold, Sensitivity, Specificity float64 }

// A PRPoint is one point of a precision-recall curve. Recall is sensitivity.
type PRPoint struct{ Threshold, Recall, Precision float64 }

// A Bin holds the films whose probability lies in one part of 0..1.
type Bin struct {
	Films     int
	Predicted float64  // mean probability
	Observed  Interval // share that has the finding, with Wilson's interval by patient
}

// A CalibrationPoint is the share of films that have the finding at a
// probability.
type CalibrationPoint struct{ Predicted, Observed float64 }

// Options of an evaluation. Nil means the zero value.
type Options struct {
	Title      string    // of the report
	Subgroups  []string  // attributes of the films to evaluate apart by, see [Subgroups]
	Thresholds []float64 // to call films positive at, besides the head's own; 0 to 1
}

// Evaluate scores the films of test and compares with their labels. The head
// must know each finding of test, and each must have a film with it and one
// without; [head.Dataset.Only] picks those that do. Films count equally: weights
// other than 0, which leaves a film out, and 1 are refused.
func Evaluate(h head.Head, test *head.Dataset, o *Options) (*Report, error) {
	if o == nil {
		o = &Options{}
	}
	scored, err := score(h, test)
	if err != nil {
		return nil, err
	}
	r := &Report{Title: o.Title}
	for _, attribute := range o.Subgroups {
		groups, err := subgroups(scored, test, attribute)
		if err != nil {
			return nil, err
		}
		r.Subgroups = append(r.Subgroups, groups...)
	}
	var thresholds []head.Threshold
	var calibrations []head.Calibration
	model := false
	if m, ok := h.(*head.Model); ok {
		spec := m.Spec()
		r.Training, r.Space = &spec.Training, &spec.Space
		thresholds, calibrations, model = spec.Thresholds, spec.Calibrations, true
	}
	for _, s := range scored {
		f := s.report()
		f.pointsAt(thresholds)
		for _, t := range o.Thresholds {
			p, err := f.At(AtThreshold, t)
			if err != nil {
				return nil, err
			}
			f.Points = append(f.Points, p)
		}
		f.warnOfTraining(r.Training)
		switch {
		case calibrations != nil:
			c := calibrations[slices.Index(h.Findings(), f.Finding)]
			f.Calibrated = calibrated(c)
			f.warnOfCalibration(c)
		case model:
			f.Calibrated = "in training only"
		}
		r.Findings = append(r.Findings, f)
	}
	if m, ok := h.(*head.Model); ok && m.Spec().Conformal != nil {
		if err := r.sets(m, test); err != nil {
			return nil, err
		}
	}
	r.MacroAUC = macro(r.Findings)
	return r, nil
}

// calibrated tells of a calibration in words.
func calibrated(c head.Calibration) string {
	how := "by Platt's curve"
	if len(c.LogOdds) > 0 {
		how = "by an isotonic curve"
	}
	if c.Films == 0 {
		return how
	}
	return fmt.Sprintf("%s, on %s", how, count(c.Films, "film"))
}

// macro is the mean area.
func macro(findings []FindingReport) Interval {
	if len(findings) < 2 {
		return unknown
	}
	var areas []stats.AUC
	for _, f := range findings {
		areas = append(areas, f.auc)
	}
	return Interval(stats.MeanAUC(areas))
}

// String is a table of the AUCs with their intervals, then the operating
// points, then the warnings.
func (r *Report) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "finding\tAUC\t95 % interval\tAUPRC\tBrier\tpositive\tfilms")
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%s\t%.2f\t%.2f to %.2f\t%.2f\t%.3f\t%d\t%d\n", f.Finding, f.AUC.Value, f.AUC.Low, f.AUC.High, f.AUPRC, f.Brier, f.Positives, f.Films)
	}
	w.Flush()
	if !math.IsNaN(r.MacroAUC.Value) {
		fmt.Fprintf(&b, "mean AUC of %d findings: %v\n", len(r.Findings), r.MacroAUC)
	}
	if r.Validated != nil {
		fmt.Fprintf(&b, "%v\n", r.Validated)
	}
	for _, f := range r.Findings {
		for _, warning := range f.Warnings {
			fmt.Fprintf(&b, "%s: %s\n", f.Finding, warning)
		}
	}
	for _, g := range r.Subgroups {
		fmt.Fprintf(&b, "%v\n", g)
	}
	return b.String()
}
