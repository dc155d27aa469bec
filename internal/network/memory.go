package network

import (
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// program lays out memory and closes the steps over their places.
func (c *compiler) program(input, output *tensor) (*Program, error) {
	p := &Program{Input: input.shape, Type: output.elem, Integer: c.integerProducts}
	if len(output.shape) == 4 {
		switch {
		case output.last:
			p.Layout = ChannelsFirst
		case output.nhwc:
			p.Layout = ChannelsLast
		}
	}
	output = c.plain(output)
	c.drop(output)
	output.at.lastUse = len(c.steps)
	total := 0
	for _, b := range c.buffers {
		if total += b.n; total > math.MaxInt/2 {
			return nil, fmt.Errorf("%w: network that needs more memory than there is", cxr.ErrTooLarge)
		}
	}
	p.Output, p.Memory = output.shape, layOut(c.buffers)
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
		step.bind = func(memory []float32) func(simd.Part) {
			in := make([][]float32, len(places))
			for k := range in {
				if in[k] = known[k]; in[k] == nil {
					in[k] = places[k].of(memory)
				}
			}
			out, scratch := out.of(memory), scratch.of(memory)
			return func(part simd.Part) {
				each := len(scratch) / part.Of
				run(in, out, scratch[part.Index*each:][:each], part)
			}
		}
		writer[s.output.at] = i
		p.Steps = append(p.Steps, step)
	}
	return p, nil
}

// drop takes out the steps whose results nobody reads, and the buffers that only they
// used.
func (c *compiler) drop(output *tensor) {
	live := map[*buffer]bool{output.at: true}
	var kept []pendingStep
	for _, s := range slices.Backward(c.steps) {
		if !live[s.output.at] {
			continue
		}
		kept = append(kept, s)
		for _, t := range s.inputs {
			if t.at != nil {
				live[t.at] = true
			}
		}
	}
	slices.Reverse(kept)
	c.steps = kept
	for _, b := range c.buffers {
		if b.first >= 0 {
			b.first = len(kept)
		}
		b.lastUse = -1
	}
	use := func(b *buffer, step int) { b.first, b.lastUse = min(b.first, step), max(b.lastUse, step) }
	for i, s := range kept {
		use(s.output.at, i)
		if s.scratch != nil {
			use(s.scratch, i)
		}
		for _, t := range s.inputs {
			if t.at != nil {
				use(t.at, i)
			}
		}
	}
	c.buffers = slices.DeleteFunc(c.buffers, func(b *buffer) bool { return b.first == len(kept) })
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
