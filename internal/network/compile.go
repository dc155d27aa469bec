package network

import (
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// A compiler holds the state of one compilation.
type compiler struct {
	model     *onnx.Model
	threads   int
	precision simd.Precision
	sharing   int // work from which on a step is shared
	values    map[string]*tensor
	users     map[string][]*node // nodes that read a value
	outputs   map[string]bool    // of the graph: read by the caller
	done      map[*node]bool     // joined to an earlier node
	joined    map[string]string  // what became of the output of such an earlier node
	steps     []pendingStep
	buffers   []*buffer
	current   *node               // that is being compiled
	wide      map[*tensor]*tensor // floats that tensors of bytes were made
	makers    map[string]*node    // node that makes a value

	integerProducts int
	budget          int // values that may yet be computed while compiling
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
type job func(in [][]float32, out, scratch []float32, part simd.Part)

// worthSharing is how many multiplications outweigh sharing a step with another
// thread, which takes a microsecond or two. A value that is moved, or a weight that is
// multiplied with one row, takes as long as so many.
const (
	worthSharing = 1 << 18
	perMove      = 8
)

// maxValues bounds a single value at run time: 1 Gi float32.
const maxValues = 1 << 30

// What is computed while compiling may read and write so many values, and so many
// for each value in the file: a few bytes must not fill the memory.
const (
	freeValues = 4 << 20
	perWeight  = 16
)

// A refusal is an error that ends a compilation from within.
type refusal struct{ error }

// Compile compiles a model.
func Compile(m *onnx.Model, o Options) (p *Program, err error) {
	if m.Opset < minOpset || m.Opset > maxOpset {
		return nil, fmt.Errorf("%w: ONNX opset %d, want %d to %d", cxr.ErrUnsupported, m.Opset, minOpset, maxOpset)
	}
	if len(m.Inputs) != 1 && o.Text == 0 || len(m.Inputs) == 0 || len(m.Outputs) == 0 {
		return nil, fmt.Errorf("%w: model of %d inputs and %d outputs", cxr.ErrUnsupported, len(m.Inputs), len(m.Outputs))
	}
	output, err := outputName(m, o)
	if err != nil {
		return nil, err
	}
	c := &compiler{
		model: m, threads: max(o.Threads, 1), precision: o.Precision, values: map[string]*tensor{}, users: map[string][]*node{}, outputs: map[string]bool{output: true},
		done: map[*node]bool{}, joined: map[string]string{}, budget: freeValues, wide: map[*tensor]*tensor{}, makers: map[string]*node{},
	}
	if c.sharing = worthSharing; o.shareAll {
		c.sharing = 1
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			err = r.error
		default: // a fault of ours; the model may be valid
			err = fmt.Errorf("%v: panic: %v: %w", c.current, r, cxr.ErrUnsupported)
		}
	}()
	return c.compile(output, o)
}

func (c *compiler) compile(output string, o Options) (*Program, error) {
	nodes, err := c.needed(output)
	if err != nil {
		return nil, err
	}
	input, err := c.inputs(o)
	if err != nil {
		return nil, err
	}
	// Small constants first, for operators that look ahead at what follows them.
	for _, n := range nodes {
		if c.small(n) {
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
	out = c.floatsOf(c.current, output, out)
	if !input.last && o.Text == 0 {
		input = &tensor{shape: []int{input.shape[0], input.shape[3], input.shape[1], input.shape[2]}, at: input.at, last: true}
	}
	return c.program(input, out)
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
func (c *compiler) value(n *node, name string) (*tensor, error) {
	if t := c.values[name]; t != nil {
		return t, nil
	}
	w := c.model.Initializers[name]
	if w == nil {
		return nil, corrupt(n, "input %q is not made before it", name)
	}
	t := factor(w)
	c.values[name] = t
	return t, nil
}

// constantNamed is how many elements a value has that is a weight or known
// already, or -1.
func (c *compiler) constantNamed(name string) int {
	if t := c.values[name]; t != nil {
		if t.known() {
			return t.len()
		}
		return -1
	}
	if w := c.model.Initializers[name]; w != nil {
		return w.Len()
	}
	return -1
}

// small reports whether a node makes a small constant of constants.
func (c *compiler) small(n *node) bool {
	const most = 1 << 12
	switch n.Op {
	case "Constant":
		return true
	case "Identity", "Cast", "CastLike", "Unsqueeze", "Squeeze", "Reshape", "Neg", "Sqrt":
		for _, name := range n.Inputs {
			if size := c.constantNamed(name); name != "" && (size < 0 || size > most) {
				return false
			}
		}
		return true
	}
	return false
}

// node compiles one node, or computes it if all its inputs are known.
func (c *compiler) node(n *node) error {
	c.current = n
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
	types, err := n.checkTypes(in)
	if err != nil {
		return err
	}
	c.consume(in)
	out, err := c.onBytes(n, in)
	bytes := out != nil
	if !bytes && err == nil {
		for i, t := range in {
			in[i] = c.floatsOf(n, n.Inputs[i], t)
		}
		out, err = n.row.compile(c, n, in)
	}
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
		if t.known() { // constants are kept as ONNX orders them
			t = c.plain(t)
		}
		if elem := c.typeOf(n, i, types); elem != 0 && !bytes { // what is of bytes says itself what became of it
			t = t.as(elem)
		} else if t.elem == 0 {
			return unsupported(n, "result of no known type")
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

// typeOf is the element type of an output by the table, or 0 if the operator says
// it itself.
func (c *compiler) typeOf(n *node, i int, types map[string]onnx.Type) onnx.Type {
	p := at(n.row.out, i)
	if t := types[p.variable]; t != 0 {
		return t
	}
	set := n.row.types[p.variable]
	for t := onnx.Type(1); t < 32; t++ {
		if set == setOf(t) {
			return t
		}
	}
	return 0
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

// spend takes the values that something computed now reads and writes from what
// the model may.
func (c *compiler) spend(n fmt.Stringer, values int) {
	if values > c.budget {
		panic(refusal{fmt.Errorf("%v: constants of %d values to compute, beyond what is left for this model: %w", n, values, cxr.ErrTooLarge)})
	}
	c.budget -= values
}

// integers makes room for known integers of a shape.
func (c *compiler) integers(n fmt.Stringer, shape []int, elem onnx.Type) *tensor {
	c.spend(n, product(shape))
	return &tensor{shape: shape, elem: elem, ints: make([]int64, product(shape))}
}

// emit adds a step that computes a tensor of the given shape from the inputs,
// in their stored order; or computes it now if they are all known. f must not
// keep or change in.
func (c *compiler) emit(n fmt.Stringer, in []*tensor, shape []int, last bool, f func(in [][]float32, out []float32)) *tensor {
	return c.add(n, in, &tensor{shape: shape, last: last}, nil, 0, 0, func(in [][]float32, out, _ []float32, _ simd.Part) { f(in, out) })
}

// share is emit of a job that threads can part; work is how many
// multiplications it is.
func (c *compiler) share(n fmt.Stringer, in []*tensor, shape []int, last bool, scratch, work int, f job) *tensor {
	return c.add(n, in, &tensor{shape: shape, last: last}, nil, scratch, work, f)
}

// shareOver is share with a result of the shape of the first input, whose place
// it may take, if that is free: f is then called with out the same memory as
// in[0].
func (c *compiler) shareOver(n fmt.Stringer, in []*tensor, f func(in [][]float32, out []float32, part simd.Part)) *tensor {
	out := &tensor{shape: in[0].shape, last: in[0].last}
	var over *buffer
	if c.free(in[0]) {
		over = in[0].at
	}
	return c.add(n, in, out, over, 0, perMove*out.len(), func(in [][]float32, out, _ []float32, part simd.Part) { f(in, out, part) })
}

func (c *compiler) add(n fmt.Stringer, in []*tensor, out *tensor, over *buffer, scratch, work int, f job) *tensor {
	if out.len() > maxValues || scratch < 0 || scratch > maxValues {
		panic(refusal{fmt.Errorf("%v: result of %v values: %w", n, out.shape, cxr.ErrTooLarge)})
	}
	if !slices.ContainsFunc(in, func(t *tensor) bool { return !t.known() }) {
		data, touched := make([][]float32, len(in)), out.len()+scratch+work/64
		for i, t := range in {
			data[i] = t.data
			touched += len(t.data)
		}
		c.spend(n, touched)
		out.elem = onnx.Float
		out.data = make([]float32, out.len())
		f(data, out.data, make([]float32, scratch), simd.Whole)
		return out
	}
	step := len(c.steps)
	for _, t := range in {
		if t.at != nil {
			t.at.lastUse = step
			out.nhwc = out.nhwc || len(out.shape) == 4 && len(t.shape) == 4 && t.nhwc
		}
	}
	out.at = over
	if over == nil {
		out.at = c.newBuffer(out.words(), step)
	}
	out.at.step, out.at.lastUse = step, step
	p := pendingStep{name: n.String(), inputs: in, output: out, run: f, shared: c.threads > 1 && work >= c.sharing}
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
