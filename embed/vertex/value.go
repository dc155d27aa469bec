package vertex

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/cxr"
)

// Numbers of google.protobuf.Value and its kin (struct.proto).
const (
	numberValue = 2
	stringValue = 3
	structValue = 5
	listValue   = 6
)

// fields makes a Value of pairs of name and Value.
func fields(pairs ...any) []byte {
	var s []byte
	for i := 0; i < len(pairs); i += 2 {
		entry := protowire.AppendTag(nil, 1, protowire.BytesType)
		entry = protowire.AppendString(entry, pairs[i].(string))
		entry = appendBytes(entry, 2, pairs[i+1].([]byte))
		s = appendBytes(s, 1, entry)
	}
	return appendBytes(nil, structValue, s)
}

func text(v string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, stringValue, protowire.BytesType), v)
}

// numbers makes a Value of nested lists of the given shape.
func numbers(values []float32, shape ...int) []byte {
	var list []byte
	if len(shape) == 1 {
		list = make([]byte, 0, 11*len(values))
		for _, v := range values {
			list = append(list, 0x0a, 9, numberValue<<3|byte(protowire.Fixed64Type))
			list = protowire.AppendFixed64(list, math.Float64bits(float64(v)))
		}
	} else {
		each := len(values) / shape[0]
		for i := range shape[0] {
			list = appendBytes(list, 1, numbers(values[i*each:][:each], shape[1:]...))
		}
	}
	return appendBytes(nil, listValue, list)
}

func appendBytes(dst []byte, n protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, n, protowire.BytesType), v)
}

// corrupt is an answer that is not what the service promises.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("vertex: %w: the endpoint's answer %s", cxr.ErrEmbedding, fmt.Sprintf(format, args...))
}

// next takes one field off a message. kind 0: a field that is not a byte string.
func next(data []byte) (n protowire.Number, value, rest []byte, err error) {
	n, kind, k := protowire.ConsumeTag(data)
	if k < 0 {
		return 0, nil, nil, corrupt("is malformed")
	}
	data = data[k:]
	if kind == protowire.BytesType {
		value, k = protowire.ConsumeBytes(data)
	} else if k = protowire.ConsumeFieldValue(n, kind, data); k >= 0 {
		n = -n // marks it
	}
	if k < 0 {
		return 0, nil, nil, corrupt("is cut off")
	}
	return n, value, data[k:], nil
}

// predictions are the Values of a reply.
func predictions(reply []byte) (values [][]byte, err error) {
	for len(reply) > 0 {
		n, v, rest, err := next(reply)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			values = append(values, v)
		}
		reply = rest
	}
	return values, nil
}

// inside is the message of a Value that is a struct or a list, or nil.
func inside(value []byte, kind protowire.Number) (message []byte, err error) {
	for len(value) > 0 {
		n, v, rest, err := next(value)
		if err != nil {
			return nil, err
		}
		if n == kind {
			message = v
			if message == nil {
				message = []byte{}
			}
		}
		value = rest
	}
	return message, nil
}

// member is a named Value of a struct Value, or nil. Others are passed over.
func member(value []byte, name string) ([]byte, error) {
	s, err := inside(value, structValue)
	if err != nil {
		return nil, err
	}
	for len(s) > 0 {
		_, entry, rest, err := next(s)
		if err != nil {
			return nil, err
		}
		s = rest
		var key, v []byte
		for len(entry) > 0 {
			n, b, rest, err := next(entry)
			if err != nil {
				return nil, err
			}
			switch n {
			case 1:
				key = b
			case 2:
				v = b
			}
			entry = rest
		}
		if string(key) == name {
			return v, nil
		}
	}
	return nil, nil
}

// tensor reads nested lists of exactly the given shape. Outer lists of one
// element that the shape does not have are looked through.
func tensor(value []byte, shape ...int) ([]float32, error) {
	size := 1
	for _, d := range shape {
		size *= d
	}
	for range 4 {
		l, err := onlyList(value)
		if err != nil {
			return nil, err
		}
		if l == nil || shape[0] == 1 {
			break
		}
		value = l
	}
	out, err := appendTensor(make([]float32, 0, size), value, shape)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// onlyList is the only element of a list, if it is a list too, else nil.
func onlyList(value []byte) ([]byte, error) {
	l, err := inside(value, listValue)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	_, first, rest, err := next(l)
	if err != nil || len(rest) > 0 {
		return nil, err
	}
	inner, err := inside(first, listValue)
	if err != nil || inner == nil {
		return nil, err
	}
	return first, nil
}

func appendTensor(out []float32, value []byte, shape []int) ([]float32, error) {
	l, err := inside(value, listValue)
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, corrupt("has no list of %v numbers", shape)
	}
	count := 0
	for len(l) > 0 {
		if count++; count > shape[0] {
			return nil, corrupt("has more than %d values in a list", shape[0])
		}
		// A number, as it nearly always comes: ten bytes behind the tag.
		if len(shape) == 1 && len(l) >= 11 && l[0] == 0x0a && l[1] == 9 && l[2] == 0x11 {
			bits, _ := protowire.ConsumeFixed64(l[3:11])
			if out, err = appendFinite(out, math.Float64frombits(bits)); err != nil {
				return nil, err
			}
			l = l[11:]
			continue
		}
		_, v, rest, err := next(l)
		if err != nil {
			return nil, err
		}
		l = rest
		if len(shape) > 1 {
			if out, err = appendTensor(out, v, shape[1:]); err != nil {
				return nil, err
			}
			continue
		}
		n, kind, k := protowire.ConsumeTag(v)
		if k < 0 || n != numberValue || kind != protowire.Fixed64Type || len(v) < k+8 {
			return nil, corrupt("has something else where a number belongs")
		}
		bits, _ := protowire.ConsumeFixed64(v[k:])
		if out, err = appendFinite(out, math.Float64frombits(bits)); err != nil {
			return nil, err
		}
	}
	if count != shape[0] {
		return nil, corrupt("has %d values in a list of %d", count, shape[0])
	}
	return out, nil
}

func appendFinite(out []float32, v float64) ([]float32, error) {
	f := float32(v)
	if f-f != 0 { // NaN or an infinity
		return nil, corrupt("has a number that is not finite")
	}
	return append(out, f), nil
}

// stringOf is the text of a string Value, or "".
func stringOf(value []byte) string {
	s, err := inside(value, stringValue)
	if err != nil {
		return ""
	}
	return string(s)
}
