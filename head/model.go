package head

import (
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Spec is all there is to a [Model], and what a model file holds.
type Spec struct {
	Findings []string
	Space    cxr.Space // of the embeddings that the head was trained on, and all that it accepts

	// Feature j of the mean over the tokens enters as (x-Mean[j])*Scale[j].
	Mean, Scale []float64

	// Queries weigh the tokens in that mean, for each finding differently: Findings x
	// Dim, row-major. The weights are the softmax over the tokens of the query times the
	// token, scaled by Scale. There is one layer then. Nil: all tokens count alike.
	Queries []float64

	// Layers follow each other with a ReLU between. The last has an output for
	// each finding, its log odds.
	Layers []Layer

	Calibrations []Calibration // one for each finding; nil: none
	Thresholds   []Threshold   // operating points, in any number
	Conformal    []Conformal   // one for each finding; nil: none, see [Model.Conform]
	Novelty      *Novelty      // nil: none, see [Model.WithNovelty]
	Training     Training
}

// A Layer is a dense layer: output k is Bias[k] + sum over j of
// Weights[k*In+j]*input j.
type Layer struct {
	In, Out int
	Weights []float64 // Out x In, row-major
	Bias    []float64 // Out
}

// MaxThreshold is the largest threshold: it calls no film positive.
const MaxThreshold = 1 + 0x1p-52

// A Threshold is an operating point chosen when the head was made: films with
// a probability of at least Value are called positive.
type Threshold struct {
	Finding string  `json:"finding"`
	Rule    string  `json:"rule"` // how it was chosen: "youden", "sensitivity 0.95"
	Value   float64 `json:"value"`
	Films   int     `json:"films,omitempty"` // that it was chosen on; 0: not told
}

// Training sums up how a head was made. It names no film and no patient.
type Training struct {
	Trainer  string             `json:"trainer"`  // "linear", "mlp"
	Settings map[string]float64 `json:"settings"` // of the trainer, by name
	Films    int                `json:"films"`
	Patients int                `json:"patients"`
	Counts   []Count            `json:"counts"` // by finding
}

// A Count is how many films have a finding, have it not, or are not labeled.
type Count struct {
	Positive int `json:"positive"`
	Negative int `json:"negative"`
	Missing  int `json:"missing"`
}

// A Model is the [Head] that the trainers here make: a linear probe or a small
// network, with everything that prediction needs. [Model.WriteTo] saves it.
type Model struct {
	spec  Spec
	first Layer // Layers[0] with the standardization folded in

	queries []float64 // Queries with Scale folded in
}

// NewModel makes a head of its parts, which it copies. It refuses parts that do
// not fit together and numbers that are not finite.
func NewModel(s Spec) (*Model, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	m := &Model{spec: s.clone()}
	l := m.spec.Layers[0]
	m.first = Layer{In: l.In, Out: l.Out, Weights: make([]float64, len(l.Weights)), Bias: slices.Clone(l.Bias)}
	for i, w := range l.Weights {
		j := i % l.In
		m.first.Weights[i] = w * s.Scale[j]
		m.first.Bias[i/l.In] -= m.first.Weights[i] * s.Mean[j]
	}
	for i, q := range s.Queries {
		m.queries = append(m.queries, q*s.Scale[i%l.In])
	}
	return m, nil
}

// Spec is a copy of the model's parts.
func (m *Model) Spec() Spec { return m.spec.clone() }

// Findings implements [Head].
func (m *Model) Findings() []string { return slices.Clone(m.spec.Findings) }

// Predict implements [Head].
func (m *Model) Predict(e *cxr.Embedding) ([]float64, error) {
	p, _, err := m.Scores(e)
	return p, err
}

// Scores are the probability of each finding, as of [Model.Predict], and the log
// odds, which rank films as the probabilities do but do not saturate: beyond 37
// the probability is 1. They are calibrated by Platt's curve; an isotonic one,
// which is level in parts, is left out of them.
func (m *Model) Scores(e *cxr.Embedding) (probabilities, logOdds []float64, err error) {
	z, err := m.logOdds(e)
	if err != nil {
		return nil, nil, err
	}
	p := make([]float64, len(z))
	for f, v := range z {
		if m.spec.Calibrations == nil {
			p[f] = sigmoid(v)
			continue
		}
		c := m.spec.Calibrations[f]
		p[f] = c.Apply(v)
		if len(c.LogOdds) == 0 {
			z[f] = c.Slope*v + c.Intercept
		}
	}
	return p, z, nil
}

// logOdds are the last layer's outputs.
func (m *Model) logOdds(e *cxr.Embedding) ([]float64, error) {
	if err := e.Check(m.spec.Space); err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	if m.queries != nil {
		return m.attended(e), nil
	}
	x := make([]float64, e.Dim)
	for j, v := range features(e) {
		x[j] = float64(v)
	}
	x = m.first.apply(x)
	for _, l := range m.spec.Layers[1:] {
		for k, v := range x {
			x[k] = max(v, 0)
		}
		x = l.apply(x)
	}
	return x, nil
}

// apply multiplies without fused multiply-adds, so that every machine gets the
// same bits, and in four sums, so that additions need not wait for each other.
func (l *Layer) apply(x []float64) []float64 {
	out := make([]float64, l.Out)
	for k := range out {
		var sums [4]float64
		w, x := l.Weights[k*l.In:(k+1)*l.In], x
		for len(w) >= 4 && len(x) >= 4 {
			sums[0] += float64(w[0] * x[0])
			sums[1] += float64(w[1] * x[1])
			sums[2] += float64(w[2] * x[2])
			sums[3] += float64(w[3] * x[3])
			w, x = w[4:], x[4:]
		}
		for j, v := range w {
			sums[0] += float64(v * x[j])
		}
		out[k] = l.Bias[k] + (sums[0] + sums[1]) + (sums[2] + sums[3])
	}
	return out
}

func (s *Spec) clone() Spec {
	c := *s
	c.Findings, c.Mean, c.Scale = slices.Clone(s.Findings), slices.Clone(s.Mean), slices.Clone(s.Scale)
	c.Queries = slices.Clone(s.Queries)
	c.Layers = slices.Clone(s.Layers)
	for i, l := range c.Layers {
		c.Layers[i].Weights, c.Layers[i].Bias = slices.Clone(l.Weights), slices.Clone(l.Bias)
	}
	c.Calibrations = slices.Clone(s.Calibrations)
	for i, k := range c.Calibrations {
		c.Calibrations[i].LogOdds, c.Calibrations[i].Probability = slices.Clone(k.LogOdds), slices.Clone(k.Probability)
	}
	c.Thresholds = slices.Clone(s.Thresholds)
	c.Conformal = slices.Clone(s.Conformal)
	c.Training.Counts = slices.Clone(s.Training.Counts)
	if s.Training.Settings != nil {
		c.Training.Settings = map[string]float64{}
		for k, v := range s.Training.Settings {
			c.Training.Settings[k] = v
		}
	}
	return c
}

// check reports the first part that does not fit.
func (s *Spec) check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("head: invalid model: "+format, args...)
	}
	switch dim := s.Space.Dim; {
	case len(s.Findings) == 0:
		return fail("no findings")
	case s.Space.Tokens < 1 || dim < 1:
		return fail("input of %d x %d", s.Space.Tokens, dim)
	case len(s.Mean) != dim || len(s.Scale) != dim:
		return fail("%d means and %d scales for %d features", len(s.Mean), len(s.Scale), dim)
	case len(s.Layers) == 0:
		return fail("no layers")
	case s.Conformal != nil && len(s.Conformal) != len(s.Findings):
		return fail("%d conformal bounds for %d findings", len(s.Conformal), len(s.Findings))
	case s.Calibrations != nil && len(s.Calibrations) != len(s.Findings):
		return fail("%d calibrations for %d findings", len(s.Calibrations), len(s.Findings))
	}
	in := s.Space.Dim
	for i, l := range s.Layers {
		if l.In != in || l.Out < 1 || len(l.Bias) != l.Out || len(l.Weights)%l.Out != 0 || len(l.Weights)/l.Out != l.In {
			return fail("layer %d: %d weights and %d biases for %d to %d, after %d outputs", i, len(l.Weights), len(l.Bias), l.In, l.Out, in)
		}
		in = l.Out
	}
	if in != len(s.Findings) {
		return fail("%d outputs for %d findings", in, len(s.Findings))
	}
	if err := s.checkQueries(); err != nil {
		return fail("%w", err)
	}
	for f, name := range s.Findings {
		if name == "" || !utf8.ValidString(name) || slices.Index(s.Findings, name) < f {
			return fail("finding %d is %q, again, empty or not UTF-8", f, name)
		}
	}
	for _, t := range s.Thresholds {
		if !slices.Contains(s.Findings, t.Finding) || !(t.Value >= 0 && t.Value <= MaxThreshold) {
			return fail("threshold %v of finding %q", t.Value, t.Finding)
		}
	}
	if s.Novelty != nil {
		if err := s.Novelty.check(s.Space); err != nil {
			return fail("novelty: %w", err)
		}
	}
	for f, c := range s.Conformal {
		if err := c.check(); err != nil {
			return fail("finding %q: %w", s.Findings[f], err)
		}
	}
	for f, c := range s.Calibrations {
		if err := c.check(); err != nil {
			return fail("finding %q: %w", s.Findings[f], err)
		}
	}
	if !finite(s.Mean) || !finite(s.Scale) {
		return fail("standardization is not finite")
	}
	for i, l := range s.Layers {
		if !finite(l.Weights) || !finite(l.Bias) {
			return fail("layer %d is not finite", i)
		}
	}
	return nil
}

func finite(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

func sigmoid(z float64) float64 {
	if z < 0 {
		e := math.Exp(z)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-z))
}
