package report

import (
	"context"
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// CrossOptions control [CrossValidate]. Nil means the zero value.
type CrossOptions struct {
	Title     string
	Folds     int // 0: 5
	Repeats   int // times that folds are dealt anew; 0: 3
	Seed      uint64
	Subgroups []string              // attributes of the films to evaluate apart by
	Progress  func(done, total int) // after each fit; nil: silent
}

// A Validation is how heads were cross-validated.
type Validation struct {
	Folds   int `json:"folds"`
	Repeats int `json:"repeats"`
}

func (v *Validation) String() string {
	return fmt.Sprintf("cross-validated by patient: %d folds, dealt %s; figures are those of heads trained on %d %% of the films",
		v.Folds, count(v.Repeats, "time"), 100*(v.Folds-1)/v.Folds)
}

// CrossValidate tests a trainer on films that are too few to part: below some
// hundred, what one split says is luck. Patients are dealt to folds; a head for
// each fold is trained on all others, and no film is scored by a head that has
// seen its patient. Choices that the trainer makes, it makes within the films
// that it trains on (a nested cross-validation of [head.Linear]'s candidates).
//
// The AUC is the mean over folds, with the interval of LeDell, Petersen and van
// der Laan (2015) by patient, larger by what training films in common hide
// (Nadeau and Bengio 2003). Other figures are over all films, each with the mean of
// its heads' probabilities. They tell of heads trained on such films; the head to
// use is one trained on all of them.
func CrossValidate(ctx context.Context, t head.Trainer, d *head.Dataset, o *CrossOptions) (*Report, error) {
	if o == nil {
		o = &CrossOptions{}
	}
	folds, repeats := o.Folds, o.Repeats
	if folds == 0 {
		folds = 5
	}
	if repeats == 0 {
		repeats = 3
	}
	if folds < 2 || repeats < 1 {
		return nil, fmt.Errorf("report: cross-validation in %d folds, %d times, want at least 2 and 1", folds, repeats)
	}
	if _, err := d.Check(); err != nil {
		return nil, err
	}
	samples, err := newSamples(d)
	if err != nil {
		return nil, err
	}
	c, err := crossScores(ctx, t, d, folds, repeats, o)
	if err != nil {
		return nil, err
	}
	patient := patientNumbers(d)
	r := &Report{Title: o.Title, Validated: &Validation{folds, repeats}}
	for f := range samples {
		s := &samples[f]
		for i := range d.Examples {
			var p, rank float64
			for k := range repeats {
				p += c.probability[k][i][f] / float64(repeats)
				rank += c.rank[k][i][f] / float64(repeats)
			}
			if err := s.add(d, i, f, p, rank, patient[i]); err != nil {
				return nil, err
			}
		}
	}
	for _, attribute := range o.Subgroups {
		groups, err := subgroups(samples, d, attribute)
		if err != nil {
			return nil, err
		}
		r.Subgroups = append(r.Subgroups, groups...)
	}
	for f := range samples {
		s := &samples[f]
		auc, used := c.area(s, f)
		if used == 0 {
			return nil, fmt.Errorf("report: finding %q: no fold of %d has films of both classes", s.finding, folds)
		}
		report := s.reportWith(auc)
		if used < folds*repeats {
			report.add("%d of %d folds have not films of both classes and count for nothing in its AUC", folds*repeats-used, folds*repeats)
		}
		r.Findings = append(r.Findings, report)
	}
	r.MacroAUC = macro(r.Findings)
	return r, nil
}

// crossScored are what heads say of the films that they have not seen.
type crossScored struct {
	probability, rank [][][]float64 // by repetition, film, finding
	fold              [][]int       // by repetition, film
}

func crossScores(ctx context.Context, t head.Trainer, d *head.Dataset, folds, repeats int, o *CrossOptions) (*crossScored, error) {
	c := &crossScored{}
	for r := range repeats {
		probability, rank, fold := make([][]float64, len(d.Examples)), make([][]float64, len(d.Examples)), make([]int, len(d.Examples))
		parts, err := foldPlaces(d, folds, o.Seed+uint64(r))
		if err != nil {
			return nil, err
		}
		for k, test := range parts {
			m, err := t.Fit(ctx, d.Subset(others(len(d.Examples), test)), nil)
			if err != nil {
				return nil, fmt.Errorf("report: fold %d of %d: %w", k+1, folds, err)
			}
			for _, i := range test {
				if probability[i], rank[i], err = m.Scores(d.Examples[i].Embedding); err != nil {
					return nil, fmt.Errorf("report: film %d: %w", i, err)
				}
				fold[i] = k
			}
			if o.Progress != nil {
				o.Progress(r*folds+k+1, repeats*folds)
			}
		}
		c.probability, c.rank, c.fold = append(c.probability, probability), append(c.rank, rank), append(c.fold, fold)
	}
	return c, nil
}

// foldPlaces deals the films, as places in d.
func foldPlaces(d *head.Dataset, folds int, seed uint64) ([][]int, error) {
	numbered := &head.Dataset{Findings: d.Findings, Weights: d.Weights, Examples: make([]head.Example, len(d.Examples))}
	place := make(map[string]int, len(d.Examples))
	for i, e := range d.Examples {
		e.Split = fmt.Sprint(i)
		place[e.Split] = i
		numbered.Examples[i] = e
	}
	list, err := head.KFold(numbered, folds, seed)
	if err != nil {
		return nil, err
	}
	parts := make([][]int, folds)
	for k, f := range list {
		for _, e := range f.Test.Examples {
			parts[k] = append(parts[k], place[e.Split])
		}
	}
	return parts, nil
}

func others(n int, test []int) (places []int) {
	in := make([]bool, n)
	for _, i := range test {
		in[i] = true
	}
	for i, t := range in {
		if !t {
			places = append(places, i)
		}
	}
	return places
}

// area of finding f over the films of its sample.
func (c *crossScored) area(s *sample, f int) (stats.AUC, int) {
	var patient []int
	var positive []bool
	score, fold := make([][]float64, len(c.rank)), make([][]int, len(c.rank))
	for k, film := range s.films {
		patient, positive = append(patient, film.Patient), append(positive, film.Positive)
		for r := range c.rank {
			score[r] = append(score[r], c.rank[r][s.places[k]][f])
			fold[r] = append(fold[r], c.fold[r][s.places[k]])
		}
	}
	a, used := stats.CrossValidated(patient, positive, score, fold)
	if math.IsNaN(a.Value) {
		return a, 0
	}
	return a, used
}
