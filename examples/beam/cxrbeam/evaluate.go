package cxrbeam

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

func init() {
	beam.RegisterType(reflect.TypeFor[judged]())
	register.DoFn3x1[context.Context, int64, Part, error](&scoreFn{})
	register.DoFn4x1[context.Context, int64, Part, func(int64, judged), error](&judgeFn{})
	register.DoFn3x1[int64, func(*judged) bool, func(int64, string), error](&figuresFn{})
	register.DoFn3x1[context.Context, int64, func(*string) bool, error](&evaluationFn{})
	register.Emitter2[int64, judged]()
	register.Iter1[judged]()
}

// EvaluationFile has a line for each finding.
const EvaluationFile = "evaluation.jsonl"

// Score writes the probability of each finding for each film of a folder of
// shards to CSV files in output, one for each 2048 films in order of the shards.
// model is a .cxrhead file.
func Score(s beam.Scope, data, model, output string) error {
	if data == "" || model == "" || output == "" {
		return errors.New("score: data, a model and an output are needed")
	}
	list, _, err := partsOf(data)
	if err != nil {
		return err
	}
	s = s.Scope("Score")
	beam.ParDo0(s, &scoreFn{data, model, output}, beam.ParDo(s, numbered, beam.Reshuffle(s, beam.CreateList(s, list))))
	return nil
}

// A scoreFn writes the scores of a part.
type scoreFn struct{ Data, Model, Output string }

// ProcessElement writes the file of a part.
func (f *scoreFn) ProcessElement(ctx context.Context, number int64, p Part) error {
	m, err := modelOf(f.Model)
	if err != nil {
		return err
	}
	r, err := readerOf(f.Data, p.Of)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(append([]string{"image_id"}, m.Findings()...))
	for i := p.First; i < p.End; i++ {
		e := r.Embedding(int(i))
		probabilities, err := m.Predict(e)
		if err != nil {
			return err
		}
		line := []string{e.ID}
		for _, v := range probabilities {
			line = append(line, strconv.FormatFloat(v, 'g', -1, 64))
		}
		w.Write(line)
	}
	if w.Flush(); w.Error() != nil {
		return w.Error()
	}
	folder, closer, err := openFolder(ctx, f.Output)
	if err != nil {
		return err
	}
	defer closer()
	beam.NewCounter("cxrkit", "scored").Inc(ctx, p.End-p.First)
	return folder.WriteFile(ctx, fmt.Sprintf("scores-%06d.csv", number), b.Bytes())
}

// EvaluateOptions say what judges a head.
type EvaluateOptions struct {
	Data, Labels, Model string // as of [TrainOptions]
	Split               string // of the films to judge by; empty: all
	Output              string // folder for EvaluationFile
}

// A judged film: its score, for one finding.
type judged struct {
	Order       int64 // of the film
	Score       float64
	Probability float64
	Patient     int64 // 0: one of its own
	Positive    bool
}

// An evaluation is a line of [EvaluationFile].
type evaluation struct {
	Finding                    string
	AUC, Low, High             float64
	AUPRC, Brier, LogLoss, ECE float64
	Films, Positive            int
}

// Evaluate judges a head on films that it has not seen: area under the ROC curve
// with its interval by patient, and the figures of calibration. One worker holds
// the scores of all films for a finding, 40 bytes each.
func Evaluate(s beam.Scope, o *EvaluateOptions) error {
	if o.Data == "" || o.Labels == "" || o.Model == "" || o.Output == "" {
		return errors.New("evaluate: data, labels, a model and an output are needed")
	}
	m, err := modelOf(o.Model)
	if err != nil {
		return err
	}
	list, _, err := partsOf(o.Data)
	if err != nil {
		return err
	}
	s = s.Scope("Evaluate")
	parts := beam.ParDo(s, numbered, beam.Reshuffle(s, beam.CreateList(s, list)))
	films := beam.ParDo(s, &judgeFn{*o, m.Findings()}, parts)
	lines := beam.ParDo(s, &figuresFn{m.Findings()}, beam.GroupByKey(s, films))
	beam.ParDo0(s, &evaluationFn{o.Output}, beam.GroupByKey(s, lines))
	return nil
}

// A judgeFn scores labeled films.
type judgeFn struct {
	Options  EvaluateOptions
	Findings []string
}

// ProcessElement emits scores by finding.
func (f *judgeFn) ProcessElement(ctx context.Context, number int64, p Part, emit func(int64, judged)) error {
	m, err := modelOf(f.Options.Model)
	if err != nil {
		return err
	}
	examples, err := p.examples(f.Options.Data, f.Options.Labels, f.Findings, f.Options.Split)
	if err != nil {
		return err
	}
	for i, e := range examples {
		switch e.label.Weight {
		case 0:
			continue
		case 1:
		default:
			return fmt.Errorf("evaluate: a film has the weight %v: films count equally here, want 1, or 0 to leave a film out", e.label.Weight)
		}
		probabilities, odds, err := m.Scores(e.embedding)
		if err != nil {
			return err
		}
		for k, l := range e.label.Labels {
			if l == head.Positive || l == head.Negative {
				emit(int64(k), judged{number*partRows + int64(i), odds[k], probabilities[k], patient(e.label.Patient), l == head.Positive})
			}
		}
	}
	beam.NewCounter("cxrkit", "evaluated").Inc(ctx, int64(len(examples)))
	return nil
}

// A figuresFn makes the figures of a finding.
type figuresFn struct{ Findings []string }

// ProcessElement emits a line.
func (f *figuresFn) ProcessElement(finding int64, films func(*judged) bool, emit func(int64, string)) error {
	var all []judged
	for j := (judged{}); films(&j); {
		all = append(all, j)
	}
	slices.SortFunc(all, func(a, b judged) int { return cmp.Compare(a.Order, b.Order) })
	numbers := map[int64]int{}
	next := 0
	list := make([]stats.Film, len(all))
	for i, j := range all {
		n, known := numbers[j.Patient]
		if !known || j.Patient == 0 {
			n = next
			next++
			numbers[j.Patient] = n
		}
		list[i] = stats.Film{Score: j.Score, Probability: j.Probability, Patient: n, Positive: j.Positive}
	}
	name := f.Findings[finding]
	positives, negatives := stats.Classes(list)
	if len(positives) == 0 || len(negatives) == 0 {
		return fmt.Errorf("evaluate: finding %q: %d films with it and %d without, want both", name, len(positives), len(negatives))
	}
	a, figures := stats.NewAUC(positives, negatives), stats.FiguresOf(list)
	line, err := json.Marshal(evaluation{name, a.Value, a.Low, a.High, figures.AUPRC, figures.Brier, figures.LogLoss, figures.ECE, len(list), len(positives)})
	if err == nil {
		emit(0, string(line))
	}
	return err
}

// An evaluationFn writes the file.
type evaluationFn struct{ Output string }

// ProcessElement writes all lines.
func (f *evaluationFn) ProcessElement(ctx context.Context, _ int64, lines func(*string) bool) error {
	return (&linesFile{f.Output, EvaluationFile}).write(ctx, lines)
}
