package head_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// A grid is rows x cols of numbers; 1 of either is stretched where the other
// operand has more.
type grid struct {
	rows, cols int
	values     []float64
}

func (g grid) at(i, j int) float64 { return g.values[i%g.rows*g.cols+j%g.cols] }

func zip(a, b grid, f func(x, y float64) float64) grid {
	out := grid{rows: max(a.rows, b.rows), cols: max(a.cols, b.cols)}
	for i := range out.rows {
		for j := range out.cols {
			out.values = append(out.values, f(a.at(i, j), b.at(i, j)))
		}
	}
	return out
}

// operators are those of the exported graphs, for one film.
var operators = map[string]func(n *onnx.Node, in []grid) grid{
	"Sub": func(_ *onnx.Node, in []grid) grid {
		return zip(in[0], in[1], func(x, y float64) float64 { return x - y })
	},
	"Add": func(_ *onnx.Node, in []grid) grid {
		return zip(in[0], in[1], func(x, y float64) float64 { return x + y })
	},
	"Mul": func(_ *onnx.Node, in []grid) grid {
		return zip(in[0], in[1], func(x, y float64) float64 { return x * y })
	},
	"Max": func(_ *onnx.Node, in []grid) grid { return zip(in[0], in[1], math.Max) },
	"Min": func(_ *onnx.Node, in []grid) grid { return zip(in[0], in[1], math.Min) },
	"Relu": func(_ *onnx.Node, in []grid) grid {
		return zip(in[0], grid{1, 1, []float64{0}}, math.Max)
	},
	"Sigmoid": func(_ *onnx.Node, in []grid) grid {
		return zip(in[0], in[0], func(x, _ float64) float64 { return 1 / (1 + math.Exp(-x)) })
	},
	"Unsqueeze": func(_ *onnx.Node, in []grid) grid { return grid{in[0].cols, 1, in[0].values} },
	"ReduceMean": func(_ *onnx.Node, in []grid) grid { // over the tokens
		out := grid{rows: 1, cols: in[0].cols}
		for j := range in[0].cols {
			var sum float64
			for i := range in[0].rows {
				sum += in[0].at(i, j)
			}
			out.values = append(out.values, sum/float64(in[0].rows))
		}
		return out
	},
	"ReduceSum": func(_ *onnx.Node, in []grid) grid { // over the segments
		out := grid{rows: 1, cols: in[0].rows}
		for i := range in[0].rows {
			var sum float64
			for j := range in[0].cols {
				sum += in[0].at(i, j)
			}
			out.values = append(out.values, sum)
		}
		return out
	},
	"Gemm": func(n *onnx.Node, in []grid) grid {
		if n.Int("transB", 0) != 1 {
			return grid{}
		}
		out := grid{rows: 1, cols: in[1].rows}
		for k := range in[1].rows {
			sum := in[2].at(0, k)
			for j := range in[1].cols {
				sum += in[0].at(0, j) * in[1].at(k, j)
			}
			out.values = append(out.values, sum)
		}
		return out
	},
}

func init() {
	operators["MatMul"] = func(_ *onnx.Node, in []grid) grid {
		out := grid{rows: in[0].rows, cols: in[1].cols}
		for i := range out.rows {
			for j := range out.cols {
				var sum float64
				for k := range in[0].cols {
					sum += in[0].at(i, k) * in[1].at(k, j)
				}
				out.values = append(out.values, sum)
			}
		}
		return out
	}
	operators["Transpose"] = func(_ *onnx.Node, in []grid) grid {
		out := grid{rows: in[0].cols, cols: in[0].rows}
		for j := range in[0].cols {
			for i := range in[0].rows {
				out.values = append(out.values, in[0].at(i, j))
			}
		}
		return out
	}
	operators["Softmax"] = func(n *onnx.Node, in []grid) grid { // over the tokens
		if n.Int("axis", -1) != 1 {
			return grid{}
		}
		out := grid{rows: in[0].rows, cols: in[0].cols, values: make([]float64, len(in[0].values))}
		for j := range in[0].cols {
			var sum float64
			for i := range in[0].rows {
				sum += math.Exp(in[0].at(i, j))
			}
			for i := range in[0].rows {
				out.values[i*out.cols+j] = math.Exp(in[0].at(i, j)) / sum
			}
		}
		return out
	}
}

// The file is read by our own reader and evaluated node by node.
func TestONNXFilesPredictAlike(t *testing.T) {
	for _, tokens := range []int{1, 3} {
		for _, curve := range []head.Method{none, head.Platt, head.Isotonic} {
			m := network(t, tokens, curve)
			var file bytes.Buffer
			if err := m.WriteONNX(&file); err != nil {
				t.Fatal(err)
			}
			graph, err := onnx.Parse(file.Bytes(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(graph.Metadata), "map[digest:d1 embedding_model:test findings:effusion|mass recipe:standard/1]"; got != want {
				t.Errorf("metadata %s, want %s", got, want)
			}
			if got, want := fmt.Sprint(graph.Inputs, graph.Outputs), fmt.Sprintf("[{embedding float [-1 %d 4]}] [{probability float [-1 2]}]", tokens); got != want {
				t.Errorf("inputs and outputs %s, want %s", got, want)
			}
			for _, e := range inputs(tokens, 20) {
				want, err := m.Predict(e)
				if err != nil {
					t.Fatal(err)
				}
				film := grid{rows: tokens, cols: 4}
				for _, v := range e.Values {
					film.values = append(film.values, float64(v))
				}
				for f, got := range run(t, graph, film) {
					if math.Abs(got-want[f]) > 1e-5 {
						t.Errorf("%d tokens, calibration %v: the file says %v, the model %v", tokens, curve, got, want[f])
					}
				}
			}
		}
	}
}

func run(t *testing.T, graph *onnx.Model, film grid) []float64 {
	t.Helper()
	known := map[string]grid{"embedding": film}
	for name, tensor := range graph.Initializers {
		g := grid{rows: 1, cols: tensor.Len()}
		if len(tensor.Shape) == 2 {
			g.rows, g.cols = tensor.Shape[0], tensor.Shape[1]
		}
		if !tensor.Type.Integers() {
			for _, v := range tensor.Floats() {
				g.values = append(g.values, float64(v))
			}
		}
		known[name] = g
	}
	for _, n := range graph.Nodes {
		operator := operators[n.Op]
		if operator == nil {
			t.Fatalf("operator %s", n.Op)
		}
		var in []grid
		for _, name := range n.Inputs {
			g, ok := known[name]
			if !ok {
				t.Fatalf("%v wants %q, which nothing makes", n, name)
			}
			in = append(in, g)
		}
		known[n.Outputs[0]] = operator(n, in)
	}
	return known["probability"].values
}
