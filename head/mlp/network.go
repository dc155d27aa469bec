package mlp

import (
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/graph"
)

// A network is the graph of one training run, with its parameters.
type network struct {
	trainer  *Trainer
	capacity int // films that the graph has room for
	rows     int // films of the step under way
	rng      *rand.Rand

	x, y, w    []float32 // of the step's films
	parameters []*parameter
	dense      []*dense
	norms      []*norm

	loss  *gorgonia.Node
	grads gorgonia.Nodes // of parameters, in order
	vm    gorgonia.VM
}

// newNetwork builds the graph and its gradients, with He's uniform starting
// weights.
func newNetwork(t *Trainer, data *films, capacity int) (*network, error) {
	graph.Lock.Lock()
	defer graph.Lock.Unlock()
	n := &network{trainer: t, capacity: capacity, rng: rand.New(rand.NewPCG(t.Seed, 0x6d6c70))}
	n.x, n.y, n.w = make([]float32, capacity*data.dim), make([]float32, capacity*data.findings), make([]float32, capacity*data.findings)
	g := gorgonia.NewGraph()
	node := graph.Input(g, "films", n.x)
	var err error
	var wrt gorgonia.Nodes
	parameter := func(name string, value []float32, weights bool) *gorgonia.Node {
		p := &parameter{value: value, weights: weights}
		n.parameters = append(n.parameters, p)
		wrt = append(wrt, graph.Input(g, name, value))
		return wrt[len(wrt)-1]
	}
	width := data.dim
	for _, units := range t.Hidden {
		d := &dense{network: n, in: width, out: units, relu: true, weights: n.heUniform(width, units), bias: make([]float32, units), first: len(n.dense) == 0}
		n.dense = append(n.dense, d)
		if node, err = d.apply(node, parameter("weights", d.weights, true), parameter("bias", d.bias, false)); err != nil {
			return nil, err
		}
		b := newNorm(n, units)
		n.norms = append(n.norms, b)
		if node, err = b.apply(node, parameter("gamma", b.gamma, false), parameter("beta", b.beta, false)); err != nil {
			return nil, err
		}
		if t.Dropout > 0 {
			if node, err = n.dropout(node, units); err != nil {
				return nil, err
			}
		}
		width = units
	}
	d := &dense{network: n, in: width, out: data.findings, weights: n.heUniform(width, data.findings), bias: make([]float32, data.findings), first: len(n.dense) == 0}
	n.dense = append(n.dense, d)
	if node, err = d.apply(node, parameter("weights", d.weights, true), parameter("bias", d.bias, false)); err != nil {
		return nil, err
	}
	if n.loss, err = n.crossEntropy(node, data.findings); err != nil {
		return nil, err
	}
	if n.grads, err = gorgonia.Grad(n.loss, wrt...); err != nil {
		return nil, err
	}
	n.vm = graph.Machine(g)
	return n, nil
}

// heUniform is starting weights in -limit..limit, limit = sqrt(6/in), in x out.
func (n *network) heUniform(in, out int) []float32 {
	limit := math.Sqrt(6 / float64(in))
	w := make([]float32, in*out)
	for i := range w {
		w[i] = float32((2*n.rng.Float64() - 1) * limit)
	}
	return w
}

// step computes the loss of some films and leaves the gradients in the
// parameters.
func (n *network) step(data *films, at []int) (loss float64, err error) {
	n.rows = len(at)
	for r, i := range at {
		copy(n.x[r*data.dim:][:data.dim], data.x[i*data.dim:])
		copy(n.y[r*data.findings:][:data.findings], data.y[i*data.findings:])
		copy(n.w[r*data.findings:][:data.findings], data.w[i*data.findings:])
	}
	defer n.vm.Reset()
	if err := n.vm.RunAll(); err != nil {
		return 0, err
	}
	for i, g := range n.grads {
		n.parameters[i].gradient = g.Value().Data().([]float32)
	}
	return float64(n.loss.Value().Data().(float32)), nil
}

func (n *network) close() { n.vm.Close() }

// layers are the network in use: batch normalization by its running statistics,
// folded into the next layer.
func (n *network) layers() []head.Layer {
	var all []head.Layer
	for i, d := range n.dense {
		l := head.Layer{In: d.in, Out: d.out, Weights: make([]float64, d.in*d.out), Bias: make([]float64, d.out)}
		for k := range d.out {
			l.Bias[k] = float64(d.bias[k])
			for j := range d.in {
				w := float64(d.weights[j*d.out+k])
				if i > 0 {
					scale, shift := n.norms[i-1].inUse(j)
					l.Bias[k] += w * shift
					w *= scale
				}
				l.Weights[k*d.in+j] = w
			}
		}
		all = append(all, l)
	}
	return all
}
