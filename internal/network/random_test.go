package network

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// A drawing is a graph drawn at random: values with their shapes, of which later
// nodes take any again and again, so that memory is shared in every way.
type drawing struct {
	file
	rng    *rand.Rand
	films  int
	values []drawn
	count  int
}

type drawn struct {
	name  string
	shape []int // for the number of films; of four dimensions, or of three
}

func (d *drawing) weight(low, high float32, shape ...int) string {
	d.count++
	name := fmt.Sprintf("w%d", d.count)
	v := make([]float32, product(shape))
	for i := range v {
		v[i] = low + (high-low)*d.rng.Float32()
	}
	d.file.weight(floatTensor(name, shape, v...))
	return name
}

func (d *drawing) integers(v ...int64) string {
	d.count++
	name := fmt.Sprintf("w%d", d.count)
	d.file.weight(integerTensor(name, onnx.Int64, []int{len(v)}, v...))
	return name
}

func (d *drawing) add(op string, shape []int, list map[string]any, inputs ...string) drawn {
	d.count++
	v := drawn{fmt.Sprintf("v%d", d.count), slices.Clone(shape)}
	d.node("", op, inputs, []string{v.name}, list)
	d.values = append(d.values, v)
	return v
}

// pick is one of the values, the later ones more often.
func (d *drawing) pick() drawn {
	n := len(d.values)
	return d.values[max(d.rng.IntN(n), d.rng.IntN(n))]
}

// pickOf is a value of the same shape as another, or the other.
func (d *drawing) pickOf(v drawn) drawn {
	var same []drawn
	for _, other := range d.values {
		if slices.Equal(other.shape, v.shape) {
			same = append(same, other)
		}
	}
	return same[d.rng.IntN(len(same))]
}

// step draws one node.
func (d *drawing) step() {
	v, r := d.pick(), d.rng
	s, rank := v.shape, len(v.shape)
	axis := 1 + r.IntN(rank-1)
	choice := r.IntN(27)
	if rank == 3 && choice < 7 { // for feature maps only
		choice = 7 + r.IntN(20)
	}
	switch choice {
	case 0, 1: // a convolution
		k, stride, dilation := 1+2*r.IntN(2), 1+r.IntN(2), 1+r.IntN(2)
		groups, out := 1, 1+r.IntN(20)
		if r.IntN(3) == 0 {
			groups, out = s[1], s[1]*(1+r.IntN(2))
		}
		pad := k / 2 * dilation
		side := func(n int) int { return (n+2*pad-(k-1)*dilation-1)/stride + 1 }
		inputs := []string{v.name, d.weight(-0.5, 0.5, out, s[1]/groups, k, k)}
		if r.IntN(2) == 0 {
			inputs = append(inputs, d.weight(-1, 1, out))
		}
		d.add("Conv", []int{s[0], out, side(s[2]), side(s[3])}, map[string]any{
			"strides": []int{stride, stride}, "dilations": []int{dilation, dilation}, "pads": []int{pad, pad, pad, pad}, "group": groups, "kernel_shape": []int{k, k},
		}, inputs...)
	case 2:
		d.add([]string{"MaxPool", "AveragePool"}[r.IntN(2)], s, map[string]any{"kernel_shape": []int{3, 3}, "pads": []int{1, 1, 1, 1}}, v.name)
	case 3:
		g := d.add("GlobalAveragePool", []int{s[0], s[1], 1, 1}, nil, v.name)
		d.add("Mul", s, nil, v.name, d.add("Sigmoid", g.shape, nil, g.name).name)
	case 4:
		d.add("BatchNormalization", s, map[string]any{"epsilon": float32(1e-3)}, v.name, d.weight(-1, 1, s[1]), d.weight(-1, 1, s[1]), d.weight(-1, 1, s[1]), d.weight(0.5, 2, s[1]))
	case 5:
		if s[2]*s[3] < 40 {
			d.add("Resize", []int{s[0], s[1], 2 * s[2], s[3]}, map[string]any{"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, v.name, "", d.fixed(1, 1, 2, 1))
		}
	case 6:
		perm := [][]int{{0, 2, 3, 1}, {0, 3, 1, 2}, {0, 1, 3, 2}, {0, 3, 2, 1}}[r.IntN(4)]
		d.add("Transpose", []int{s[perm[0]], s[perm[1]], s[perm[2]], s[perm[3]]}, map[string]any{"perm": perm}, v.name)
	case 7, 8:
		d.add([]string{"Relu", "Sigmoid", "Tanh", "Neg", "Abs", "Softplus", "HardSwish", "Erf"}[r.IntN(8)], s, nil, v.name)
	case 9, 10, 11: // two values of a shape, or of one that is broadcast
		other := d.pickOf(v).name
		if r.IntN(3) == 0 {
			part := slices.Clone(s)[1:]
			for k := range part {
				if r.IntN(2) == 0 {
					part[k] = 1
				}
			}
			other = d.weight(-1, 1, part[r.IntN(len(part)):]...)
		}
		pair := []string{v.name, other}
		op := []string{"Add", "Sub", "Mul", "Max", "Min", "PRelu"}[r.IntN(6)]
		if r.IntN(2) == 0 && op != "PRelu" {
			slices.Reverse(pair)
		}
		d.add(op, s, nil, pair...)
	case 12:
		other := d.pick()
		if len(other.shape) != rank {
			return
		}
		shape := slices.Clone(s)
		for k := range shape {
			if k != axis && other.shape[k] != shape[k] {
				return
			}
		}
		if shape[axis] += other.shape[axis]; shape[axis] < 40 {
			d.add("Concat", shape, map[string]any{"axis": axis}, v.name, other.name)
		}
	case 13:
		d.add("Softmax", s, map[string]any{"axis": axis}, v.name)
	case 14:
		last := s[rank-1]
		d.add("LayerNormalization", s, map[string]any{"epsilon": float32(1e-2)}, v.name, d.weight(-1, 1, last), d.weight(-1, 1, last))
	case 15:
		out := 1 + r.IntN(9)
		d.add("MatMul", append(slices.Clone(s[:rank-1]), out), nil, v.name, d.weight(-0.5, 0.5, s[rank-1], out))
	case 16: // with another value of the run
		perm := []int{0, 1, 3, 2}[:rank]
		if rank == 3 {
			perm = []int{0, 2, 1}
		}
		turned := slices.Clone(s)
		for k, p := range perm {
			turned[k] = s[p]
		}
		t := d.add("Transpose", turned, map[string]any{"perm": perm}, v.name)
		d.add("Tanh", append(slices.Clone(s[:rank-1]), s[rank-2]), nil, d.add("MatMul", append(slices.Clone(s[:rank-1]), s[rank-2]), nil, d.pickOf(v).name, t.name).name)
	case 17:
		keep := r.IntN(2)
		shape := slices.Clone(s)
		if shape[axis] = 1; keep == 0 {
			if rank == 3 {
				return
			}
			shape = slices.Delete(shape, axis, axis+1)
		}
		d.add([]string{"ReduceMean", "ReduceMax"}[r.IntN(2)], shape, map[string]any{"axes": []int{axis}, "keepdims": keep}, v.name)
	case 18:
		if rank == 4 {
			d.add("Reshape", []int{s[0], s[1], s[2] * s[3]}, nil, v.name, d.integers(0, 0, -1))
		} else {
			d.add("Reshape", []int{s[0], s[1], s[2], 1}, nil, v.name, d.integers(0, 0, int64(s[2]), 1))
		}
	case 19:
		from, to, step := r.IntN(s[axis]), s[axis], 1+r.IntN(2)
		size := (to - from + step - 1) / step
		if r.IntN(2) == 0 { // backwards from the last
			from, to, step, size = s[axis]-1, -s[axis]-1, -1, s[axis]
		}
		shape := slices.Clone(s)
		shape[axis] = size
		d.add("Slice", shape, nil, v.name, d.integers(int64(from)), d.integers(int64(to)), d.integers(int64(axis)), d.integers(int64(step)))
	case 20:
		index := make([]int64, 1+r.IntN(4))
		for i := range index {
			index[i] = int64(r.IntN(s[axis]))
		}
		shape := slices.Clone(s)
		shape[axis] = len(index)
		d.add("Gather", shape, map[string]any{"axis": axis}, v.name, d.integers(index...))
	case 21:
		if s[axis] < 2 {
			return
		}
		first := 1 + r.IntN(s[axis]-1)
		d.count++
		a, b := fmt.Sprintf("v%da", d.count), fmt.Sprintf("v%db", d.count)
		d.node("", "Split", []string{v.name, d.integers(int64(first), int64(s[axis]-first))}, []string{a, b}, map[string]any{"axis": axis})
		for k, size := range []int{first, s[axis] - first} {
			shape := slices.Clone(s)
			shape[axis] = size
			d.values = append(d.values, drawn{[]string{a, b}[k], shape})
		}
	case 22:
		pads := make([]int64, 2*rank)
		shape := slices.Clone(s)
		pads[axis], pads[rank+axis] = int64(r.IntN(2)), int64(r.IntN(3))
		if shape[axis] += int(pads[axis] + pads[rank+axis]); shape[axis] < 40 {
			d.add("Pad", shape, nil, v.name, d.integers(pads...), d.fixed(0.5))
		}
	case 24: // what an origin is scaled by
		d.add([]string{"Mul", "Div"}[r.IntN(2)], s, nil, v.name, d.fixed(0.25+2*r.Float32()))
	case 25:
		if rank == 3 {
			perm := [][]int{{0, 2, 1}, {1, 0, 2}, {2, 1, 0}}[r.IntN(3)]
			if perm[0] != 0 && s[0] > 1 { // films stay films
				return
			}
			d.add("Transpose", []int{s[perm[0]], s[perm[1]], s[perm[2]]}, map[string]any{"perm": perm}, v.name)
		}
	case 26:
		d.attend(v)
	case 23:
		test := d.add("Greater", []int{d.films, 3, 5, 6}, nil, "x", d.fixed(0.1))
		d.values = d.values[:len(d.values)-1] // a truth value, for this only
		if slices.Equal(s, test.shape) {
			d.add("Where", s, nil, test.name, v.name, d.pickOf(v).name)
		}
	}
}

// attend draws attention as exporters write it: of one product parted three ways, or of
// values of the run, with heads by Reshape and Transpose, scaled before or behind, and
// now and then with other nodes that read or write over what it is made of.
func (d *drawing) attend(v drawn) {
	r, s := d.rng, v.shape
	if len(s) == 4 {
		v = d.add("Reshape", []int{s[0], s[1], s[2] * s[3]}, nil, v.name, d.integers(0, 0, -1))
		s = v.shape
	}
	films, rows := s[0], s[1]
	heads, size := 1+r.IntN(3), 1+r.IntN(4)
	width := heads * size
	linear := func(columns int) drawn {
		return d.add("MatMul", []int{films, rows, columns}, nil, v.name, d.weight(-0.5, 0.5, s[2], columns))
	}
	part := func(all drawn) drawn { // films x heads x rows x size
		t := d.add("Reshape", []int{films, rows, heads, size}, nil, all.name, d.integers(0, 0, int64(heads), int64(size)))
		return d.add("Transpose", []int{films, heads, rows, size}, map[string]any{"perm": []int{0, 2, 1, 3}}, t.name)
	}
	var q, k, w drawn
	switch r.IntN(3) {
	case 0:
		q, k, w = part(linear(width)), part(linear(width)), part(linear(width))
	case 1: // of one product, by Slice or Gather
		all := linear(3 * width)
		t := d.add("Reshape", []int{films, rows, 3, heads, size}, nil, all.name, d.integers(0, 0, 3, int64(heads), int64(size)))
		t = d.add("Transpose", []int{3, films, heads, rows, size}, map[string]any{"perm": []int{2, 0, 3, 1, 4}}, t.name)
		d.values = d.values[:len(d.values)-2] // of five dimensions, for this only
		for i, to := range []*drawn{&q, &k, &w} {
			*to = d.add("Gather", []int{films, heads, rows, size}, map[string]any{"axis": 0}, t.name, d.scalarInteger(int64(i)))
		}
	case 2: // keys and values are one
		q, k = part(linear(width)), part(linear(width))
		w = k
	}
	scale := func(x drawn, by float32) drawn {
		return d.add([]string{"Mul", "Div"}[r.IntN(2)], x.shape, nil, x.name, d.fixed(by))
	}
	if r.IntN(2) == 0 {
		q = scale(q, 0.5+r.Float32())
	}
	if r.IntN(4) == 0 { // over what q was taken from, perhaps
		d.add("Tanh", d.values[len(d.values)-1].shape, nil, d.values[len(d.values)-1].name)
	}
	turned := d.add("Transpose", []int{films, heads, size, rows}, map[string]any{"perm": []int{0, 1, 3, 2}}, k.name)
	if r.IntN(2) == 0 {
		turned = scale(turned, 0.5+r.Float32())
	}
	scores := d.add("MatMul", []int{films, heads, rows, rows}, nil, q.name, turned.name)
	if r.IntN(2) == 0 {
		scores = scale(scores, 0.5+r.Float32())
	}
	if r.IntN(4) == 0 {
		scores = d.add("Add", scores.shape, nil, scores.name, d.weight(-1, 1, heads, rows, rows))
	}
	scores = d.add("Softmax", scores.shape, map[string]any{"axis": 3}, scores.name)
	out := d.add("MatMul", []int{films, heads, rows, size}, nil, scores.name, w.name)
	if r.IntN(4) > 0 {
		out = d.add("Transpose", []int{films, rows, heads, size}, map[string]any{"perm": []int{0, 2, 1, 3}}, out.name)
		d.add("Reshape", []int{films, rows, width}, nil, out.name, d.integers(0, 0, -1))
	}
}

func (d *drawing) scalarInteger(v int64) string {
	d.count++
	name := fmt.Sprintf("w%d", d.count)
	d.file.weight(integerTensor(name, onnx.Int64, nil, v))
	return name
}

// fixed is a constant list of floats, or a scalar.
func (d *drawing) fixed(v ...float32) string {
	d.count++
	name := fmt.Sprintf("w%d", d.count)
	shape := []int{len(v)}
	if len(v) == 1 {
		shape = nil
	}
	d.file.weight(floatTensor(name, shape, v...))
	return name
}

// draw draws a graph for some films.
func draw(seed uint64, films int) []byte {
	d := &drawing{rng: rand.New(rand.NewPCG(seed, 1)), films: films}
	d.opset, d.input = 17, []int{1, 3, 5, 6}
	d.values = []drawn{{"x", []int{films, 3, 5, 6}}}
	for range 4 + d.rng.IntN(14) {
		d.step()
	}
	last := d.values[len(d.values)-1]
	if last.name == "x" {
		last = d.add("Neg", last.shape, nil, "x")
	}
	d.node("", "Identity", []string{last.name}, []string{"y"}, nil)
	return d.bytes()
}

var graphs = flag.Int("graphs", 400, "how many random graphs are tested")

// Graphs drawn at random are what the reference interpreter makes of them, on every
// path, for one film and two, with one thread and three.
func TestRandomGraphs(t *testing.T) {
	for seed := range uint64(*graphs) {
		for _, films := range []int{1, 2} {
			m, err := onnx.Parse(draw(seed, films), nil)
			if err != nil {
				t.Fatal(err)
			}
			in := formula(films * 3 * 5 * 6)
			x := newArray(films, 3, 5, 6)
			for i, v := range in {
				x.values[i] = float64(v)
			}
			want, err := interpret(m, x)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			right := make([]float32, len(want.values))
			for i, v := range want.values {
				right[i] = float32(v)
			}
			paths(t, func(t *testing.T) {
				for _, threads := range []int{1, 3} {
					got, p, err := run(m, Options{Films: films, Threads: threads, shareAll: true}, in)
					if err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
					if text := differs(got, p.Output, right, want.shape, 1e-4); text != "" {
						t.Errorf("seed %d, %d films, %d threads: %s", seed, films, threads, text)
					}
				}
			})
		}
	}
}
