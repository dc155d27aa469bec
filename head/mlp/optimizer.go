package mlp

import "math"

// A parameter is one tensor of the network with its gradient.
type parameter struct {
	value, gradient []float32
	weights         bool // of a dense layer: L2 and LARS apply
}

// An optimizer moves parameters down their gradients.
type optimizer struct {
	*Trainer
	parameters []*parameter
	first      [][]float32 // Adam's mean of gradients; LARS's momentum
	second     [][]float32 // Adam's mean of squares
	steps      int
}

const (
	adamFirst, adamSecond, adamEpsilon = 0.9, 0.999, 1e-8
	larsMomentum, larsTrust            = 0.9, 0.001
)

func newOptimizer(t *Trainer, parameters []*parameter) *optimizer {
	o := &optimizer{Trainer: t, parameters: parameters}
	for _, p := range parameters {
		o.first, o.second = append(o.first, make([]float32, len(p.value))), append(o.second, make([]float32, len(p.value)))
	}
	return o
}

func (o *optimizer) step(rate float64) {
	o.steps++
	for i, p := range o.parameters {
		l2 := float32(0)
		if p.weights {
			l2 = float32(o.L2)
		}
		if o.Optimizer == LARS {
			o.lars(p, o.first[i], rate, l2)
		} else {
			o.adam(p, o.first[i], o.second[i], rate, l2)
		}
	}
}

func (o *optimizer) adam(p *parameter, m, v []float32, rate float64, l2 float32) {
	c1, c2 := 1-math.Pow(adamFirst, float64(o.steps)), 1-math.Pow(adamSecond, float64(o.steps))
	step, root := float32(rate/c1), float32(1/math.Sqrt(c2))
	w, gradient := p.value[:len(m)], p.gradient[:len(m)]
	v = v[:len(m)]
	for i := range m {
		g := gradient[i] + l2*w[i]
		m[i] = adamFirst*m[i] + (1-adamFirst)*g
		v[i] = adamSecond*v[i] + (1-adamSecond)*g*g
		w[i] -= step * m[i] / (float32(math.Sqrt(float64(v[i])))*root + adamEpsilon)
	}
}

func (o *optimizer) lars(p *parameter, momentum []float32, rate float64, l2 float32) {
	if p.weights { // biases and normalization move at the plain rate
		var ww, gg float64
		for i, v := range p.value {
			ww += float64(v) * float64(v)
			gg += float64(p.gradient[i]) * float64(p.gradient[i])
		}
		ww, gg = math.Sqrt(ww), math.Sqrt(gg)
		if ww > 0 && gg > 0 {
			rate *= larsTrust * ww / (gg + float64(l2)*ww)
		}
	}
	for i, g := range p.gradient {
		momentum[i] = larsMomentum*momentum[i] + float32(rate)*(g+l2*p.value[i])
		p.value[i] -= momentum[i]
	}
}
