package mlp

import (
	"math"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/kernel"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A standard is how features enter the network: (x-mean)*scale.
type standard struct{ mean, scale []float64 }

// newStandard brings features to mean 0 and deviation 1 over the films that
// count; one that never varies is left out.
func newStandard(d *head.Dataset, dim int, raw bool) standard {
	s := standard{make([]float64, dim), make([]float64, dim)}
	if raw {
		for j := range s.scale {
			s.scale[j] = 1
		}
		return s
	}
	squares, total := make([]float64, dim), 0.0
	for pass := range 2 {
		total = 0
		for i, e := range d.Examples {
			w := weight(d, i)
			total += w
			for j, v := range e.Embedding.Mean(nil) {
				if pass == 0 {
					s.mean[j] += w * float64(v)
				} else {
					squares[j] += w * (float64(v) - s.mean[j]) * (float64(v) - s.mean[j])
				}
			}
		}
		for j := range s.mean {
			if pass == 0 {
				s.mean[j] /= total
			} else if squares[j] > 0 {
				s.scale[j] = 1 / math.Sqrt(squares[j]/total)
			}
		}
	}
	return s
}

func weight(d *head.Dataset, i int) float64 {
	if d.Weights == nil {
		return 1
	}
	return d.Weights[i]
}

// films are a dataset as matrices; films of weight 0 are left out.
type films struct {
	n, dim, findings int
	x                []float32 // n x dim
	y, w             []float32 // n x findings: class and weight of each label, weight 0 where it is missing
}

func newFilms(d *head.Dataset, s standard) *films {
	f := &films{dim: len(s.mean), findings: len(d.Findings)}
	for i, e := range d.Examples {
		if weight(d, i) == 0 {
			continue
		}
		f.n++
		for j, v := range e.Embedding.Mean(nil) {
			f.x = append(f.x, float32((float64(v)-s.mean[j])*s.scale[j]))
		}
		for _, l := range e.Labels {
			class, w := float32(0), float32(weight(d, i))
			switch l {
			case head.Positive:
				class = 1
			case head.Negative:
			default:
				w = 0
			}
			f.y, f.w = append(f.y, class), append(f.w, w)
		}
	}
	return f
}

// evaluate is the loss of layers in use (not in training), and the mean AUC.
func (f *films) evaluate(layers []head.Layer) (loss, auc float64) {
	z := f.predict(layers)
	var sum, total float64
	for i, v := range z {
		sum += float64(f.w[i]) * crossEntropy(float64(v), float64(f.y[i]))
		total += float64(f.w[i])
	}
	aucs := 0
	for k := range f.findings {
		var positives, negatives []float64
		for i := k; i < len(z); i += f.findings {
			switch {
			case f.w[i] == 0:
			case f.y[i] == 1:
				positives = append(positives, float64(z[i]))
			default:
				negatives = append(negatives, float64(z[i]))
			}
		}
		if len(positives) > 0 && len(negatives) > 0 {
			auc += stats.NewAUC(stats.Independent(positives, negatives)).Value
			aucs++
		}
	}
	return sum / total, auc / float64(aucs)
}

// predict is the log odds, n x findings.
func (f *films) predict(layers []head.Layer) []float32 {
	x := f.x
	for i, l := range layers {
		w, bias := make([]float32, len(l.Weights)), make([]float32, l.Out)
		for j, v := range l.Weights {
			w[j] = float32(v)
		}
		for j, v := range l.Bias {
			bias[j] = float32(v)
		}
		activation := kernel.Relu
		if i == len(layers)-1 {
			activation = kernel.None
		}
		y := make([]float32, f.n*l.Out)
		kernel.Gemm(y, l.Out, x, l.In, f.n, kernel.Pack(l.In, l.Out, w, 1, l.In, bias), activation)
		x = y
	}
	return x
}

// crossEntropy is -log of the probability of a class at log odds z.
func crossEntropy(z, class float64) float64 {
	return math.Max(z, 0) - z*class + math.Log1p(math.Exp(-math.Abs(z)))
}
