package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// A reduction makes one value of many: a sum or product of a function of each, or
// the largest, and a function of what came out and how many there were.
type reduction struct {
	start  float64
	add    func(sum, v float64) float64
	finish func(sum float64, count int) float64
	ints   bool // of integers too
	mean   bool
}

func plus(sum, v float64) float64 { return sum + v }

var (
	sumOf     = reduction{add: plus, ints: true}
	meanOf    = reduction{add: plus, finish: func(sum float64, count int) float64 { return sum / float64(count) }, mean: true}
	maxOf     = reduction{start: math.Inf(-1), add: func(m, v float64) float64 { return max(m, v) }, ints: true}
	minOf     = reduction{start: math.Inf(1), add: func(m, v float64) float64 { return min(m, v) }, ints: true}
	productOf = reduction{start: 1, add: func(p, v float64) float64 { return p * v }, ints: true}
	l1Of      = reduction{add: func(sum, v float64) float64 { return sum + math.Abs(v) }}
	squaresOf = reduction{add: func(sum, v float64) float64 { return sum + v*v }}
	l2Of      = reduction{add: squaresOf.add, finish: func(sum float64, _ int) float64 { return math.Sqrt(sum) }}
	logSumOf  = reduction{add: plus, finish: func(sum float64, _ int) float64 { return math.Log(sum) }}
)

func (r reduction) operator(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if n.Op == "ReduceMean" {
		if t := c.spelledLayerNorm(n, in); t != nil {
			return []*tensor{t}, nil
		}
	}
	rank := len(in[0].shape)
	list, err := axes(n, in, 1, rank)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		if n.Has("noop_with_empty_axes") && n.Int("noop_with_empty_axes") != 0 {
			list = []int{} // of each value by itself
		} else {
			for i := range rank {
				list = append(list, i)
			}
		}
	}
	t, err := c.reduce(n, in[0], list, n.Int("keepdims") != 0, r)
	return []*tensor{t}, err
}

// opReduceLogSumExp takes the largest value out first, so that nothing overflows.
func opReduceLogSumExp(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if in[0].len() == 0 {
		return nil, unsupported(n, "reduction of nothing: shape %v", in[0].shape)
	}
	defer c.hold(in[0])()
	most, err := maxOf.operator(c, n, in)
	if err != nil {
		return nil, err
	}
	wide := most[0]
	if n.Int("keepdims") == 0 { // again with all dimensions, to subtract
		list, err := axes(n, in, 1, len(in[0].shape))
		if err != nil {
			return nil, err
		}
		shape := slices.Clone(in[0].shape)
		for i := range shape {
			if len(list) == 0 || slices.Contains(list, i) {
				shape[i] = 1
			}
		}
		wide = c.view(wide, shape)
	}
	defer c.hold(most[0])()
	t := c.combine(n, subtraction, in[0], wide, in[0].shape, simd.Exp)
	sums, err := logSumOf.operator(c, n, append([]*tensor{t}, in[1:]...))
	if err != nil {
		return nil, err
	}
	return []*tensor{c.combine(n, addition, sums[0], most[0], sums[0].shape, simd.None)}, nil
}

// reduce reduces the dimensions of a list.
func (c *compiler) reduce(n *node, t *tensor, list []int, keep bool, r reduction) (*tensor, error) {
	shape, kept, count := []int{}, []int{}, 1
	for i, d := range t.shape {
		if !slices.Contains(list, i) {
			shape, kept = append(shape, d), append(kept, d)
			continue
		}
		kept = append(kept, 1)
		if keep {
			shape = append(shape, 1)
		}
		count *= d
	}
	if t.len() == 0 { // a sum of nothing is 0, but there is no largest of it
		if r.finish != nil || math.IsInf(r.start, 0) || product(shape) > freeValues {
			return nil, unsupported(n, "reduction of nothing: shape %v", t.shape)
		}
		c.spend(n, product(shape))
		out := &tensor{shape: shape, elem: onnx.Float, data: slices.Repeat([]float32{float32(r.start)}, product(shape))}
		return c.cast(n, out, t.elem)
	}
	if t.ints != nil {
		return c.reduceIntegers(n, t, kept, shape, r)
	}
	if r.mean && t.at != nil && t.last && len(t.shape) == 4 && len(list) == 2 && slices.Contains(list, 2) && slices.Contains(list, 3) {
		in := simd.Shape{Height: t.shape[2], Width: t.shape[3], Channels: t.shape[1]}
		out := c.slide(n, t, in, whole(in), func(dst, src []float32, in simd.Shape, w simd.Window) {
			simd.AveragePool(dst, src, in, w, simd.Padding{})
		})
		if !keep {
			out = c.view(out, shape)
		}
		return out, nil
	}
	last := t.last && keep && len(t.shape) == 4
	// The outer walk is over the result, the inner one over what becomes one value.
	from := t.strides()
	to := (&tensor{shape: kept, last: last}).strides()
	if !last && !keep { // as the plain result, whose dimensions of 1 do not count
		to = (&tensor{shape: kept}).strides()
	}
	var inner, innerSteps []int
	outer, outerFrom, outerTo := []int{}, []int{}, []int{}
	for i, d := range t.shape {
		if slices.Contains(list, i) {
			inner, innerSteps = append(inner, d), append(innerSteps, from[i])
		} else {
			outer, outerFrom, outerTo = append(outer, d), append(outerFrom, from[i]), append(outerTo, to[i])
		}
	}
	inner, innerSteps, _ = collapse(inner, innerSteps, innerSteps)
	results := product(outer)
	deep := len(inner) - 1
	out := c.share(n, []*tensor{t}, shape, last, 0, t.len(), func(in [][]float32, out, _ []float32, part simd.Part) {
		first, end := part.Span(results, 1)
		o := newOdometer(outer, outerFrom, outerTo, first)
		for range end - first {
			sum := r.start
			i := newOdometer(inner[:deep], innerSteps, innerSteps, 0)
			for range product(inner[:deep]) {
				at, step := o.a+i.a, innerSteps[deep]
				for range inner[deep] {
					sum = r.add(sum, float64(in[0][at]))
					at += step
				}
				i.next()
			}
			if r.finish != nil {
				sum = r.finish(sum, count)
			}
			out[o.b] = float32(sum)
			o.next()
		}
	})
	return out, nil
}

func (c *compiler) reduceIntegers(n *node, t *tensor, kept, shape []int, r reduction) (*tensor, error) {
	if !r.ints {
		return nil, unsupported(n, "integers")
	}
	out := c.integers(n, shape, t.elem)
	c.spend(n, t.len())
	seen := make([]bool, len(out.ints))
	o := newOdometer(t.shape, (&tensor{shape: kept}).spread(t.shape), t.strides(), 0)
	for range t.ints {
		v := t.ints[o.b]
		switch {
		case !seen[o.a]:
			out.ints[o.a], seen[o.a] = v, true
		case n.Op == "ReduceMax":
			out.ints[o.a] = max(out.ints[o.a], v)
		case n.Op == "ReduceMin":
			out.ints[o.a] = min(out.ints[o.a], v)
		case n.Op == "ReduceProd":
			out.ints[o.a] *= v
		default:
			out.ints[o.a] += v
		}
		o.next()
	}
	for i, v := range out.ints {
		out.ints[i] = wrap(v, t.elem)
	}
	return out, nil
}

// opArg makes ArgMax and ArgMin.
func opArg(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t := in[0]
	if t.ints != nil {
		t = toFloats(t)
	}
	a, err := axis(n, n.Int("axis"), len(t.shape))
	if err != nil {
		return nil, err
	}
	t = c.plain(t)
	size, inner := t.shape[a], product(t.shape[a+1:])
	shape := slices.Clone(t.shape)
	if shape[a] = 1; n.Int("keepdims") == 0 {
		shape = slices.Delete(shape, a, a+1)
	}
	least, latest := n.Op == "ArgMin", n.Has("select_last_index") && n.Int("select_last_index") != 0
	out := c.emit(n, []*tensor{t}, shape, false, func(in [][]float32, out []float32) {
		for i := range out {
			row, best := in[0][i/inner*size*inner+i%inner:], 0
			for k := range size {
				v, top := row[k*inner], row[best*inner]
				if least {
					v, top = -v, -top
				}
				if v > top || latest && v == top {
					best = k
				}
			}
			out[i] = float32(best)
		}
	})
	if out.known() {
		out, err = c.cast(n, out, onnx.Int64)
	}
	return []*tensor{out}, err
}
