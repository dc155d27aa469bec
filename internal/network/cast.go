package network

import (
	"math"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

func opCast(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, err := c.cast(n, in[0], onnx.Type(n.Int("to")))
	return []*tensor{t}, err
}

func opCastLike(c *compiler, n *node, in []*tensor) ([]*tensor, error) {
	t, err := c.cast(n, in[0], in[1].elem)
	return []*tensor{t}, err
}

// wrap is an integer as one of a type of fewer bits, which keeps the lowest; any
// but 0 is the truth value 1.
func wrap(v int64, elem onnx.Type) int64 {
	switch elem {
	case onnx.Bool:
		if v != 0 {
			return 1
		}
		return 0
	case onnx.Int8:
		return int64(int8(v))
	case onnx.Uint8:
		return int64(uint8(v))
	case onnx.Int16:
		return int64(int16(v))
	case onnx.Uint16:
		return int64(uint16(v))
	case onnx.Int32:
		return int64(int32(v))
	case onnx.Uint32:
		return int64(uint32(v))
	}
	return v
}

// integer is a float as an integer of a type: cut off behind the point, or whether
// it is not 0 for a truth value.
func integer(v float32, elem onnx.Type) int64 {
	switch {
	case elem == onnx.Bool:
		if v != 0 {
			return 1
		}
		return 0
	case v != v:
		return 0
	}
	return wrap(int64(max(math.MinInt64, min(math.MaxInt64-1024, float64(v)))), elem)
}

// cast is t as elements of another type. All floats are float32 here, so among
// them nothing changes.
func (c *compiler) cast(n *node, t *tensor, to onnx.Type) (*tensor, error) {
	if !anything.has(to) {
		return nil, unsupported(n, "cast to %v", to)
	}
	switch {
	case to.Floating():
		if t.ints != nil {
			c.spend(n, len(t.ints))
			return toFloats(t).as(to), nil
		}
		return t.as(to), nil // integers of the run are floats already
	case t.ints != nil:
		if to == t.elem {
			return t, nil
		}
		return c.eachInteger(n, t.as(to), func(v int64) int64 { return v }), nil
	case t.data != nil:
		out := c.integers(n, t.shape, to)
		for i, v := range c.plain(t).data {
			out.ints[i] = integer(v, to)
		}
		return out, nil
	case to == t.elem:
		return t, nil
	}
	return c.each(n, t, func(v float32) float32 { return float32(integer(v, to)) }).as(to), nil
}
