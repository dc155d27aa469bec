package network

import (
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/kernel"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// A tensor is a value while compiling. Its elements are known integers (shapes,
// axes), known floats (weights), or lie in a buffer at run time.
type tensor struct {
	shape []int
	ints  []int64   // known integers
	data  []float32 // known floats, in ONNX order
	at    *buffer   // run-time floats
	last  bool      // a feature map, stored with its channels last
}

func (t *tensor) len() int { return product(t.shape) }

func (t *tensor) known() bool { return t.at == nil }

// A buffer is memory that one step writes and others read.
type buffer struct {
	n       int
	first   int // step that writes it first, -1 for the input
	step    int // that wrote it last
	lastUse int
	pending int // uses by nodes not compiled yet
	span    span
}

// A compiler holds the state of one compilation.
type compiler struct {
	model   *onnx.Model
	threads int
	values  map[string]*tensor
	users   map[string][]*onnx.Node // nodes that read a value
	outputs map[string]bool         // of the graph: read by the caller
	done    map[*onnx.Node]bool     // joined to an earlier node
	joined  map[string]string       // what became of the output of such an earlier node
	steps   []pendingStep
	buffers []*buffer
}

// A pendingStep is a step whose memory is not laid out yet.
type pendingStep struct {
	name    string
	inputs  []*tensor
	output  *tensor
	scratch *buffer // for each thread
	shared  bool    // worth doing by several threads, each a part
	run     job
}

// A job computes a part of out. Parts that run together have scratch memory of
// their own.
type job func(in [][]float32, out, scratch []float32, part kernel.Part)

// worthSharing is how many multiplications, or values moved, outweigh waking
// another thread, which takes a few microseconds.
const worthSharing = 1 << 18

// maxValues bounds a single value at run time: 1 Gi float32.
const maxValues = 1 << 30

// Compile compiles a model.
func Compile(m *onnx.Model, o Options) (*Program, error) {
	if m.Opset < 9 || m.Opset > 21 {
		return nil, fmt.Errorf("%w: ONNX opset %d, want 9 to 21", cxr.ErrUnsupported, m.Opset)
	}
	if len(m.Inputs) != 1 || len(m.Outputs) == 0 {
		return nil, fmt.Errorf("%w: model of %d inputs and %d outputs", cxr.ErrUnsupported, len(m.Inputs), len(m.Outputs))
	}
	output, err := outputName(m, o)
	if err != nil {
		return nil, err
	}
	c := &compiler{model: m, threads: max(o.Threads, 1), values: map[string]*tensor{}, users: map[string][]*onnx.Node{}, outputs: map[string]bool{output: true}, done: map[*onnx.Node]bool{}, joined: map[string]string{}}
	nodes := needed(m, output)
	for _, n := range nodes {
		for _, name := range n.Inputs {
			c.users[name] = append(c.users[name], n)
		}
	}
	input, err := c.input(m.Inputs[0], o)
	if err != nil {
		return nil, err
	}
	// Constants first, for operators that look ahead at what follows them.
	for _, n := range nodes {
		if n.Op == "Constant" || n.Op == "Identity" && len(n.Inputs) == 1 && c.constantNamed(n.Inputs[0]) {
			if err := c.node(n); err != nil {
				return nil, err
			}
			c.done[n] = true
		}
	}
	for _, n := range nodes {
		if c.done[n] {
			continue
		}
		if err := c.node(n); err != nil {
			return nil, err
		}
		if c.values[output] != nil {
			break
		}
	}
	out := c.values[output]
	if out == nil || out.known() {
		return nil, fmt.Errorf("%w: output %q does not depend on the input", cxr.ErrUnsupported, output)
	}
	if !input.last {
		input = &tensor{shape: []int{1, input.shape[3], input.shape[1], input.shape[2]}, at: input.at, last: true}
	}
	return c.program(input, c.plain(out))
}

func outputName(m *onnx.Model, o Options) (string, error) {
	switch o.Output {
	case "":
		return m.Outputs[0].Name, nil
	case LastGemmInput:
		for _, n := range slices.Backward(m.Nodes) {
			if (n.Op == "Gemm" || n.Op == "MatMul") && len(n.Inputs) > 0 {
				return n.Inputs[0], nil
			}
		}
		return "", fmt.Errorf("%w: model without a Gemm", cxr.ErrUnsupported)
	}
	for _, n := range m.Nodes {
		if slices.Contains(n.Outputs, o.Output) {
			return o.Output, nil
		}
	}
	return "", fmt.Errorf("%w: model without a tensor %q", cxr.ErrUnsupported, o.Output)
}

// needed is the nodes that the output depends on, in order.
func needed(m *onnx.Model, output string) []*onnx.Node {
	want := map[string]bool{output: true}
	var nodes []*onnx.Node
	for _, n := range slices.Backward(m.Nodes) {
		if !slices.ContainsFunc(n.Outputs, func(name string) bool { return name != "" && want[name] }) {
			continue
		}
		for _, name := range n.Inputs {
			want[name] = true
		}
		nodes = append(nodes, n)
	}
	slices.Reverse(nodes)
	return nodes
}

// input makes the tensor of the film.
func (c *compiler) input(v onnx.Value, o Options) (*tensor, error) {
	if len(v.Shape) != 4 {
		return nil, fmt.Errorf("%w: input %q of shape %v, want films x channels x height x width", cxr.ErrUnsupported, v.Name, v.Shape)
	}
	gray := func(d int) bool { return d == 1 || d == 3 }
	shape := slices.Clone(v.Shape)
	last := gray(shape[3]) && !gray(shape[1]) // as TensorFlow orders it: films x height x width x channels
	if last {
		shape = []int{1, v.Shape[3], v.Shape[1], v.Shape[2]}
	}
	shape[0] = 1
	for i, size := range map[int]int{2: o.Height, 3: o.Width} {
		if shape[i] <= 0 {
			shape[i] = size
		} else if size > 0 && size != shape[i] {
			return nil, fmt.Errorf("%w: model for films of %d x %d pixels, not %d x %d", cxr.ErrMismatch, shape[3], shape[2], o.Width, o.Height)
		}
	}
	if !gray(shape[1]) || shape[2] <= 0 || shape[3] <= 0 || shape[2] > 1<<14 || shape[3] > 1<<14 {
		return nil, fmt.Errorf("%w: input of shape %v; height and width must be given where the model leaves them open", cxr.ErrUnsupported, v.Shape)
	}
	t := &tensor{shape: shape, last: true}
	if last { // the same memory
		t.shape, t.last = []int{1, shape[2], shape[3], shape[1]}, false
	}
	t.at = c.newBuffer(t.len(), -1)
	c.bind(v.Name, t)
	return t, nil
}

func (c *compiler) newBuffer(n, step int) *buffer {
	b := &buffer{n: n, first: step, step: step, lastUse: step}
	c.buffers = append(c.buffers, b)
	return b
}

// bind names a value. Its buffer lives until all nodes that use the name are
// compiled.
func (c *compiler) bind(name string, t *tensor) {
	c.values[name] = t
	if t.at != nil {
		t.at.pending += len(c.users[name])
		if c.outputs[name] {
			t.at.pending++ // never free
		}
	}
}

// value is a named value, made from an initializer at its first use.
func (c *compiler) value(n *onnx.Node, name string) (*tensor, error) {
	if t := c.values[name]; t != nil {
		return t, nil
	}
	w := c.model.Initializers[name]
	if w == nil {
		return nil, corrupt(n, "input %q is not made before it", name)
	}
	t := constant(w)
	c.values[name] = t
	return t, nil
}

// constantNamed reports whether a value is a weight or known already.
func (c *compiler) constantNamed(name string) bool {
	t := c.values[name]
	return t != nil && t.known() || t == nil && c.model.Initializers[name] != nil
}

func constant(w *onnx.Tensor) *tensor {
	t := &tensor{shape: w.Shape}
	if w.Integers() && w.Type != onnx.Int8 && w.Type != onnx.Uint8 {
		t.ints = w.Ints()
	} else {
		t.data = w.Floats()
	}
	return t
}

// node compiles one node, or computes it if all its inputs are known.
func (c *compiler) node(n *onnx.Node) error {
	f := operators[n.Op]
	if f == nil || n.Domain != "" && n.Domain != "ai.onnx" {
		return unsupported(n, "operator %s", n.Op)
	}
	in := make([]*tensor, len(n.Inputs))
	for i, name := range n.Inputs {
		if name == "" {
			continue // an optional input that is left out
		}
		t, err := c.value(n, name)
		if err != nil {
			return err
		}
		in[i] = t
	}
	c.consume(in)
	out, err := f(c, n, in)
	if err != nil {
		return err
	}
	for i, t := range out {
		if i >= len(n.Outputs) || n.Outputs[i] == "" {
			continue
		}
		if t.len() > maxValues || len(t.shape) > maxRank {
			return unsupported(n, "result of %v values", t.shape)
		}
		name := n.Outputs[i]
		if joined := c.joined[name]; joined != "" {
			name = joined
		}
		c.bind(name, t)
	}
	for _, name := range n.Inputs { // large weights are packed now: let the copy go
		if len(c.users[name]) == 1 && c.model.Initializers[name] != nil {
			delete(c.values, name)
		}
	}
	return nil
}

func (c *compiler) consume(in []*tensor) {
	for _, t := range in {
		if t != nil && t.at != nil {
			t.at.pending--
		}
	}
}

// free reports whether nothing will read t after the node being compiled, so
// that the node may write its result over it.
func (c *compiler) free(t *tensor) bool { return t.at != nil && t.at.pending == 0 && t.at.step >= 0 }

// emit adds a step that computes a tensor of the given shape from the inputs,
// in their stored order; or computes it now if they are all known. f must not
// keep or change in.
func (c *compiler) emit(n *onnx.Node, in []*tensor, shape []int, last bool, f func(in [][]float32, out []float32)) *tensor {
	return c.add(n, in, &tensor{shape: shape, last: last}, nil, 0, 0, func(in [][]float32, out, _ []float32, _ kernel.Part) { f(in, out) })
}

// share is emit of a job that threads can part; work is how many
// multiplications it is, or values moved.
func (c *compiler) share(n *onnx.Node, in []*tensor, shape []int, last bool, scratch, work int, f job) *tensor {
	return c.add(n, in, &tensor{shape: shape, last: last}, nil, scratch, work, f)
}

// shareOver is share with a result of the shape of the first input, whose place
// it may take, if that is free: f is then called with out the same memory as
// in[0].
func (c *compiler) shareOver(n *onnx.Node, in []*tensor, f func(in [][]float32, out []float32, part kernel.Part)) *tensor {
	out := &tensor{shape: in[0].shape, last: in[0].last}
	var over *buffer
	if c.free(in[0]) {
		over = in[0].at
	}
	return c.add(n, in, out, over, 0, out.len(), func(in [][]float32, out, _ []float32, part kernel.Part) { f(in, out, part) })
}

func (c *compiler) add(n *onnx.Node, in []*tensor, out *tensor, over *buffer, scratch, work int, f job) *tensor {
	if !slices.ContainsFunc(in, func(t *tensor) bool { return !t.known() }) {
		data := make([][]float32, len(in))
		for i, t := range in {
			data[i] = t.data
		}
		out.data = make([]float32, out.len())
		f(data, out.data, make([]float32, scratch), kernel.Whole)
		return out
	}
	step := len(c.steps)
	for _, t := range in {
		if t.at != nil {
			t.at.lastUse = step
		}
	}
	out.at = over
	if over == nil {
		out.at = c.newBuffer(out.len(), step)
	}
	out.at.step, out.at.lastUse = step, step
	p := pendingStep{name: n.String(), inputs: in, output: out, run: f, shared: c.threads > 1 && work >= worthSharing}
	if scratch > 0 {
		threads := 1
		if p.shared {
			threads = c.threads
		}
		p.scratch = c.newBuffer(scratch*threads, step)
	}
	c.steps = append(c.steps, p)
	return out
}

// program lays out memory and closes the steps over their places.
func (c *compiler) program(input, output *tensor) (*Program, error) {
	output.at.lastUse = len(c.steps)
	p := &Program{Input: input.shape, Output: output.shape, Memory: layOut(c.buffers)}
	if p.Memory > maxValues {
		return nil, fmt.Errorf("%w: network that needs %d values of memory", cxr.ErrTooLarge, p.Memory)
	}
	p.in, p.out = input.at.span, output.at.span
	writer := map[*buffer]int{input.at: -1}
	for i, s := range c.steps {
		step := Step{Name: s.name, Shared: s.shared, output: s.output.at.span}
		var places []span
		known := make([][]float32, len(s.inputs))
		for k, t := range s.inputs {
			if t.known() {
				known[k] = t.data
				places = append(places, span{})
				continue
			}
			places = append(places, t.at.span)
			step.Reads = append(step.Reads, writer[t.at])
		}
		out, scratch, run := s.output.at.span, span{}, s.run
		if s.scratch != nil {
			scratch = s.scratch.span
		}
		step.bind = func(memory []float32) func(kernel.Part) {
			in := make([][]float32, len(places))
			for k := range in {
				if in[k] = known[k]; in[k] == nil {
					in[k] = places[k].of(memory)
				}
			}
			out, scratch := out.of(memory), scratch.of(memory)
			return func(part kernel.Part) {
				each := len(scratch) / part.Of
				run(in, out, scratch[part.Index*each:][:each], part)
			}
		}
		writer[s.output.at] = i
		p.Steps = append(p.Steps, step)
	}
	return p, nil
}

// layOut gives every buffer a place that no other alive at the same time has,
// the largest first, and returns the memory used. Places start at multiples of
// 16 values, a cache line.
func layOut(buffers []*buffer) int {
	order := slices.Clone(buffers)
	slices.SortStableFunc(order, func(a, b *buffer) int { return b.n - a.n })
	total := 0
	var placed []*buffer
	for _, b := range order {
		at := 0
		for _, p := range placed { // in order of place
			if p.first > b.lastUse || b.first > p.lastUse {
				continue
			}
			if at+b.n <= p.span.at {
				break
			}
			at = max(at, (p.span.at+p.n+15)&^15)
		}
		b.span = span{at, b.n}
		total = max(total, at+b.n)
		i, _ := slices.BinarySearchFunc(placed, at, func(p *buffer, at int) int { return p.span.at - at })
		placed = slices.Insert(placed, i, b)
	}
	return total
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
