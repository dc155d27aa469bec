package head

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// WriteONNX exports the model for other runtimes: input "embedding", float32,
// batch x tokens x dim; output "probability", batch x findings. Standardization
// and calibration are part of the graph, in float32. The embedding model, the
// recipe and the findings are in the metadata.
func (m *Model) WriteONNX(w io.Writer) error {
	s := &m.spec
	g := &onnxGraph{last: onnxInput}
	if s.Queries != nil {
		g.attention(s)
	} else {
		g.network(s)
	}
	if err := g.probability(s.Calibrations); err != nil {
		return err
	}
	g.nodes[len(g.nodes)-1].output = onnxOutput

	graph := g.encode()
	graph = appendBytes(graph, graphInput, valueInfo(onnxInput, s.Space.Tokens, s.Space.Dim))
	graph = appendBytes(graph, graphOutput, valueInfo(onnxOutput, len(s.Findings)))
	file := appendInt(nil, modelIR, onnxIR)
	file = appendBytes(file, modelProducer, []byte("cxrkit"))
	file = appendBytes(file, modelGraph, graph)
	file = appendBytes(file, modelOpset, appendInt(nil, opsetVersion, onnxOpset))
	for _, entry := range [][2]string{
		{"embedding_model", s.Space.Model}, {"digest", s.Space.Digest}, {"recipe", s.Space.Recipe}, {"findings", strings.Join(s.Findings, "|")},
	} {
		file = appendBytes(file, modelMetadata, appendBytes(appendBytes(nil, entryKey, []byte(entry[0])), entryValue, []byte(entry[1])))
	}
	if _, err := w.Write(file); err != nil {
		return fmt.Errorf("head: write ONNX: %w", err)
	}
	return nil
}

// network goes on from the embedding to log odds.
func (g *onnxGraph) network(s *Spec) {
	g.node("ReduceMean", nil, ints("axes", 1), integer("keepdims", 0))
	g.node("Sub", []string{g.tensor(s.Mean, s.Space.Dim)})
	g.node("Mul", []string{g.tensor(s.Scale, s.Space.Dim)})
	for i, l := range s.Layers {
		if i > 0 {
			g.node("Relu", nil)
		}
		g.node("Gemm", []string{g.tensor(l.Weights, l.Out, l.In), g.tensor(l.Bias, l.Out)}, integer("transB", 1))
	}
}

// probability goes on from log odds.
func (g *onnxGraph) probability(calibrations []Calibration) error {
	curves, knots := 0, 0
	for _, c := range calibrations {
		if len(c.LogOdds) > 0 {
			curves++
			knots = max(knots, len(c.LogOdds))
		}
	}
	n := len(calibrations)
	switch {
	case n == 0:
		g.node("Sigmoid", nil)
	case curves == 0:
		slopes, intercepts := make([]float64, n), make([]float64, n)
		for f, c := range calibrations {
			slopes[f], intercepts[f] = c.Slope, c.Intercept
		}
		g.node("Mul", []string{g.tensor(slopes, n)})
		g.node("Add", []string{g.tensor(intercepts, n)})
		g.node("Sigmoid", nil)
	case curves == n:
		g.curves(calibrations, max(knots-1, 1))
	default:
		return fmt.Errorf("head: write ONNX: calibrations of both kinds in one model")
	}
	return nil
}

// curves is the first probability plus, for each of the segments between knots,
// its slope times the way that the log odds have come along it.
func (g *onnxGraph) curves(calibrations []Calibration, segments int) {
	n := len(calibrations)
	low, high, slope := make([]float64, n*segments), make([]float64, n*segments), make([]float64, n*segments)
	first := make([]float64, n)
	for f, c := range calibrations {
		first[f] = c.Probability[0]
		for k := 1; k < len(c.LogOdds); k++ {
			i := f*segments + k - 1
			low[i], high[i] = c.LogOdds[k-1], c.LogOdds[k]
			slope[i] = (c.Probability[k] - c.Probability[k-1]) / (high[i] - low[i])
		}
	}
	lows := g.tensor(low, n, segments)
	g.node("Unsqueeze", []string{g.integers(2)})
	g.node("Max", []string{lows})
	g.node("Min", []string{g.tensor(high, n, segments)})
	g.node("Sub", []string{lows})
	g.node("Mul", []string{g.tensor(slope, n, segments)})
	g.node("ReduceSum", []string{g.integers(2)}, integer("keepdims", 0))
	g.node("Add", []string{g.tensor(first, n)})
}

// ONNX IR version 8 and operator set 13, which every runtime since 2022 reads.
const onnxIR, onnxOpset = 8, 13

const onnxInput, onnxOutput = "embedding", "probability"

// Fields of the messages of onnx.proto3, github.com/onnx/onnx.
const (
	modelIR, modelProducer, modelGraph, modelOpset, modelMetadata    = 1, 2, 7, 8, 14
	entryKey, entryValue                                             = 1, 2
	opsetVersion                                                     = 2
	graphNode, graphName, graphTensor, graphInput, graphOutput       = 1, 2, 5, 11, 12
	nodeInput, nodeOutput, nodeName, nodeOp, nodeAttribute           = 1, 2, 3, 4, 5
	attributeName, attributeInt, attributeInts, attributeType        = 1, 3, 8, 20
	tensorDims, tensorType, tensorName, tensorData                   = 1, 2, 8, 9
	infoName, infoType, typeTensor, shapeDim, dimValue, dimParameter = 1, 2, 1, 1, 1, 2
	tensorElement, tensorShape                                       = 1, 2

	elementFloat, elementInt64      = 1, 7 // TensorProto.DataType
	attributeIsInt, attributeIsInts = 2, 7 // AttributeProto.AttributeType
)

// An onnxGraph is a chain of nodes with constants.
type onnxGraph struct {
	nodes   []onnxNode
	tensors [][]byte
	last    string // what the next node takes
}

type onnxNode struct {
	op         string
	inputs     []string
	output     string
	attributes [][]byte
}

// node appends a node that takes the last one's output and then constants.
func (g *onnxGraph) node(op string, constants []string, attributes ...[]byte) {
	n := onnxNode{op, append([]string{g.last}, constants...), fmt.Sprintf("%s_%d", strings.ToLower(op), len(g.nodes)), attributes}
	g.nodes, g.last = append(g.nodes, n), n.output
}

// tensor adds a constant of float32 and returns its name.
func (g *onnxGraph) tensor(values []float64, dims ...int) string {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
	}
	return g.constant(elementFloat, data, dims)
}

// integers adds a constant of int64.
func (g *onnxGraph) integers(values ...int) string {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint64(data, uint64(v))
	}
	return g.constant(elementInt64, data, []int{len(values)})
}

func (g *onnxGraph) constant(element int, data []byte, dims []int) string {
	name := fmt.Sprintf("constant_%d", len(g.tensors))
	var t []byte
	for _, d := range dims {
		t = appendInt(t, tensorDims, d)
	}
	t = appendInt(t, tensorType, element)
	t = appendBytes(t, tensorName, []byte(name))
	t = appendBytes(t, tensorData, data)
	g.tensors = append(g.tensors, t)
	return name
}

func (g *onnxGraph) encode() []byte {
	var b []byte
	for i, n := range g.nodes {
		var node []byte
		for _, in := range n.inputs {
			node = appendBytes(node, nodeInput, []byte(in))
		}
		node = appendBytes(node, nodeOutput, []byte(n.output))
		node = appendBytes(node, nodeName, fmt.Appendf(nil, "%s_%d", n.op, i))
		node = appendBytes(node, nodeOp, []byte(n.op))
		for _, a := range n.attributes {
			node = appendBytes(node, nodeAttribute, a)
		}
		b = appendBytes(b, graphNode, node)
	}
	b = appendBytes(b, graphName, []byte("head"))
	for _, t := range g.tensors {
		b = appendBytes(b, graphTensor, t)
	}
	return b
}

func integer(name string, v int) []byte {
	b := appendBytes(nil, attributeName, []byte(name))
	return appendInt(appendInt(b, attributeInt, v), attributeType, attributeIsInt)
}

func ints(name string, values ...int) []byte {
	b := appendBytes(nil, attributeName, []byte(name))
	for _, v := range values {
		b = appendInt(b, attributeInts, v)
	}
	return appendInt(b, attributeType, attributeIsInts)
}

// valueInfo describes a batch of float32 tensors.
func valueInfo(name string, dims ...int) []byte {
	shape := appendBytes(nil, shapeDim, appendBytes(nil, dimParameter, []byte("batch")))
	for _, d := range dims {
		shape = appendBytes(shape, shapeDim, appendInt(nil, dimValue, d))
	}
	tensor := appendBytes(appendInt(nil, tensorElement, elementFloat), tensorShape, shape)
	return appendBytes(appendBytes(nil, infoName, []byte(name)), infoType, appendBytes(nil, typeTensor, tensor))
}

func appendInt(b []byte, field protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}
