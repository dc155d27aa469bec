package network

import (
	"slices"
	"strings"
)

// opEinsum contracts one or two tensors: what is in both but not in the result is
// summed by a product of matrices.
func opEinsum(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	equation := strings.ReplaceAll(n.Text("equation"), " ", "")
	terms, result, explicit := strings.Cut(equation, "->")
	operands := strings.Split(terms, ",")
	if strings.Contains(equation, ".") {
		return nil, unsupported(n, "equation %q with an ellipsis", equation)
	}
	if len(in) > 2 {
		return nil, unsupported(n, "%d inputs", len(in))
	}
	if len(operands) != len(in) {
		return nil, corrupt(n, "equation %q for %d inputs", equation, len(in))
	}
	sizes := map[byte]int{}
	for i, labels := range operands {
		if len(labels) != len(in[i].shape) {
			return nil, corrupt(n, "equation %q for shape %v", equation, in[i].shape)
		}
		for k := range len(labels) {
			if strings.Count(labels, labels[k:k+1]) > 1 {
				return nil, unsupported(n, "equation %q with a diagonal", equation)
			}
			if size, ok := sizes[labels[k]]; ok && size != in[i].shape[k] {
				return nil, corrupt(n, "equation %q for shapes %v and %v", equation, in[0].shape, in[len(in)-1].shape)
			}
			sizes[labels[k]] = in[i].shape[k]
		}
	}
	if !explicit { // labels that occur once, in the order of the alphabet
		var once []byte
		for label := range sizes {
			if strings.Count(terms, string(label)) == 1 {
				once = append(once, label)
			}
		}
		slices.Sort(once)
		result = string(once)
	}
	for k := range len(result) {
		if _, ok := sizes[result[k]]; !ok || strings.Count(result, result[k:k+1]) > 1 {
			return nil, corrupt(n, "equation %q", equation)
		}
	}
	only := func(labels string, f func(label string) bool) string {
		var kept strings.Builder
		for k := range len(labels) {
			if f(labels[k : k+1]) {
				kept.WriteString(labels[k : k+1])
			}
		}
		return kept.String()
	}
	parts := make([]*tensor, len(in))
	for i := range in { // what only one of them has and the result has not is summed at once
		other := ""
		if len(in) == 2 {
			other = operands[1-i]
		}
		keep := only(operands[i], func(l string) bool { return strings.Contains(result, l) || strings.Contains(other, l) })
		parts[i] = in[i]
		if keep != operands[i] {
			var list []int
			for k := range len(operands[i]) {
				if !strings.Contains(keep, operands[i][k:k+1]) {
					list = append(list, k)
				}
			}
			t, err := c.reduce(n, in[i], list, false, sumOf)
			if err != nil {
				return nil, err
			}
			parts[i], operands[i] = t, keep
		}
	}
	labels, t := operands[0], parts[0]
	if len(in) == 2 {
		a, b := operands[0], operands[1]
		batch := only(a, func(l string) bool { return strings.Contains(b, l) && strings.Contains(result, l) })
		sum := only(a, func(l string) bool { return strings.Contains(b, l) && !strings.Contains(result, l) })
		rows := only(a, func(l string) bool { return !strings.Contains(b, l) })
		cols := only(b, func(l string) bool { return !strings.Contains(a, l) })
		size := func(labels string) int {
			n := 1
			for k := range len(labels) {
				n *= sizes[labels[k]]
			}
			return n
		}
		x := c.view(c.ordered(n, parts[0], a, batch+rows+sum), []int{size(batch), size(rows), size(sum)})
		y := c.view(c.ordered(n, parts[1], b, batch+sum+cols), []int{size(batch), size(sum), size(cols)})
		lead := []int{size(batch)}
		t = c.product(n, x, y, lead, []int{size(batch), size(rows), size(cols)})
		labels = batch + rows + cols
		shape := []int{}
		for k := range len(labels) {
			shape = append(shape, sizes[labels[k]])
		}
		t = c.view(t, shape)
	}
	return []*tensor{c.ordered(n, t, labels, result)}, nil
}

// ordered is t with its labeled dimensions in another order.
func (c *compiler) ordered(n *node, t *tensor, from, to string) *tensor {
	if from == to {
		return t
	}
	perm := make([]int, len(to))
	for i := range perm {
		perm[i] = strings.IndexByte(from, to[i])
	}
	return c.transpose(n, t, perm)
}
