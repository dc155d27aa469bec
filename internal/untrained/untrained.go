// Package untrained gives an ONNX model random weights: what a network's shape
// alone is worth, beside which training has to show.
package untrained

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/internal/half"
)

// Fields and values of onnx.proto.
const (
	modelGraph       = 7
	graphInitializer = 5
	tensorDims       = 1
	tensorType       = 2
	tensorRaw        = 9

	typeFloat16 = 10
)

// Model is the ONNX model with random weights in place of its own: those of
// float16 tensors become normal with variance 2 / inputs (He et al. 2015,
// arXiv:1502.01852), biases 0.
func Model(model []byte) ([]byte, error) {
	rng := rand.New(rand.NewPCG(1, 2))
	return rewrite(model, modelGraph, func(graph []byte) ([]byte, error) {
		return rewrite(graph, graphInitializer, func(tensor []byte) ([]byte, error) {
			return randomize(tensor, rng)
		})
	})
}

// rewrite is message with f applied to every field of that number.
func rewrite(message []byte, number protowire.Number, f func([]byte) ([]byte, error)) ([]byte, error) {
	var out []byte
	for len(message) > 0 {
		n, kind, head := protowire.ConsumeTag(message)
		size := protowire.ConsumeFieldValue(n, kind, message[max(head, 0):])
		if head < 0 || size < 0 {
			return nil, fmt.Errorf("not an ONNX model")
		}
		if n != number || kind != protowire.BytesType {
			out = append(out, message[:head+size]...)
		} else {
			value, _ := protowire.ConsumeBytes(message[head:])
			value, err := f(value)
			if err != nil {
				return nil, err
			}
			out = protowire.AppendBytes(protowire.AppendTag(out, n, kind), value)
		}
		message = message[head+size:]
	}
	return out, nil
}

func randomize(tensor []byte, rng *rand.Rand) ([]byte, error) {
	var dims []uint64
	var float16 bool
	for rest := tensor; len(rest) > 0; {
		n, kind, head := protowire.ConsumeTag(rest)
		size := protowire.ConsumeFieldValue(n, kind, rest[max(head, 0):])
		if head < 0 || size < 0 {
			return nil, fmt.Errorf("not an ONNX tensor")
		}
		if kind == protowire.VarintType {
			v, _ := protowire.ConsumeVarint(rest[head:])
			switch n {
			case tensorDims:
				dims = append(dims, v)
			case tensorType:
				float16 = v == typeFloat16
			}
		}
		rest = rest[head+size:]
	}
	if !float16 {
		return tensor, nil
	}
	deviation := 0.0
	if len(dims) > 1 {
		inputs := 1.0
		for _, d := range dims[1:] {
			inputs *= float64(d)
		}
		deviation = math.Sqrt(2 / inputs)
	}
	return rewrite(tensor, tensorRaw, func(raw []byte) ([]byte, error) {
		out := make([]byte, 0, len(raw))
		for range len(raw) / 2 {
			out = binary.LittleEndian.AppendUint16(out, half.From(float32(deviation*rng.NormFloat64())))
		}
		return out, nil
	})
}
