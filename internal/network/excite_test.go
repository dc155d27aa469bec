package network

import (
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// A feature map times a value of each channel is not made where a convolution of
// single pixels takes it: its weights are multiplied, if they are fewer.
func TestExcited(t *testing.T) {
	const side, few, many = 6, 5, 20
	for name, c := range map[string]struct {
		channels, steps int // of the result; without what puts channels first
		swapped, norm   bool
	}{
		"few weights":               {few, 3, false, false},
		"the other way round":       {few, 3, true, false},
		"before a normalization":    {few, 3, false, true},
		"as many weights as pixels": {many, 4, false, false},
	} {
		f := &file{opset: 17, input: []int{1, 3, side, side}}
		weights, bias, scale, shift := formula(3*c.channels), formula(c.channels + 7)[7:], formula(c.channels + 3)[3:], formula(c.channels + 5)[5:]
		ones := make([]float32, c.channels)
		for i := range ones {
			ones[i] = 1
		}
		f.weight(floatTensor("w", []int{c.channels, 3, 1, 1}, weights...))
		f.weight(floatTensor("b", []int{c.channels}, bias...))
		factors := []string{"x", "s"}
		if c.swapped {
			factors = []string{"s", "x"}
		}
		f.node("", "GlobalAveragePool", []string{"x"}, []string{"g"}, nil)
		f.node("", "Sigmoid", []string{"g"}, []string{"s"}, nil)
		f.node("", "Mul", factors, []string{"m"}, nil)
		f.node("", "Conv", []string{"m", "w", "b"}, []string{"c"}, nil)
		last := "c"
		if c.norm {
			f.weight(floatTensor("scale", []int{c.channels}, scale...))
			f.weight(floatTensor("shift", []int{c.channels}, shift...))
			f.weight(floatTensor("mean", []int{c.channels}, make([]float32, c.channels)...))
			f.weight(floatTensor("one", []int{c.channels}, ones...))
			f.node("", "BatchNormalization", []string{"c", "scale", "shift", "mean", "one"}, []string{"n"}, map[string]any{"epsilon": float32(0)})
			last = "n"
		}
		f.node("", "Relu", []string{last}, []string{"y"}, nil)
		m, err := onnx.Parse(f.bytes(), nil)
		if err != nil {
			t.Fatal(err)
		}
		const films, area = 2, side * side
		x := formula(films * 3 * area)
		want := make([]float32, films*c.channels*area)
		for film := range films {
			var s [3]float64
			for ch := range s {
				for _, v := range x[(film*3+ch)*area:][:area] {
					s[ch] += float64(v) / area
				}
				s[ch] = 1 / (1 + math.Exp(-s[ch]))
			}
			for o := range c.channels {
				for p := range area {
					sum := float64(bias[o])
					for ch := range s {
						sum += s[ch] * float64(x[(film*3+ch)*area+p]) * float64(weights[o*3+ch])
					}
					if c.norm {
						sum = sum*float64(scale[o]) + float64(shift[o])
					}
					want[(film*c.channels+o)*area+p] = float32(max(sum, 0))
				}
			}
		}
		paths(t, func(t *testing.T) {
			for _, threads := range []int{1, 3} {
				got, p, err := run(m, Options{Films: films, Threads: threads, shareAll: true}, x)
				if err != nil {
					t.Fatal(err)
				}
				if text := differs(got, p.Output, want, []int{films, c.channels, side, side}, tolerance); text != "" {
					t.Errorf("%s: %s", name, text)
				}
				if len(p.Steps) != c.steps+1 {
					t.Errorf("%s: %d steps, want %d", name, len(p.Steps), c.steps+1)
				}
			}
		})
	}
}
