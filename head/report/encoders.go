package report

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// An Encoding is films as an encoder sees them.
type Encoding struct {
	Name  string // of the encoder, in tables and figures
	Films *head.Dataset
}

// An EncoderComparison says which encoder serves a user's labels best. It renders
// itself: [EncoderComparison.String], [EncoderComparison.Figure].
type EncoderComparison struct {
	Names   []string
	Reports []*Report // of each encoder, cross-validated in the same folds

	// Against compares each encoder but the first, which is entry 0, with the first,
	// by finding: A is the encoder's area, B the first's. P values are corrected for
	// all of these comparisons. Sensitivity and Specificity are not compared.
	Against [][]Comparison
}

// CompareEncoders cross-validates a trainer on the same films as several encoders
// see them, in the same folds, and tests the difference of each encoder from the
// first: the test of [Compare] on cross-validated areas, whose variance is made
// larger as heads share training films (Nadeau and Bengio 2003). It asks which
// encoder gives the better heads, trained on such films. The films must be the
// same, in order, with the same labels and patients.
func CompareEncoders(ctx context.Context, t head.Trainer, encodings []Encoding, o *CrossOptions) (*EncoderComparison, error) {
	if len(encodings) < 2 {
		return nil, fmt.Errorf("report: comparing %s, want two or more", count(len(encodings), "encoder"))
	}
	if o == nil {
		o = &CrossOptions{}
	}
	c := &EncoderComparison{}
	for k, e := range encodings {
		if err := sameFilms(encodings[0].Films, e.Films); err != nil {
			return nil, fmt.Errorf("report: encoder %q: %w", e.Name, err)
		}
		one := *o
		if o.Progress != nil {
			one.Progress = func(done, total int) { o.Progress(k*total+done, len(encodings)*total) }
		}
		r, err := CrossValidate(ctx, t, e.Films, &one)
		if err != nil {
			return nil, fmt.Errorf("report: encoder %q: %w", e.Name, err)
		}
		c.Names, c.Reports = append(c.Names, e.Name), append(c.Reports, r)
	}
	c.compare()
	return c, nil
}

// sameFilms reports the first way in which two sets are not of the same films.
func sameFilms(a, b *head.Dataset) error {
	if len(a.Examples) != len(b.Examples) || strings.Join(a.Findings, "\n") != strings.Join(b.Findings, "\n") {
		return fmt.Errorf("%s and %d findings, the first encoder has %d and %d", count(len(b.Examples), "film"), len(b.Findings), len(a.Examples), len(a.Findings))
	}
	for i := range a.Examples {
		x, y := a.Examples[i], b.Examples[i]
		if x.Patient != y.Patient || a.Weight(i) != b.Weight(i) {
			return fmt.Errorf("film %d is of another patient or weight than the first encoder's", i)
		}
		if len(x.Labels) != len(y.Labels) {
			return errors.New("labels of another number")
		}
		for f, l := range x.Labels {
			if l != y.Labels[f] {
				return fmt.Errorf("film %d has another label than the first encoder's", i)
			}
		}
	}
	return nil
}

func (c *EncoderComparison) compare() {
	var all []Comparison
	var p []float64
	first := c.Reports[0]
	for _, r := range c.Reports[1:] {
		for f := range r.Findings {
			a, b := &r.Findings[f], &first.Findings[f]
			d := stats.Compare(a.auc, b.auc)
			all = append(all, Comparison{
				Finding: a.Finding, A: a.AUC, B: b.AUC, Difference: Interval{d.Value, d.Low, d.High}, P: d.P, difference: d,
				Sensitivity: SharesCompared{unknown, math.NaN()}, Specificity: SharesCompared{unknown, math.NaN()},
			})
			p = append(p, d.P)
		}
	}
	correct(all, p)
	findings := len(first.Findings)
	c.Against = append(c.Against, nil)
	for k := range c.Reports[1:] {
		c.Against = append(c.Against, all[k*findings:(k+1)*findings])
	}
}

// String is a table: of each finding the encoders, with their differences from the
// first.
func (c *EncoderComparison) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "finding\tencoder\tAUC\t95 %% interval\tless %s\tp\tp corrected\n", c.Names[0])
	for f := range c.Reports[0].Findings {
		for k, r := range c.Reports {
			one := &r.Findings[f]
			fmt.Fprintf(w, "%s\t%s\t%.3f\t%.3f to %.3f", one.Finding, c.Names[k], one.AUC.Value, one.AUC.Low, one.AUC.High)
			if k > 0 {
				d := c.Against[k][f]
				fmt.Fprintf(w, "\t%+.3f (%+.3f to %+.3f)\t%s\t%s", d.Difference.Value, d.Difference.Low, d.Difference.High, pValue(d.P), pValue(d.Holm))
			}
			fmt.Fprintln(w)
		}
	}
	w.Flush()
	fmt.Fprintf(&b, "%v\n", c.Reports[0].Validated)
	return b.String()
}

// Figure is a forest plot: of each finding the encoders' AUCs, with the difference
// of each from the first and its corrected p value.
func (c *EncoderComparison) Figure() *Figure {
	f := forest{name: "encoder", third: "difference", fourth: "p corrected"}
	for i, one := range c.Reports[0].Findings {
		name := fmt.Sprintf("%s: %d of %s", one.Finding, one.Positives, count(one.Films, "film"))
		f.rows = append(f.rows, forestLine{Name: name, AUC: unknown, style: headingLine})
		for k, r := range c.Reports {
			row := forestLine{Name: c.Names[k], AUC: r.Findings[i].AUC}
			if k > 0 {
				row.Third, row.Fourth = fmt.Sprintf("%+.3f", c.Against[k][i].Difference.Value), pValue(c.Against[k][i].Holm)
			}
			f.rows = append(f.rows, row)
		}
	}
	return forestFigure("Encoders, cross-validated by patient", f)
}

// PNG is the figure.
func (c *EncoderComparison) PNG() []byte { return c.Figure().PNG() }

// SVG is the figure.
func (c *EncoderComparison) SVG() string { return c.Figure().SVG() }
