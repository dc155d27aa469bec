package network

import (
	"math"
	"slices"
)

// indexed is where parts of data start that lists of indices name, their size, and
// the dimensions of the lists.
func (c *compiler) indexed(n *node, data, index *tensor, batch int) (places []int, size int, lead []int, err error) {
	rank := len(index.shape)
	if index.ints == nil {
		return nil, 0, nil, unsupported(n, "indices that are not constant")
	}
	if rank == 0 || index.shape[rank-1] < 1 || batch+index.shape[rank-1] > len(data.shape) {
		return nil, 0, nil, corrupt(n, "indices of shape %v into %v", index.shape, data.shape)
	}
	depth := index.shape[rank-1]
	size = product(data.shape[batch+depth:])
	strides := (&tensor{shape: data.shape}).strides()
	c.spend(n, len(index.ints))
	each := 1 // lists for each of the leading dimensions that data and index share
	if batch > 0 {
		each = len(index.ints) / depth / product(data.shape[:batch])
	}
	for i := 0; i < len(index.ints); i += depth {
		at := 0
		if batch > 0 {
			at = i / depth / each * strides[batch-1]
		}
		for k, v := range index.ints[i:][:depth] {
			d := int64(data.shape[batch+k])
			if v < 0 {
				v += d
			}
			if v < 0 || v >= d {
				return nil, 0, nil, corrupt(n, "index %d of %d", v, d)
			}
			at += int(v) * strides[batch+k]
		}
		places = append(places, at)
	}
	return places, size, index.shape[:rank-1], nil
}

// opGatherND takes parts of the data by lists of indices.
func opGatherND(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	data, batch := c.plain(in[0]), 0
	if n.Has("batch_dims") {
		batch = n.Int("batch_dims")
	}
	if batch < 0 || batch >= len(data.shape) || batch >= len(in[1].shape) || !slices.Equal(data.shape[:batch], in[1].shape[:batch]) {
		return nil, corrupt(n, "batch_dims %d of shapes %v and %v", batch, data.shape, in[1].shape)
	}
	if in[1].ints == nil && batch == 0 {
		return c.lookUpND(n, data, in[1])
	}
	places, size, lead, err := c.indexed(n, data, in[1], batch)
	if err != nil {
		return nil, err
	}
	shape := slices.Concat(lead, data.shape[batch+in[1].shape[len(lead)]:])
	if product(shape) > maxValues {
		return nil, unsupported(n, "result of shape %v", shape)
	}
	if data.ints != nil {
		out := c.integers(n, shape, data.elem)
		for i, at := range places {
			copy(out.ints[i*size:][:size], data.ints[at:])
		}
		return []*tensor{out}, nil
	}
	return []*tensor{c.emit(n, []*tensor{data}, shape, false, func(in [][]float32, out []float32) {
		for i, at := range places {
			copy(out[i*size:][:size], in[0][at:])
		}
	})}, nil
}

// lookUpND is opGatherND with lists that only the run knows. What lies beyond a
// dimension is NaN.
func (c *compiler) lookUpND(n *node, data, index *tensor) ([]*tensor, error) {
	rank := len(index.shape)
	if rank == 0 || index.shape[rank-1] < 1 || index.shape[rank-1] > len(data.shape) {
		return nil, corrupt(n, "indices of shape %v into %v", index.shape, data.shape)
	}
	data, err := exact(n, data)
	if err != nil {
		return nil, err
	}
	depth := index.shape[rank-1]
	shape := slices.Concat(index.shape[:rank-1], data.shape[depth:])
	if product(shape) > maxValues {
		return nil, unsupported(n, "result of shape %v", shape)
	}
	dims, size := data.shape[:depth], product(data.shape[depth:])
	return []*tensor{c.emit(n, []*tensor{data, c.plain(index)}, shape, false, func(in [][]float32, out []float32) {
		for i := 0; i < len(in[1]); i += depth {
			row := float32(0) // exact up to 2^24, as all integers of the run
			for k, v := range in[1][i:][:depth] {
				if v < 0 {
					v += float32(dims[k])
				}
				if !(v >= 0 && v < float32(dims[k])) {
					v = float32(math.NaN())
				}
				row = row*float32(dims[k]) + v
			}
			takeRow(out[:size], in[0], row, product(dims))
			out = out[size:]
		}
	})}, nil
}

// opScatterND writes updates over parts of a copy of the data.
func opScatterND(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	if n.Has("reduction") && n.Text("reduction") != "none" {
		return nil, unsupported(n, "reduction %q", n.Text("reduction"))
	}
	data, updates := c.plain(in[0]), in[2]
	places, size, lead, err := c.indexed(n, data, in[1], 0)
	if err != nil {
		return nil, err
	}
	if want := slices.Concat(lead, data.shape[in[1].shape[len(lead)]:]); !slices.Equal(updates.shape, want) {
		return nil, corrupt(n, "updates of shape %v for indices of shape %v into %v", updates.shape, in[1].shape, data.shape)
	}
	if data.ints != nil && updates.ints != nil {
		out := c.integers(n, data.shape, data.elem)
		scatter(out.ints, data.ints, updates.ints, places, size)
		return []*tensor{out}, nil
	}
	if data, err = exact(n, data); err != nil {
		return nil, err
	}
	if updates, err = exact(n, updates); err != nil {
		return nil, err
	}
	return []*tensor{c.emit(n, []*tensor{data, c.plain(updates)}, data.shape, false, func(in [][]float32, out []float32) {
		scatter(out, in[0], in[1], places, size)
	})}, nil
}

func scatter[T any](out, data, updates []T, places []int, size int) {
	copy(out, data)
	for i, at := range places {
		copy(out[at:][:size], updates[i*size:])
	}
}
