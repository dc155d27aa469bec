package mlp

import (
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/simd"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// films are a dataset as matrices; films of weight 0 are left out.
type films struct {
	n, dim, findings int
	x                []float32 // n x dim
	y, w             []float32 // n x findings: class and weight of each label, weight 0 where it is missing
}

func newFilms(d *head.Dataset, mean, scale []float64) *films {
	f := &films{dim: len(mean), findings: len(d.Findings)}
	rows := d.Features()
	for i, e := range d.Examples {
		if d.Weight(i) == 0 {
			continue
		}
		f.n++
		for j, v := range rows[i] {
			f.x = append(f.x, float32((float64(v)-mean[j])*scale[j]))
		}
		for _, l := range e.Labels {
			class, w := float32(0), float32(d.Weight(i))
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

// bothClasses reports whether some finding has films with it and without.
func (f *films) bothClasses() bool {
	if f == nil {
		return false
	}
	for k := range f.findings {
		var of [2]bool
		for i := k; i < len(f.y); i += f.findings {
			if f.w[i] > 0 {
				of[int(f.y[i])] = true
			}
		}
		if of[0] && of[1] {
			return true
		}
	}
	return false
}

// evaluate is the loss of layers in use (not in training), and the mean AUC.
func (f *films) evaluate(layers []head.Layer) (loss, auc float64) {
	z := f.predict(layers)
	var sum, total float64
	for i, v := range z {
		sum += float64(f.w[i]) * stats.CrossEntropy(float64(v), float64(f.y[i]))
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
		activation := simd.Relu
		if i == len(layers)-1 {
			activation = simd.None
		}
		y := make([]float32, f.n*l.Out)
		simd.Gemm(y, l.Out, x, l.In, f.n, simd.Pack(l.In, l.Out, w, 1, l.In, bias, simd.Single), activation)
		x = y
	}
	return x
}
