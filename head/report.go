package head

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Report says how good a head is on films it has not seen.
type Report struct{ Findings []FindingReport }

// A FindingReport is the part of a [Report] about one finding, over the films
// whose label is known.
type FindingReport struct {
	Finding          string
	Films, Positives int
	AUC              float64 // area under the ROC curve; ties count half
	AUCLow, AUCHigh  float64 // its 95 % interval (DeLong 1988); films are taken as independent
	ROC              []ROCPoint
}

// A ROCPoint is one point of a ROC curve: a film is called positive if its
// score is at least Threshold.
type ROCPoint struct{ Threshold, Sensitivity, Specificity float64 }

// Evaluate scores the films of test and compares with their labels. Each
// finding needs a film with it and one without.
func Evaluate(h Head, test *Dataset) (*Report, error) {
	if _, err := test.check(); err != nil {
		return nil, err
	}
	if !slices.Equal(h.Findings(), test.Findings) {
		return nil, fmt.Errorf("head: the head scores %q, the films are labelled for %q", h.Findings(), test.Findings)
	}
	scores := make([][]float64, len(test.Examples))
	for i, e := range test.Examples {
		p, err := h.Predict(e.Embedding)
		if err != nil {
			return nil, fmt.Errorf("head: film %d: %w", i, err)
		}
		scores[i] = p
	}
	r := &Report{}
	for f, name := range test.Findings {
		positives, negatives, err := test.classes(f)
		if err != nil {
			return nil, err
		}
		pos, neg := pick(scores, positives, f), pick(scores, negatives, f)
		auc := stats.NewAUC(pos, neg)
		r.Findings = append(r.Findings, FindingReport{
			Finding: name, Films: len(pos) + len(neg), Positives: len(pos),
			AUC: auc.Value, AUCLow: auc.Low, AUCHigh: auc.High, ROC: roc(pos, neg),
		})
	}
	return r, nil
}

func pick(scores [][]float64, at []int, f int) []float64 {
	out := make([]float64, len(at))
	for k, i := range at {
		out[k] = scores[i][f]
	}
	return out
}

// roc walks the thresholds from above every score, where nothing is called
// positive, down to the lowest, where everything is.
func roc(positives, negatives []float64) []ROCPoint {
	thresholds := slices.Concat(positives, negatives)
	slices.Sort(thresholds)
	thresholds = slices.Compact(thresholds)
	slices.Reverse(thresholds)
	slices.Sort(positives)
	slices.Sort(negatives)
	share := func(sorted []float64, threshold float64) float64 {
		i, _ := slices.BinarySearch(sorted, threshold)
		return float64(len(sorted)-i) / float64(len(sorted))
	}
	points := []ROCPoint{{math.Inf(1), 0, 1}}
	for _, t := range thresholds {
		points = append(points, ROCPoint{t, share(positives, t), 1 - share(negatives, t)})
	}
	return points
}

// String is a table: finding, AUC, its 95 % interval, positive and all films.
func (r *Report) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "finding\tAUC\t95 % interval\tpositive\tfilms")
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%s\t%.2f\t%.2f to %.2f\t%d\t%d\n", f.Finding, f.AUC, f.AUCLow, f.AUCHigh, f.Positives, f.Films)
	}
	w.Flush()
	return b.String()
}
