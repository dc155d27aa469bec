package vertextest

import (
	"errors"
	"fmt"
	"math"

	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that ours rests on
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// A feature map is 88,064 numbers. As structpb.Values they are as many
// allocations, on both ways, so that tests would spend their time here: the
// numbers stay in wire format.

// A rawCodec leaves requests as they come.
type rawCodec struct{ encoding.CodecV2 }

func newRawCodec() rawCodec { return rawCodec{encoding.GetCodecV2("proto")} }

func (c rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	if r, ok := v.(*aiplatformpb.PredictRequest); ok {
		proto.Reset(r)
		r.ProtoReflect().SetUnknown(data.Materialize())
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}

// wire is the bytes of a request.
func wire(r *aiplatformpb.PredictRequest) ([]byte, error) {
	if raw := r.ProtoReflect().GetUnknown(); len(r.GetInstances()) == 0 && len(raw) > 0 {
		return raw, nil
	}
	return proto.Marshal(r)
}

var errMalformed = errors.New("request is not a protocol buffer")

// each calls f for all fields of a message that are byte strings.
func each(message []byte, f func(n protowire.Number, v []byte) error) error {
	for len(message) > 0 {
		n, kind, k := protowire.ConsumeTag(message)
		if k < 0 {
			return errMalformed
		}
		message = message[k:]
		if kind != protowire.BytesType {
			if k = protowire.ConsumeFieldValue(n, kind, message); k < 0 {
				return errMalformed
			}
			message = message[k:]
			continue
		}
		v, k := protowire.ConsumeBytes(message)
		if k < 0 {
			return errMalformed
		}
		if err := f(n, v); err != nil {
			return err
		}
		message = message[k:]
	}
	return nil
}

// parse takes a request apart (prediction_service.proto).
func parse(request []byte) (endpoint string, instances [][]byte, err error) {
	err = each(request, func(n protowire.Number, v []byte) error {
		switch n {
		case 1:
			endpoint = string(v)
		case 2:
			instances = append(instances, v)
		}
		return nil
	})
	return endpoint, instances, err
}

// Fields of google.protobuf.Value (struct.proto).
const (
	structValue = 5
	listValue   = 6
)

// members are the fields of a Value that is a struct.
func members(value []byte) (map[string][]byte, error) {
	m := map[string][]byte{}
	err := each(value, func(n protowire.Number, s []byte) error {
		if n != structValue {
			return errors.New("instance that is no struct")
		}
		return each(s, func(_ protowire.Number, entry []byte) error {
			var key string
			var v []byte
			err := each(entry, func(n protowire.Number, b []byte) error {
				if n == 1 {
					key = string(b)
				} else {
					v = b
				}
				return nil
			})
			m[key] = v
			return err
		})
	})
	return m, err
}

// count checks that a Value is nested lists of the given shape.
func count(value []byte, shape ...int) error {
	if len(shape) == 0 {
		if len(value) != 9 || value[0] != 2<<3|byte(protowire.Fixed64Type) {
			return errors.New("something else where a number belongs")
		}
		return nil
	}
	values := 0
	err := each(value, func(n protowire.Number, l []byte) error {
		if n != listValue {
			return errors.New("something else where a list belongs")
		}
		return each(l, func(_ protowire.Number, v []byte) error {
			values++
			return count(v, shape[1:]...)
		})
	})
	if err == nil && values != shape[0] {
		err = fmt.Errorf("%d values in a list of %d", values, shape[0])
	}
	return err
}

// null is a Value that is null.
var null = []byte{1 << 3, 0}

func field(dst []byte, n protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, n, protowire.BytesType), v)
}

// object is a Value that is a struct of pairs of name and Value.
func object(pairs ...any) []byte {
	var s []byte
	for i := 0; i < len(pairs); i += 2 {
		entry := field(field(nil, 1, []byte(pairs[i].(string))), 2, pairs[i+1].([]byte))
		s = field(s, 1, entry)
	}
	return field(nil, structValue, s)
}

func text(s string) []byte { return field(nil, 3, []byte(s)) }

func number(v float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(nil, 2, protowire.Fixed64Type), math.Float64bits(v))
}

func list(values ...[]byte) []byte {
	var l []byte
	for _, v := range values {
		l = field(l, 1, v)
	}
	return field(nil, listValue, l)
}

// lists are nested lists of the numbers Value gives, from k = 0, spoiled as the
// fault says.
func lists(f Fault, seed uint32, shape ...int) []byte {
	k := 0
	var build func(shape []int) []byte
	build = func(shape []int) []byte {
		var l []byte
		if len(shape) > 1 {
			for range shape[0] {
				l = field(l, 1, build(shape[1:]))
			}
			return field(nil, listValue, l)
		}
		l = make([]byte, 0, 11*shape[0])
		for i := range shape[0] {
			v := float64(Value(seed, k))
			k++
			if i == 0 && f.NaN {
				v = math.NaN()
			}
			if i == 0 && f.Shape {
				continue
			}
			l = append(l, 1<<3|byte(protowire.BytesType), 9, 2<<3|byte(protowire.Fixed64Type))
			l = protowire.AppendFixed64(l, math.Float64bits(v))
		}
		return field(nil, listValue, l)
	}
	return build(shape)
}

// predictions are Values of an answer.
type predictions [][]byte

func (p predictions) response() *aiplatformpb.PredictResponse {
	out := &aiplatformpb.PredictResponse{DeployedModelId: "fake", ModelVersionId: "1"}
	var raw []byte
	for _, v := range p {
		raw = field(raw, 1, v)
	}
	out.ProtoReflect().SetUnknown(raw)
	return out
}
