package network

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// A file is a model under construction, in the wire format of ONNX.
type file struct {
	opset int
	graph []byte
	tail  []byte // fields of the model behind the graph
	input []int
}

func message(dst []byte, number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), content)
}

func integerField(dst []byte, number protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), uint64(v))
}

func floatField(dst []byte, number protowire.Number, v float32) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(dst, number, protowire.Fixed32Type), math.Float32bits(v))
}

// node adds a node of the domain; attributes are of int, float32, string, []int
// or a tensor's []byte.
func (f *file) node(domain, op string, inputs, outputs []string, list map[string]any) {
	var n []byte
	for _, name := range inputs {
		n = message(n, 1, []byte(name))
	}
	for _, name := range outputs {
		n = message(n, 2, []byte(name))
	}
	n = message(message(n, 4, []byte(op)), 7, []byte(domain))
	for name, value := range list {
		a := message(nil, 1, []byte(name))
		switch v := value.(type) {
		case int:
			a = integerField(integerField(a, 3, int64(v)), 20, int64(onnx.IntAttribute))
		case float32:
			a = integerField(floatField(a, 2, v), 20, int64(onnx.FloatAttribute))
		case string:
			a = integerField(message(a, 4, []byte(v)), 20, int64(onnx.StringAttribute))
		case []int:
			for _, x := range v {
				a = integerField(a, 8, int64(x))
			}
			a = integerField(a, 20, int64(onnx.IntsAttribute))
		case []byte:
			a = integerField(message(a, 5, v), 20, int64(onnx.TensorAttribute))
		}
		n = message(n, 5, a)
	}
	f.graph = message(f.graph, 1, n)
}

// floats and integers are tensors in bytes.
func floatTensor(name string, shape []int, values ...float32) []byte {
	t := tensorHead(name, shape, onnx.Float)
	for _, v := range values {
		t = floatField(t, 4, v)
	}
	return t
}

func integerTensor(name string, elem onnx.Type, shape []int, values ...int64) []byte {
	t := tensorHead(name, shape, elem)
	field := protowire.Number(5)
	if elem == onnx.Int64 {
		field = 7
	}
	for _, v := range values {
		t = integerField(t, field, v)
	}
	return t
}

func tensorHead(name string, shape []int, elem onnx.Type) (t []byte) {
	for _, d := range shape {
		t = integerField(t, 1, int64(d))
	}
	return message(integerField(t, 2, int64(elem)), 8, []byte(name))
}

func (f *file) weight(tensor []byte) { f.graph = message(f.graph, 5, tensor) }

// bytes is the model from x to y.
func (f *file) bytes() []byte {
	value := func(name string, shape []int) []byte {
		var dims []byte
		for _, d := range shape {
			dims = message(dims, 1, integerField(nil, 1, int64(d)))
		}
		t := message(integerField(nil, 1, int64(onnx.Float)), 2, dims)
		return message(message(nil, 1, []byte(name)), 2, message(nil, 1, t))
	}
	if f.input == nil {
		f.input = []int{1, 3, 4, 4}
	}
	graph := message(message(f.graph, 11, value("x", f.input)), 12, value("y", nil))
	m := message(integerField(nil, 1, 8), 7, graph)
	return append(message(m, 8, integerField(nil, 2, int64(f.opset))), f.tail...)
}
