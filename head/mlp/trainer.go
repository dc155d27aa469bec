package mlp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/standard"
)

// An Optimizer is a rule by which gradients change weights.
type Optimizer int

// Optimizers.
const (
	Adam Optimizer = iota // Kingma and Ba 2015
	LARS                  // You, Gitman and Ginsburg 2017: steps in proportion to each layer's weights; biases and normalization move at the plain rate
)

// A Schedule is the way of the learning rate over the steps.
type Schedule int

// Schedules.
const (
	Constant Schedule = iota
	Cosine            // from Rate down to 0 over all steps
)

// String is "adam" or "lars".
func (o Optimizer) String() string {
	switch o {
	case Adam:
		return "adam"
	case LARS:
		return "lars"
	}
	return fmt.Sprintf("optimizer %d", int(o))
}

// String is "constant" or "cosine".
func (s Schedule) String() string {
	switch s {
	case Constant:
		return "constant"
	case Cosine:
		return "cosine"
	}
	return fmt.Sprintf("schedule %d", int(s))
}

// A Trainer is a [head.Trainer] of networks: dense layers, each followed by
// ReLU, batch normalization and dropout, and a dense layer with an output for
// each finding. The loss is the weighted mean of the cross-entropy over the
// labels that are known. Below some 150 films a [head.Linear] does as well or
// better. The zero Trainer is ready. It may be used by several goroutines at once,
// unless OnEpoch objects; equal films, options and machine give equal heads.
type Trainer struct {
	Hidden  []int   // units of the hidden layers; nil: 512 and 256
	Dropout float64 // share of units left out in training, 0 to below 1
	L2      float64 // penalty on weights, not on biases: the gradient gains L2*w

	Optimizer Optimizer
	Schedule  Schedule
	Rate      float64 // 0: 0.001 for Adam, 0.1 for LARS

	Networks  int     // trained with seeds of their own and joined into one that gives their mean log odds; 0: 3
	Epochs    int     // passes over the films; 0: 30
	BatchSize int     // films a step; batches differ by at most one film; 0: 512
	Patience  int     // 0: the last epoch is taken; else that of the best AUC on the tuning films, and so many epochs without a better one end training
	Momentum  float64 // share of batch normalization's running statistics that a step leaves; the first steps count alike. 0: 0.9. Keras has 0.99
	Seed      uint64  // of the starting weights, the order of films and dropout
	Raw       bool    // features as they are, else standardized over the training films

	OnEpoch func(Epoch) // told of every epoch; may be nil
}

// An Epoch is what became of one pass over the films.
type Epoch struct {
	Network  int     // from 1
	Number   int     // from 1
	Loss     float64 // mean over the steps, in training mode
	TuneLoss float64 // of the tuning films; NaN without any
	TuneAUC  float64 // mean over the findings that have both classes there; NaN without any
	Best     bool    // with Patience, the best so far, by TuneAUC
}

// Published is the head of CXR Foundation's training script: LARS at a constant
// rate of 0.1 for 300 epochs, one network, features as they are, Keras's momentum.
// One thing differs: TensorFlow's LARS, left as it comes, scales the steps of biases
// and of batch normalization too, once they are not 0.
func Published() Trainer {
	return Trainer{Optimizer: LARS, Networks: 1, Epochs: 300, Momentum: 0.99, Raw: true}
}

// Fit implements [head.Trainer]. The films of tune choose nothing, unless Patience
// asks for it, and serve to calibrate the model ([head.Model.Calibrate]) and to
// choose thresholds; epochs are told how it does on them.
func (t Trainer) Fit(ctx context.Context, train, tune *head.Dataset) (*head.Model, error) {
	space, err := train.Check()
	if err != nil {
		return nil, err
	}
	o, err := t.options()
	if err != nil {
		return nil, err
	}
	for f := range train.Findings {
		if _, _, err := train.Classes(f); err != nil {
			return nil, err
		}
	}
	var tuning *films
	mean, scale := standard.Raw(space.Dim)
	if !o.Raw {
		mean, scale = standard.Fit(train.Features(), train.Weight, space.Dim)
	}
	if tune != nil {
		other, err := tune.Check()
		if err != nil {
			return nil, fmt.Errorf("mlp: tuning films: %w", err)
		}
		if other != space || !slices.Equal(tune.Findings, train.Findings) {
			return nil, errors.New("mlp: tuning films have other embeddings or findings than the training films")
		}
		tuning = newFilms(tune, mean, scale)
	}
	if o.Patience > 0 && !tuning.bothClasses() {
		return nil, errors.New("mlp: Patience needs tuning films of both classes of a finding: give them, or leave Patience out")
	}
	data := newFilms(train, mean, scale)
	var networks [][]head.Layer
	for n := range o.Networks {
		layers, err := o.run(ctx, n, data, tuning)
		if err != nil {
			return nil, fmt.Errorf("mlp: %w", err)
		}
		networks = append(networks, layers)
	}
	return head.NewModel(head.Spec{
		Findings: train.Findings, Space: space, Mean: mean, Scale: scale, Layers: join(networks),
		Training: head.NewTraining("mlp", train, o.settings()),
	})
}

// options are t with what is left out.
func (t Trainer) options() (*Trainer, error) {
	o := t
	if o.Hidden == nil {
		o.Hidden = []int{512, 256}
	}
	if o.Rate == 0 {
		o.Rate = map[Optimizer]float64{Adam: 0.001, LARS: 0.1}[o.Optimizer]
	}
	for value, otherwise := range map[*int]int{&o.Networks: 3, &o.Epochs: 30, &o.BatchSize: 512} {
		if *value == 0 {
			*value = otherwise
		}
	}
	if o.Momentum == 0 {
		o.Momentum = 0.9
	}
	switch {
	case slices.ContainsFunc(o.Hidden, func(n int) bool { return n < 1 || n > 1<<16 }):
		return nil, fmt.Errorf("mlp: hidden layers of %v units", o.Hidden)
	case !(o.Dropout >= 0 && o.Dropout < 1):
		return nil, fmt.Errorf("mlp: Dropout is %v, want 0 to below 1", o.Dropout)
	case !(o.L2 >= 0) || math.IsInf(o.L2, 0):
		return nil, fmt.Errorf("mlp: L2 is %v, want 0 or more", o.L2)
	case o.Optimizer != Adam && o.Optimizer != LARS:
		return nil, fmt.Errorf("mlp: %v, want %v or %v", o.Optimizer, Adam, LARS)
	case o.Schedule != Constant && o.Schedule != Cosine:
		return nil, fmt.Errorf("mlp: %v, want %v or %v", o.Schedule, Constant, Cosine)
	case !(o.Rate > 0) || math.IsInf(o.Rate, 0):
		return nil, fmt.Errorf("mlp: Rate is %v, want a positive number", o.Rate)
	case o.Networks < 1 || o.Networks > 64:
		return nil, fmt.Errorf("mlp: %d networks, want 1 to 64", o.Networks)
	case o.Epochs < 1 || o.BatchSize < 2 || o.Patience < 0:
		return nil, fmt.Errorf("mlp: %d epochs, batches of %d and patience of %d, want at least 1, 2 and 0", o.Epochs, o.BatchSize, o.Patience)
	case !(o.Momentum >= 0 && o.Momentum < 1):
		return nil, fmt.Errorf("mlp: Momentum is %v, want 0 to below 1", o.Momentum)
	}
	return &o, nil
}

func (t *Trainer) settings() map[string]float64 {
	s := map[string]float64{
		"Dropout": t.Dropout, "L2": t.L2, "Rate": t.Rate, "Epochs": float64(t.Epochs), "BatchSize": float64(t.BatchSize), "Networks": float64(t.Networks),
		"Patience": float64(t.Patience), "Momentum": t.Momentum, "Seed": float64(t.Seed), t.Optimizer.String(): 1, t.Schedule.String(): 1,
	}
	for i, n := range t.Hidden {
		s[fmt.Sprint("Hidden ", i+1)] = float64(n)
	}
	return s
}

// run trains network number k and returns its layers.
func (t *Trainer) run(ctx context.Context, k int, data, tune *films) ([]head.Layer, error) {
	one := *t
	one.Seed += uint64(k) << 40 // far from those that callers choose for others
	t = &one
	steps := (data.n + t.BatchSize - 1) / t.BatchSize
	capacity := (data.n + steps - 1) / steps
	n, err := newNetwork(t, data, capacity)
	if err != nil {
		return nil, err
	}
	defer n.close()
	order := make([]int, data.n)
	for i := range order {
		order[i] = i
	}
	rng := rand.New(rand.NewPCG(t.Seed, 0x6f72646572))
	opt := newOptimizer(t, n.parameters)
	var best []head.Layer
	bestAUC, since := math.Inf(-1), 0
	for e := range t.Epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		var loss float64
		for s := range steps {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			v, err := n.step(data, order[s*data.n/steps:(s+1)*data.n/steps])
			if err != nil {
				return nil, err
			}
			loss += v / float64(steps)
			opt.step(t.rate(e*steps+s, t.Epochs*steps))
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return nil, fmt.Errorf("the loss of epoch %d is %v: a lower Rate may help", e+1, loss)
		}
		report := Epoch{Network: k + 1, Number: e + 1, Loss: loss, TuneLoss: math.NaN(), TuneAUC: math.NaN()}
		if tune != nil && (t.Patience > 0 || t.OnEpoch != nil) {
			layers := n.layers()
			report.TuneLoss, report.TuneAUC = tune.evaluate(layers)
			since++
			if t.Patience > 0 && report.TuneAUC > bestAUC {
				best, bestAUC, since, report.Best = layers, report.TuneAUC, 0, true
			}
		}
		if t.OnEpoch != nil {
			t.OnEpoch(report)
		}
		if t.Patience > 0 && since >= t.Patience {
			break
		}
	}
	if best == nil {
		best = n.layers()
	}
	return best, nil
}

func (t *Trainer) rate(step, steps int) float64 {
	if t.Schedule == Cosine {
		return t.Rate * (1 + math.Cos(math.Pi*float64(step)/float64(steps))) / 2
	}
	return t.Rate
}
