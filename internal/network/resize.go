package network

import (
	"math"
	"slices"
)

// opResize resamples dimensions one after the other: nearest, linear or cubic.
// Coordinates are computed in float32, as the operator's scales are: a product
// just below a whole number decides where a value comes from.
func opResize(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t := in[0]
	if t.ints != nil {
		return nil, unsupported(n, "input of %v", t.elem)
	}
	scales, err := resizeScales(c, n, in)
	if err != nil {
		return nil, err
	}
	r, changed := c.sampling(n), false
	for i, s := range scales {
		size := int(math.Floor(float64(float32(t.shape[i]) * s.factor)))
		if s.size > 0 {
			size = s.size
		}
		if size < 1 || size > maxSide {
			return nil, unsupported(n, "%d values resized to %d", t.shape[i], size)
		}
		changed = changed || size != t.shape[i]
		scales[i].size = size
	}
	for i, s := range scales {
		if s.factor == 1 {
			continue
		}
		if !changed { // ONNX means values between the old ones here, ONNX Runtime the old ones
			return nil, unsupported(n, "scale %v that changes no size", s.factor)
		}
		size := s.size
		taps, err := r.taps(n, t.shape[i], size, s.factor)
		if err != nil {
			return nil, err
		}
		t = c.resample(n, t, i, taps)
	}
	return []*tensor{t}, nil
}

// A scale is what becomes of one dimension.
type scale struct {
	factor float32
	size   int // 0: by the factor
}

// resizeScales reads the input scales, or sizes: the inputs behind the data and
// (from opset 11) the region of interest.
func resizeScales(c *compiler, n *node, in []*tensor) ([]scale, error) {
	rank := len(in[0].shape)
	out := slices.Repeat([]scale{{factor: 1}}, rank)
	which := make([]int, rank)
	for i := range which {
		which[i] = i
	}
	if list, err := list(n, "axes", nil, 0); err != nil || list != nil {
		which = which[:0]
		for _, v := range list {
			a, err := axis(n, v, rank)
			if err != nil || slices.Contains(which, a) {
				return nil, corrupt(n, "axes %v of %d dimensions", list, rank)
			}
			which = append(which, a)
		}
	}
	at := func(i int) *tensor {
		if i < len(in) && in[i] != nil && in[i].len() > 0 {
			return in[i]
		}
		return nil
	}
	first := 2
	if c.model.Opset < 11 || n.Op == "Upsample" {
		first = 1
	}
	scales, sizes := at(first), at(first+1)
	switch {
	case scales != nil && sizes != nil:
		return nil, corrupt(n, "scales and sizes")
	case scales != nil && scales.data != nil:
		if scales.len() != len(which) {
			return nil, corrupt(n, "%d scales for %d dimensions", scales.len(), len(which))
		}
		for i, v := range scales.data {
			if !(v > 0) || math.IsInf(float64(v), 0) {
				return nil, corrupt(n, "scale %v", v)
			}
			out[which[i]] = scale{factor: v}
		}
		return out, nil
	case sizes != nil && sizes.ints != nil:
		if sizes.len() != len(which) {
			return nil, corrupt(n, "%d sizes for %d dimensions", sizes.len(), len(which))
		}
		for i, v := range sizes.ints {
			if v < 1 || v > maxSide {
				return nil, unsupported(n, "size %d", v)
			}
			out[which[i]] = scale{float32(v) / float32(in[0].shape[which[i]]), int(v)}
		}
		return out, keepAspect(n, in[0].shape, which, out)
	}
	return nil, unsupported(n, "scales or sizes that are not constant")
}

// keepAspect makes one factor of those that sizes ask for, where the policy says so.
func keepAspect(n *node, shape, which []int, out []scale) error {
	policy := "stretch"
	if n.Has("keep_aspect_ratio_policy") {
		policy = n.Text("keep_aspect_ratio_policy")
	}
	pick := func(a, b float32) float32 { return min(a, b) }
	switch policy {
	case "stretch":
		return nil
	case "not_larger":
	case "not_smaller":
		pick = func(a, b float32) float32 { return max(a, b) }
	default:
		return corrupt(n, "keep_aspect_ratio_policy %q", policy)
	}
	factor := out[which[0]].factor
	for _, a := range which {
		factor = pick(factor, out[a].factor)
	}
	for _, a := range which {
		out[a] = scale{factor, int(math.Floor(float64(factor*float32(shape[a])) + 0.5))}
	}
	return nil
}

// A sampler is how coordinates and values of a result come about.
type sampler struct {
	mode, places, nearest string
	coefficient           float64 // of cubic
	exclude, antialias    bool
}

func (c *compiler) sampling(n *node) sampler {
	s := sampler{mode: n.Text("mode"), places: "asymmetric", nearest: "floor"}
	if n.Op == "Resize" && c.model.Opset >= 11 {
		s.places, s.nearest = n.Text("coordinate_transformation_mode"), n.Text("nearest_mode")
		s.coefficient, s.exclude = float64(n.Float("cubic_coeff_a")), n.Int("exclude_outside") != 0
		s.antialias = n.Has("antialias") && n.Int("antialias") != 0
	}
	return s
}

// A tap is one term of a resampled value: an element of the source and its weight.
type tap struct {
	at     int
	weight float32
}

// place is the coordinate in the source of a value of the result.
func (s sampler) place(n *node, i, from, to int, factor float32) (float32, error) {
	switch s.places {
	case "half_pixel":
		return (float32(i)+0.5)/factor - 0.5, nil
	case "half_pixel_symmetric":
		adjustment := float32(to) / (factor * float32(from))
		center := float32(from) / 2
		return center*(1-adjustment) + (float32(i)+0.5)/factor - 0.5, nil
	case "pytorch_half_pixel":
		if to == 1 {
			return 0, nil
		}
		return (float32(i)+0.5)/factor - 0.5, nil
	case "asymmetric":
		return float32(i) / factor, nil
	case "align_corners":
		if to == 1 {
			return 0, nil
		}
		return float32(i) * float32(from-1) / float32(to-1), nil
	}
	return 0, unsupported(n, "coordinates %q", s.places)
}

// taps is the terms of every result, by the operator's definition.
func (s sampler) taps(n *node, from, to int, factor float32) ([][]tap, error) {
	out := make([][]tap, to)
	for i := range out {
		x, err := s.place(n, i, from, to, factor)
		if err != nil {
			return nil, err
		}
		switch {
		case s.antialias && s.mode != "nearest":
			if out[i], err = s.smooth(n, float64(x), from, float64(factor)); err != nil {
				return nil, err
			}
		case s.mode == "nearest":
			v := float64(x)
			switch s.nearest {
			case "round_prefer_floor":
				v = math.Ceil(v - 0.5)
			case "round_prefer_ceil":
				v = math.Floor(v + 0.5)
			case "floor":
				v = math.Floor(v)
			case "ceil":
				v = math.Ceil(v)
			default:
				return nil, unsupported(n, "rounding %q", s.nearest)
			}
			out[i] = []tap{{int(v), 1}}
		case s.mode == "linear":
			low := float32(math.Floor(float64(x)))
			out[i] = []tap{{int(low), 1 - (x - low)}, {int(low) + 1, x - low}}
		case s.mode == "cubic":
			out[i] = cubic(float64(x), s.coefficient, s.exclude, from)
		default:
			return nil, unsupported(n, "mode %q", s.mode)
		}
		for k := range out[i] { // beyond the border, its value goes on
			out[i][k].at = min(max(out[i][k].at, 0), from-1)
		}
	}
	return out, nil
}

// smooth is the terms of a filter that grows as the result shrinks.
func (s sampler) smooth(n *node, x float64, from int, factor float64) ([]tap, error) {
	var filter func(d float64) float64
	support := 1.0
	switch s.mode {
	case "linear":
		filter = func(d float64) float64 { return max(0, 1-math.Abs(d)) }
	case "cubic":
		support = 2
		filter = func(d float64) float64 { return keys(math.Abs(d), s.coefficient) }
	default:
		return nil, unsupported(n, "mode %q with antialias", s.mode)
	}
	stretch := max(1/factor, 1)
	center := x + 0.5
	first, end := int(math.Floor(center-support*stretch+0.5)), int(math.Floor(center+support*stretch+0.5))
	if s.exclude {
		first, end = max(first, 0), min(end, from)
	}
	var taps []tap
	var weights []float64
	sum := 0.0
	for at := first; at < end; at++ {
		w := filter((float64(at) - center + 0.5) / stretch)
		taps, weights = append(taps, tap{at: at}), append(weights, w)
		sum += w
	}
	if sum == 0 {
		return []tap{{min(max(int(math.Floor(center)), 0), from-1), 1}}, nil
	}
	for k := range taps {
		taps[k].weight = float32(weights[k] / sum)
	}
	return taps, nil
}

// keys is the kernel of cubic convolution (Keys 1981) with coefficient a.
func keys(d, a float64) float64 {
	switch {
	case d <= 1:
		return ((a+2)*d-(a+3))*d*d + 1
	case d < 2:
		return ((a*d-5*a)*d+8*a)*d - 4*a
	}
	return 0
}

// cubic is the four terms of cubic convolution.
func cubic(x, a float64, exclude bool, size int) []tap {
	low := math.Floor(x)
	taps, sum := make([]tap, 4), 0.0
	weights := [4]float64{}
	for k := range taps {
		at := int(low) - 1 + k
		w := keys(math.Abs(x-float64(at)), a)
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
func (c *compiler) resample(n *node, t *tensor, dim int, taps [][]tap) *tensor {
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
