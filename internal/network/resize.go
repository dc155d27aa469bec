package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// opResize resamples dimensions one after the other: nearest, linear or cubic.
func opResize(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) == 0 || in[0] == nil || in[0].ints != nil {
		return nil, corrupt(n, "no input of floats")
	}
	if n.Int("antialias", 0) != 0 || n.Text("keep_aspect_ratio_policy") != "" && n.Text("keep_aspect_ratio_policy") != "stretch" || n.Ints("axes") != nil {
		return nil, unsupported(n, "antialias, aspect ratio policy or axes")
	}
	t := in[0]
	scales, err := resizeScales(c, n, in)
	if err != nil {
		return nil, err
	}
	for i, scale := range scales {
		size := int(math.Floor(float64(t.shape[i]) * scale.factor))
		if scale.size > 0 {
			size = scale.size
		}
		if size == t.shape[i] {
			continue
		}
		if size < 1 || size > 1<<14 {
			return nil, unsupported(n, "%d values resized to %d", t.shape[i], size)
		}
		taps, err := resampling(n, t.shape[i], size, scale.factor)
		if err != nil {
			return nil, err
		}
		t = c.resample(n, t, i, taps)
	}
	return []*tensor{t}, nil
}

// A scale is what becomes of one dimension.
type scale struct {
	factor float64
	size   int // 0: by the factor
}

// resizeScales reads the input scales, or sizes: the inputs behind the data and
// (from opset 11) the region of interest.
func resizeScales(c *compiler, n *onnx.Node, in []*tensor) ([]scale, error) {
	rank := len(in[0].shape)
	at := func(i int) *tensor {
		if i < len(in) && in[i] != nil && in[i].known() && in[i].len() == rank {
			return in[i]
		}
		return nil
	}
	first := 2
	if c.model.Opset < 11 || n.Op == "Upsample" {
		first = 1
	}
	out := make([]scale, rank)
	if t := at(first); t != nil && t.data != nil {
		for i, v := range t.data {
			if !(v > 0) || math.IsInf(float64(v), 0) {
				return nil, corrupt(n, "scale %v", v)
			}
			out[i] = scale{factor: float64(v)}
		}
		return out, nil
	}
	if t := at(first + 1); t != nil && t.ints != nil {
		for i, v := range t.ints {
			if v < 1 || v > 1<<14 {
				return nil, corrupt(n, "size %d", v)
			}
			out[i] = scale{float64(v) / float64(in[0].shape[i]), int(v)}
		}
		return out, nil
	}
	return nil, unsupported(n, "scales or sizes that are not constant")
}

// A tap is one term of a resampled value: an element of the source and its weight.
type tap struct {
	at     int
	weight float32
}

// resampling is the terms of every result, by the operator's definition.
func resampling(n *onnx.Node, from, to int, factor float64) ([][]tap, error) {
	text := func(name, otherwise string) string {
		if v := n.Text(name); v != "" {
			return v
		}
		return otherwise
	}
	mode, places, nearest := text("mode", "nearest"), text("coordinate_transformation_mode", "half_pixel"), text("nearest_mode", "round_prefer_floor")
	if n.Op == "Upsample" {
		places, nearest = "asymmetric", "floor"
	}
	out := make([][]tap, to)
	for i := range out {
		var x float64
		switch places {
		case "half_pixel":
			x = (float64(i)+0.5)/factor - 0.5
		case "pytorch_half_pixel":
			if to > 1 {
				x = (float64(i)+0.5)/factor - 0.5
			}
		case "asymmetric":
			x = float64(i) / factor
		case "align_corners":
			if to > 1 {
				x = float64(i) * float64(from-1) / float64(to-1)
			}
		default:
			return nil, unsupported(n, "coordinates %q", places)
		}
		switch mode {
		case "nearest":
			round := map[string]func(float64) float64{
				"round_prefer_floor": func(v float64) float64 { return math.Ceil(v - 0.5) }, "round_prefer_ceil": func(v float64) float64 { return math.Floor(v + 0.5) },
				"floor": math.Floor, "ceil": math.Ceil,
			}[nearest]
			if round == nil {
				return nil, unsupported(n, "rounding %q", nearest)
			}
			out[i] = []tap{{int(round(x)), 1}}
		case "linear":
			low := math.Floor(x)
			out[i] = []tap{{int(low), float32(1 - (x - low))}, {int(low) + 1, float32(x - low)}}
		case "cubic":
			out[i] = cubic(x, float64(n.Float("cubic_coeff_a", -0.75)), n.Int("exclude_outside", 0) != 0, from)
		default:
			return nil, unsupported(n, "mode %q", mode)
		}
		for k := range out[i] { // beyond the border, its value goes on
			out[i][k].at = min(max(out[i][k].at, 0), from-1)
		}
	}
	return out, nil
}

// cubic is the four terms of cubic convolution (Keys 1981) with coefficient a.
func cubic(x, a float64, exclude bool, size int) []tap {
	low := math.Floor(x)
	taps, sum := make([]tap, 4), 0.0
	weights := [4]float64{}
	for k := range taps {
		at := int(low) - 1 + k
		d := math.Abs(x - float64(at))
		w := ((a*d-5*a)*d+8*a)*d - 4*a
		if d <= 1 {
			w = ((a+2)*d-(a+3))*d*d + 1
		}
		if exclude && (at < 0 || at >= size) {
			w = 0
		}
		taps[k].at, weights[k] = at, w
		sum += w
	}
	for k := range taps {
		if exclude {
			weights[k] /= sum
		}
		taps[k].weight = float32(weights[k])
	}
	return taps
}

// resample computes one dimension anew.
func (c *compiler) resample(n *onnx.Node, t *tensor, dim int, taps [][]tap) *tensor {
	shape := append([]int(nil), t.shape...)
	shape[dim] = len(taps)
	dims := reorder(t.shape, t.last)
	place := dim
	if t.last && len(shape) == 4 {
		place = [4]int{0, 3, 1, 2}[dim]
	}
	outer, size, inner := product(dims[:place]), dims[place], product(dims[place+1:])
	return c.emit(n, []*tensor{t}, shape, t.last, func(in [][]float32, out []float32) {
		for o := range outer {
			src := in[0][o*size*inner:][:size*inner]
			for _, terms := range taps {
				row := out[:inner]
				out = out[inner:]
				clear(row)
				for _, term := range terms {
					for k, v := range src[term.at*inner:][:inner] {
						row[k] += v * term.weight
					}
				}
			}
		}
	})
}
