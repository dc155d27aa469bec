package cxrbeam

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

func init() {
	register.DoFn4x1[context.Context, int64, Part, func(moments), error](&momentsFn{})
	register.DoFn4x1[context.Context, []byte, func(*moments) bool, func(state), error](&startFn{})
	register.DoFn5x1[context.Context, int64, Part, state, func(int64, piece), error](&partFn{})
	register.DoFn3x0[int64, func(*piece) bool, func(int64, piece)](&sumFn{})
	register.DoFn4x1[context.Context, state, func(*piece) bool, func(state), error](&stepFn{})
	register.DoFn2x1[context.Context, state, error](&saveFn{})
	register.Emitter2[int64, Part]()
	register.Emitter1[moments]()
	register.Emitter1[state]()
	register.Emitter2[int64, piece]()
	register.Iter1[moments]()
	register.Iter1[piece]()
	register.Function1x2(numbered)
}

// TrainOptions say what a head is trained on. Files are at the same paths on every
// worker.
type TrainOptions struct {
	Data     string   // folder of shards
	Labels   string   // CSV file, which each worker process reads once, into memory
	Findings []string // columns of it
	Split    string   // of the films to train on; empty: all
	C        float64  // as of [head.Linear]
	Steps    int      // of Newton's method at most; 0: 16. Some 8 are needed, and those left over cost nothing but their shuffles
	Save     string   // .cxrhead file to write
}

// Train trains a linear head on shards, by Newton's method: the same optimum as
// [head.Linear] finds. The steps follow one another in the pipeline, which is one
// job: in each, workers sum up slope and curvature of the loss over their films,
// and one worker adds the sums and goes on. It holds dim^2 values of 8 bytes for
// each finding.
func Train(s beam.Scope, o *TrainOptions) error {
	switch {
	case o.Data == "" || o.Labels == "" || len(o.Findings) == 0 || o.Save == "":
		return errors.New("train: data, labels, findings and a file to save to are needed")
	case o.C < 0 || o.Steps < 0 || o.Steps > 100:
		return fmt.Errorf("train: C %v and %d steps, want none below 0 and at most 100 steps", o.C, o.Steps)
	}
	list, space, err := partsOf(o.Data)
	if err != nil {
		return err
	}
	t := training{*o, space, int64(len(list))}
	if t.C == 0 {
		t.C = 10 / float64(space.Dim)
	}
	s = s.Scope("Train")
	parts := beam.ParDo(s, numbered, beam.Reshuffle(s, beam.CreateList(s, list)))
	moments := beam.SideInput{Input: beam.ParDo(s, &momentsFn{t}, parts)}
	current := beam.ParDo(s, &startFn{t}, beam.Impulse(s), moments)
	for i := range cmp.Or(t.Steps, 16) {
		s := s.Scope(fmt.Sprintf("Step%d", i))
		byGroup := beam.ParDo(s, &partFn{t}, parts, beam.SideInput{Input: current})
		byNumber := beam.ParDo(s, &sumFn{}, beam.GroupByKey(s, byGroup))
		total := beam.DropKey(s, beam.ParDo(s, &sumFn{}, beam.GroupByKey(s, byNumber)))
		current = beam.ParDo(s, &stepFn{t}, current, beam.SideInput{Input: total})
	}
	beam.ParDo0(s, &saveFn{t}, current)
	return nil
}

func numbered(p Part) (int64, Part) { return p.First / partRows, p }

// A training is what all steps know.
type training struct {
	TrainOptions
	Space cxr.Space
	Parts int64
}

// A state is where the minimization is. Vectors of findings follow one another.
type state struct {
	Mean, Scale     []float64
	Weights, Before []float64 // dim+1 of each finding: the last is the intercept; Before is a step earlier
	Loss, Slope     []float64 // at Before, and the length of the gradient at Weights when Done
	Done            []bool    // by finding
	Films, Patients int64
	Counts          []int64 // positive, negative and missing of each finding
}

// moments sum up features and labels of a part.
type moments struct {
	Part     int64
	Weight   float64
	Mean, M2 []float64
	Classes  []float64 // weights of positive and negative films of each finding
	Counts   []int64
	Rows     []int64 // of the labels
	Patients []int64
	Alone    int64 // films of no known patient
}

// A momentsFn sums up a part.
type momentsFn struct{ T training }

// ProcessElement sums up.
func (f *momentsFn) ProcessElement(ctx context.Context, number int64, p Part, emit func(moments)) error {
	examples, err := p.examples(f.T.Data, f.T.Labels, f.T.Findings, f.T.Split)
	if err != nil {
		return err
	}
	n := len(f.T.Findings)
	m := moments{Part: number, Mean: make([]float64, f.T.Space.Dim), M2: make([]float64, f.T.Space.Dim), Classes: make([]float64, 2*n), Counts: make([]int64, 3*n)}
	var x []float32
	for _, e := range examples {
		x = e.embedding.Mean(x[:0])
		m.add(x, e.label.Weight)
		m.Rows = append(m.Rows, int64(e.row))
		if id := patient(e.label.Patient); id != 0 {
			m.Patients = append(m.Patients, id)
		} else {
			m.Alone++
		}
		for k, l := range e.label.Labels {
			switch l {
			case head.Positive:
				m.Classes[2*k] += e.label.Weight
				m.Counts[3*k]++
			case head.Negative:
				m.Classes[2*k+1] += e.label.Weight
				m.Counts[3*k+1]++
			default:
				m.Counts[3*k+2]++
			}
		}
	}
	slices.Sort(m.Patients)
	m.Patients = slices.Compact(m.Patients)
	beam.NewCounter("cxrkit", "trained-on").Inc(ctx, int64(len(examples)))
	emit(m)
	return nil
}

// add adds a film, by Welford's update.
func (m *moments) add(x []float32, weight float64) {
	if m.Weight += weight; weight == 0 {
		return
	}
	for j, v := range x {
		d := float64(v) - m.Mean[j]
		m.Mean[j] += d * weight / m.Weight
		m.M2[j] += weight * d * (float64(v) - m.Mean[j])
	}
}

// join adds another part (Chan, Golub and LeVeque 1983).
func (m *moments) join(o *moments) {
	total := m.Weight + o.Weight
	for j := range m.Mean {
		if total > 0 {
			d := o.Mean[j] - m.Mean[j]
			m.Mean[j] += d * o.Weight / total
			m.M2[j] += o.M2[j] + d*d*m.Weight*o.Weight/total
		}
	}
	m.Weight = total
	for k, v := range o.Classes {
		m.Classes[k] += v
	}
	for k, v := range o.Counts {
		m.Counts[k] += v
	}
	m.Rows = append(m.Rows, o.Rows...)
	m.Patients = append(m.Patients, o.Patients...)
	m.Alone += o.Alone
}

// A startFn makes the first state.
type startFn struct{ T training }

// ProcessElement joins all parts, in their order, so that equal films give equal
// heads.
func (f *startFn) ProcessElement(_ context.Context, _ []byte, parts func(*moments) bool, emit func(state)) error {
	var all []moments
	for m := (moments{}); parts(&m); m = (moments{}) {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b moments) int { return cmp.Compare(a.Part, b.Part) })
	m := all[0]
	for i := range all[1:] {
		m.join(&all[i+1])
	}
	if err := f.check(&m); err != nil {
		return err
	}
	dim, n := f.T.Space.Dim, len(f.T.Findings)
	s := state{
		Mean: m.Mean, Scale: make([]float64, dim), Weights: make([]float64, n*(dim+1)), Before: make([]float64, n*(dim+1)),
		Loss: make([]float64, n), Slope: make([]float64, n), Done: make([]bool, n), Counts: m.Counts, Films: int64(len(m.Rows)),
	}
	for j, v := range m.M2 { // as internal/standard has it
		if deviation := math.Sqrt(v / m.Weight); deviation > 1e-12*math.Abs(m.Mean[j]) && deviation > 0 {
			s.Scale[j] = 1 / deviation
		}
	}
	for k := range n {
		s.Loss[k] = math.MaxFloat64
		s.Weights[k*(dim+1)+dim] = math.Log(m.Classes[2*k] / m.Classes[2*k+1])
	}
	slices.Sort(m.Patients)
	s.Patients = int64(len(slices.Compact(m.Patients))) + m.Alone
	emit(s)
	return nil
}

func (f *startFn) check(m *moments) error {
	for k, name := range f.T.Findings {
		if !(m.Classes[2*k] > 0 && m.Classes[2*k+1] > 0) {
			return fmt.Errorf("train: finding %q: %d films with it and %d without that count, want both", name, m.Counts[3*k], m.Counts[3*k+1])
		}
	}
	labels, err := labelsOf(f.T.Labels, f.T.Findings)
	if err != nil {
		return err
	}
	slices.Sort(m.Rows)
	if n := len(m.Rows) - len(slices.Compact(slices.Clone(m.Rows))); n > 0 && labels.Columns.Image != "" {
		return fmt.Errorf("train: %w: %d embeddings share a row of the labels with another", cxr.ErrDuplicate, n)
	}
	return nil
}

// A saveFn writes the head.
type saveFn struct{ T training }

// ProcessElement writes the last state.
func (f *saveFn) ProcessElement(_ context.Context, s state) error {
	dim := f.T.Space.Dim
	spec := head.Spec{
		Findings: f.T.Findings, Space: f.T.Space, Mean: s.Mean, Scale: s.Scale, Layers: []head.Layer{{In: dim, Out: len(f.T.Findings)}},
		Training: head.Training{Trainer: "linear", Settings: map[string]float64{"C": f.T.C, "L1Ratio": 0}, Films: int(s.Films), Patients: int(s.Patients)},
	}
	for k, name := range f.T.Findings {
		if !s.Done[k] {
			return fmt.Errorf("train: finding %q: not at the optimum, the gradient is %.3g; take more steps", name, s.Slope[k])
		}
		w := s.Weights[k*(dim+1):]
		spec.Layers[0].Weights = append(spec.Layers[0].Weights, w[:dim]...)
		spec.Layers[0].Bias = append(spec.Layers[0].Bias, w[dim])
		spec.Training.Counts = append(spec.Training.Counts, head.Count{Positive: int(s.Counts[3*k]), Negative: int(s.Counts[3*k+1]), Missing: int(s.Counts[3*k+2])})
	}
	m, err := head.NewModel(spec)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return err
	}
	return atomicfile.WriteFile(f.T.Save, b.Bytes())
}
