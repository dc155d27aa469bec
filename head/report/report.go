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
	Subgroups []Subgroup     // filled by the caller, see [Subgroups]
	Training  *head.Training // of the head, if it tells
	Space     *cxr.Space     // likewise
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
	return fmt.Sprintf("%.2f (%.2f to %.2f)", i.Value, i.Low, i.High)
}

// A FindingReport is the part of a [Report] about one finding, over the films
// whose label is known and whose weight is not 0. Weights count no further.
type FindingReport struct {
	Finding          string
	Films, Positives int
	Missing          int // films left out for want of a label
	Patients         int

	// AUC is the area under the ROC curve, ties counted half, with DeLong's
	// interval (1988) for films grouped by patient (Obuchowski 1997). Where the
	// scores do not overlap, or are all equal, it is Newcombe's score interval
	// (2006, method 5).
	AUC   Interval
	AUPRC float64 // average precision; that of chance is the prevalence

	Brier   float64 // mean squared difference of probability and truth
	LogLoss float64 // mean -log of the probability given to the truth
	ECE     float64 // expected calibration error over Calibration

	ROC         []ROCPoint
	PR          []PRPoint
	Calibration []Bin            // of ten equal parts of 0..1, those that hold films
	Points      []OperatingPoint // at the head's thresholds; without any, at 0.5

	Warnings []string // what makes the figures mean less than they seem to

	sample sample
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
	Observed  Interval // share that has the finding, with Wilson's interval
}

// Options of an evaluation. Nil means the zero value.
type Options struct {
	Title     string   // of the report
	Subgroups []string // attributes of the films to evaluate apart by, see [Subgroups]
}

// Evaluate scores the films of test and compares with their labels. The head
// must know each finding of test, and each must have a film with it and one
// without; [head.Dataset.Only] picks those that do.
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
		groups, err := Subgroups(h, test, attribute)
		if err != nil {
			return nil, err
		}
		r.Subgroups = append(r.Subgroups, groups...)
	}
	for _, s := range scored {
		r.Findings = append(r.Findings, s.report())
	}
	if m, ok := h.(*head.Model); ok {
		spec := m.Spec()
		r.Training, r.Space = &spec.Training, &spec.Space
		for f := range r.Findings {
			r.Findings[f].pointsAt(spec.Thresholds)
		}
	} else {
		for f := range r.Findings {
			r.Findings[f].pointsAt(nil)
		}
	}
	return r, nil
}

// A sample is the films of a test set whose label of one finding is known, with
// their scores.
type sample struct {
	finding              string
	positives, negatives []stats.Sample
	missing              int
}

// score predicts all films, once each.
func score(h head.Head, test *head.Dataset) ([]sample, error) {
	if _, err := test.Check(); err != nil {
		return nil, err
	}
	column := make([]int, len(test.Findings))
	for f, name := range test.Findings {
		if column[f] = slices.Index(h.Findings(), name); column[f] < 0 {
			return nil, fmt.Errorf("report: the head does not know finding %q, only %q", name, h.Findings())
		}
	}
	patient := make([]int, len(test.Examples))
	for p, films := range test.Patients() {
		for _, i := range films {
			patient[i] = p
		}
	}
	samples := make([]sample, len(test.Findings))
	for i, e := range test.Examples {
		p, err := h.Predict(e.Embedding)
		if err != nil {
			return nil, fmt.Errorf("report: film %d: %w", i, err)
		}
		for f, c := range column {
			s := stats.Sample{Score: p[c], Patient: patient[i]}
			if !(s.Score >= 0 && s.Score <= 1) {
				return nil, fmt.Errorf("report: film %d: probability %v of %q", i, s.Score, test.Findings[f])
			}
			switch {
			case test.Weight(i) == 0:
			case e.Labels[f] == head.Positive:
				samples[f].positives = append(samples[f].positives, s)
			case e.Labels[f] == head.Negative:
				samples[f].negatives = append(samples[f].negatives, s)
			default:
				samples[f].missing++
			}
		}
	}
	for f, name := range test.Findings {
		if _, _, err := test.Classes(f); err != nil {
			return nil, err
		}
		samples[f].finding = name
	}
	return samples, nil
}

func (s *sample) report() FindingReport {
	auc := stats.NewAUC(s.positives, s.negatives)
	pos, neg := scoresOf(s.positives), scoresOf(s.negatives)
	f := FindingReport{
		Finding: s.finding, Films: len(pos) + len(neg), Positives: len(pos), Missing: s.missing, Patients: s.patients(),
		AUC: Interval{auc.Value, auc.Low, auc.High}, AUPRC: stats.AveragePrecision(pos, neg),
		ROC: roc(pos, neg), Calibration: calibrationBins(pos, neg), sample: *s,
	}
	f.Brier, f.LogLoss = lossesOf(pos, neg)
	for _, b := range f.Calibration {
		f.ECE += float64(b.Films) / float64(f.Films) * math.Abs(b.Predicted-b.Observed.Value)
	}
	f.PR = precisionRecall(f.ROC, len(pos), len(neg))
	f.warn(auc)
	return f
}

func scoresOf(samples []stats.Sample) []float64 {
	scores := make([]float64, len(samples))
	for i, s := range samples {
		scores[i] = s.Score
	}
	slices.Sort(scores)
	return scores
}

func (s *sample) patients() int {
	seen := map[int]bool{}
	for _, list := range [][]stats.Sample{s.positives, s.negatives} {
		for _, v := range list {
			seen[v.Patient] = true
		}
	}
	return len(seen)
}

// few films of a class say little: with 10 of each a 95 % interval of an AUC of
// 0.8 is some 0.4 wide.
const few = 10

func (f *FindingReport) warn(auc stats.AUC) {
	add := func(format string, args ...any) { f.Warnings = append(f.Warnings, fmt.Sprintf(format, args...)) }
	if n := f.Positives; n < few {
		add("only %d films with it", n)
	}
	if n := f.Films - f.Positives; n < few {
		add("only %d films without it", n)
	}
	if f.Patients < f.Films && f.Patients < 2*few {
		add("only %d patients", f.Patients)
	}
	if n := auc.PositivePatients; n < few && n < f.Positives {
		add("only %d patients with it", n)
	}
	if n := auc.NegativePatients; n < few && n < f.Films-f.Positives {
		add("only %d patients without it", n)
	}
	if f.AUC.Low <= 0.5 && f.AUC.High >= 0.5 {
		add("chance (AUC 0.5) is not excluded")
	}
}

// lossesOf probabilities: Brier score and log loss.
func lossesOf(positives, negatives []float64) (brier, logLoss float64) {
	for _, p := range positives {
		brier += (1 - p) * (1 - p)
		logLoss += stats.ProbabilityLoss(p, true)
	}
	for _, p := range negatives {
		brier += p * p
		logLoss += stats.ProbabilityLoss(p, false)
	}
	n := float64(len(positives) + len(negatives))
	return brier / n, logLoss / n
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
