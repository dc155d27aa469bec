package network

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// The kinds of faults that a reading of the engine found, each with models of the
// corpus (see testdata/corpus.py) that show it.
func TestKinds(t *testing.T) {
	all := corpus(t)
	for kind, patterns := range map[string][]string{
		"batch above one inside a graph":                             {"batch_*"},
		"zero points from Constant, Cast and Identity, output_dtype": {"qdq_*", "q_output_dtype_*", "q_default"},
		"Softmax of opset 11 and 12 with a negative axis":            {"softmax11_*", "softmax12_*", "logsoftmax1[12]_*"},
		"start and end of Shape":                                     {"shape_*"},
		"Resize: sizes floored in float32":                           {"resize_floor_*"},
		"Resize of opset 10 is asymmetric":                           {"resize10_*", "upsample9_*"},
		"Resize: a side whose size stays at a scale that is not 1":   {"resize_*_1.30_1.00", "resize_*_1.67_0.67"},
		"Clip of int64": {"clip_int64"},
		"AveragePool: ceil_mode with count_include_pad":               {"avgpool_*"},
		"Gemm: C of one column where M equals N":                      {"gemm_square_col", "gemm_*_col"},
		"Pad with axes in any order":                                  {"pad_*_4_*"},
		"noop_with_empty_axes":                                        {"*_noop", "*_empty"},
		"int16 and uint16 by zero point and output_dtype":             {"qdq_[iu]16*", "q_output_dtype_[iu]16"},
		"DequantizeLinear by blocks":                                  {"dq_block_*"},
		"QuantizeLinear, then what moves values, then dequantization": {"q_*_dq"},
		"a constant divided by x is no GELU":                          {"gelu_swapped_*"},
		"Pow of 2 to the difference is no layer normalization":        {"layernorm_spelled_*"},
		"dimensions that a bias or a half adds":                       {"matmul_bias_*", "gelu_*_rank", "layernorm_spelled_*_rank"},
		"Cast to bool and to small integers":                          {"cast_*"},
		"Mod with fmod":                                               {"mod_*"},
		"Max, Min, Sum and Mean of any number":                        {"*_of_[1234]*"},
	} {
		t.Run(kind, func(t *testing.T) {
			tested := 0
			for name, e := range all {
				for _, pattern := range patterns {
					if ok, err := path.Match(pattern, name); err != nil {
						t.Fatal(err)
					} else if ok {
						tested++
						if text := agrees(name, e); text != "" {
							t.Errorf("%s: %s", name, text)
						}
						break
					}
				}
			}
			if tested < len(patterns) {
				t.Errorf("%d models", tested)
			}
		})
	}
}

// What is not in the table is refused by the operator's and the node's name.
func TestRefusals(t *testing.T) {
	single := func(opset int, domain, op string, inputs []string, list map[string]any, weights ...[]byte) func() *file {
		return func() *file {
			f := &file{opset: opset}
			for _, w := range weights {
				f.weight(w)
			}
			f.node(domain, op, inputs, []string{"y"}, list)
			return f
		}
	}
	channels := func(name string) []byte { return floatTensor(name, []int{3}, 1, 2, 3) }
	norm := []string{"x", "a", "b", "c", "d"}
	training := func(opset, outputs int, list map[string]any) func() *file {
		return func() *file {
			f := &file{opset: opset}
			for _, name := range norm[1:] {
				f.weight(channels(name))
			}
			f.node("", "BatchNormalization", norm, []string{"y", "m", "v", "sm", "sv"}[:outputs], list)
			return f
		}
	}
	tests := map[string]struct {
		build func() *file
		want  string
		is    error
	}{
		"an operator that is not there":        {single(13, "", "Det", []string{"x"}, nil), `Det (of output "y"): operator Det`, cxr.ErrUnsupported},
		"a foreign domain":                     {single(13, "com.microsoft", "Sigmoid", []string{"x"}, nil), `com.microsoft.Sigmoid (of output "y"): operator of domain "com.microsoft"`, cxr.ErrUnsupported},
		"batch normalization in training mode": {training(15, 1, map[string]any{"training_mode": 1}), `BatchNormalization (of output "y"): training mode`, cxr.ErrUnsupported},
		"batch normalization of five outputs":  {training(9, 5, nil), `training mode`, cxr.ErrUnsupported},
		"an attribute that is not there":       {single(13, "", "Relu", []string{"x"}, map[string]any{"slope": float32(1)}), `attribute "slope"`, cxr.ErrUnsupported},
		"an attribute of a later opset":        {single(13, "", "Shape", []string{"x"}, map[string]any{"start": 1}), `attribute "start"`, cxr.ErrUnsupported},
		"an attribute of another kind":         {single(13, "", "Softmax", []string{"x"}, map[string]any{"axis": float32(1)}), `attribute "axis" of float, want int`, cxr.ErrCorrupt},
		"an operator of a later opset":         {single(13, "", "LayerNormalization", []string{"x", "a"}, nil, channels("a")), `is not of opset 13`, cxr.ErrCorrupt},
		"an input too few":                     {single(13, "", "Add", []string{"x"}, nil), `input 2 is missing`, cxr.ErrCorrupt},
		"an input too many":                    {single(13, "", "Add", []string{"x", "x", "x"}, nil), `3 inputs, want at most 2`, cxr.ErrCorrupt},
		"no input":                             {single(13, "", "Relu", nil, nil), `input 1 is missing`, cxr.ErrCorrupt},
		"an input left out that must not be":   {single(13, "", "Add", []string{"", "x"}, nil), `input 1 is missing`, cxr.ErrCorrupt},
		"an element type that is not made":     {single(13, "", "Softmax", []string{"a"}, nil, integerTensor("a", onnx.Int64, []int{1}, 1)), `input 1 of int64, want floats`, cxr.ErrUnsupported},
		"two element types where one is meant": {single(13, "", "Add", []string{"x", "a"}, nil, integerTensor("a", onnx.Int64, []int{1}, 1)), `input 2 of int64 beside one of float`, cxr.ErrCorrupt},
		"integers of the run in arithmetic": {func() *file {
			f := &file{opset: 13}
			f.node("", "Cast", []string{"x"}, []string{"i"}, map[string]any{"to": int(onnx.Int64)})
			f.node("", "Mul", []string{"i", "i"}, []string{"y"}, nil)
			return f
		}, `input 1 of int64 that is only known at run time`, cxr.ErrUnsupported},
		"an opset that is too new":             {single(99, "", "Relu", []string{"x"}, nil), `opset 99, want 9 to 26`, cxr.ErrUnsupported},
		"division by zero":                     {single(13, "", "Div", []string{"a", "b"}, nil, integerTensor("a", onnx.Int64, []int{1}, 1), integerTensor("b", onnx.Int64, []int{1}, 0)), `division by 0`, cxr.ErrCorrupt},
		"a tensor of the wrong list":           {single(13, "", "Add", []string{"x", "a"}, nil, integerField(tensorHead("a", []int{1}, onnx.Float), 5, 1)), `has 0 elements of float`, cxr.ErrCorrupt},
		"a tensor of text":                     {single(13, "", "Add", []string{"x", "a"}, nil, tensorHead("a", []int{1}, onnx.String)), `tensor "a" of string`, cxr.ErrUnsupported},
		"an input that nobody makes":           {single(13, "", "Add", []string{"x", "nowhere"}, nil), `input "nowhere" is not made before it`, cxr.ErrCorrupt},
		"a scale that changes no size":         {single(13, "", "Resize", []string{"x", "", "s"}, map[string]any{"mode": "linear"}, floatTensor("s", []int{4}, 1, 1, 1.1, 1)), `scale 1.1 that changes no size`, cxr.ErrUnsupported},
		"a region of interest":                 {single(13, "", "Resize", []string{"x", "", "s"}, map[string]any{"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize"}, floatTensor("s", []int{4}, 1, 1, 2, 1)), `coordinates "tf_crop_and_resize"`, cxr.ErrUnsupported},
		"constants that would fill the memory": {single(13, "", "ConstantOfShape", []string{"a"}, nil, integerTensor("a", onnx.Int64, []int{1}, 1<<28)), `beyond what is left for this model`, cxr.ErrTooLarge},
		"an Expand that would": {func() *file { // as oom_expand of the defects
			f := &file{opset: 13}
			f.weight(integerTensor("one", onnx.Int64, []int{1}, 1))
			f.weight(integerTensor("a", onnx.Int64, []int{1}, 1<<28))
			f.node("", "Expand", []string{"one", "a"}, []string{"p"}, nil)
			f.node("", "Cast", []string{"p"}, []string{"f"}, map[string]any{"to": int(onnx.Float)})
			f.node("", "ReduceSum", []string{"f"}, []string{"g"}, map[string]any{"keepdims": 0})
			f.node("", "Add", []string{"x", "g"}, []string{"y"}, nil)
			return f
		}, `beyond what is left for this model`, cxr.ErrTooLarge},
		"Gathers that grow": {func() *file { // as oom_gather
			f := &file{opset: 13}
			f.weight(integerTensor("zero", onnx.Int64, nil, 0))
			f.weight(integerTensor("many", onnx.Int64, nil, 1<<20))
			f.weight(integerTensor("one", onnx.Int64, nil, 1))
			f.weight(integerTensor("a", onnx.Int64, []int{2}, 1<<20, 1))
			f.weight(integerTensor("i", onnx.Int64, []int{64}, make([]int64, 64)...))
			f.node("", "Range", []string{"zero", "many", "one"}, []string{"r"}, nil)
			f.node("", "Reshape", []string{"r", "a"}, []string{"p"}, nil)
			f.node("", "Gather", []string{"p", "i"}, []string{"s"}, map[string]any{"axis": 1})
			f.node("", "Cast", []string{"s"}, []string{"f"}, map[string]any{"to": int(onnx.Float)})
			f.node("", "Add", []string{"x", "f"}, []string{"y"}, nil)
			return f
		}, `Gather (of output "s"): constants of 67108864 values to compute`, cxr.ErrTooLarge},
		"a model for a fixed number of films": {func() *file {
			f := single(13, "", "Reshape", []string{"x", "a"}, nil, integerTensor("a", onnx.Int64, []int{2}, 2, 48))()
			f.input = []int{2, 3, 4, 4}
			return f
		}, `[1 3 4 4] elements reshaped to [2 48] in a model for 2 films at once; export it with an open batch, or for one`, cxr.ErrUnsupported},
		"a result that would fill it": {single(13, "", "Expand", []string{"x", "a"}, nil, integerTensor("a", onnx.Int64, []int{6}, 1<<20, 1<<8, 1, 3, 4, 4)), `shape [1048576 256 1 3 4 4]`, cxr.ErrCorrupt},
		"a value made twice": {func() *file {
			f := &file{opset: 13}
			f.node("", "Relu", []string{"x"}, []string{"z"}, nil)
			f.node("", "Abs", []string{"z"}, []string{"z"}, nil)
			f.node("", "Abs", []string{"z"}, []string{"y"}, nil)
			return f
		}, `output "z" is made twice`, cxr.ErrCorrupt},
		"a sequence of the run that bounds a window": {single(13, "", "Reshape", []string{"x", "x"}, nil), `input 2 of float, want int64`, cxr.ErrUnsupported},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, _, err := compileWithin(t, test.build().bytes(), Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) || !errors.Is(err, test.is) {
				t.Errorf("%v, error %v, want %q and %v", p, err, test.want, test.is)
			}
		})
	}
}

// A function that the file defines is its own, whatever operator has its name.
func TestLocalFunctions(t *testing.T) {
	function := func(domain, name string, opset int64, body func(f *file)) []byte {
		inner := &file{}
		body(inner)
		f := message(message(message(nil, 1, []byte(name)), 10, []byte(domain)), 4, []byte("a"))
		f = message(message(f, 5, []byte("b")), 6, []byte("slope"))
		for rest := inner.graph; len(rest) > 0; { // nodes are field 1 of a graph, 7 of a function
			_, _, n := protowire.ConsumeTag(rest)
			node, size := protowire.ConsumeBytes(rest[n:])
			f, rest = message(f, 7, node), rest[n+size:]
		}
		return message(message(f, 9, integerField(nil, 2, opset)), 13, nil)
	}
	negative := func(f *file) { f.node("", "Neg", []string{"a"}, []string{"b"}, nil) }
	twice := func(f *file) {
		f.node("own", "Relu", []string{"a"}, []string{"middle"}, nil)
		f.node("own", "Relu", []string{"middle"}, []string{"b"}, nil)
	}
	leaky := func(f *file) { // LeakyRelu with alpha from the caller
		n := message(message(message(nil, 1, []byte("a")), 2, []byte("b")), 4, []byte("LeakyRelu"))
		attribute := message(integerField(message(nil, 1, []byte("alpha")), 20, int64(onnx.FloatAttribute)), 21, []byte("slope"))
		f.graph = message(f.graph, 1, message(n, 5, attribute))
	}
	tests := map[string]struct {
		call      func(f *file)
		functions [][]byte
		want      func(v float32) float32 // nil: an error
		text      string
	}{
		"named as an operator": {
			func(f *file) { f.node("own", "Relu", []string{"x"}, []string{"y"}, nil) },
			[][]byte{function("own", "Relu", 18, negative)}, func(v float32) float32 { return -v }, "",
		},
		"named as an operator of the standard domain": {
			func(f *file) { f.node("", "Relu", []string{"x"}, []string{"y"}, nil) },
			[][]byte{function("", "Relu", 18, negative)}, func(v float32) float32 { return -v }, "",
		},
		"that calls another twice": {
			func(f *file) {
				f.node("own", "Twice", []string{"x"}, []string{"z"}, nil)
				f.node("own", "Twice", []string{"z"}, []string{"y"}, nil)
			},
			[][]byte{function("own", "Relu", 18, negative), function("own", "Twice", 18, twice)}, func(v float32) float32 { return v }, "",
		},
		"with an attribute": {
			func(f *file) {
				f.node("own", "Leaky", []string{"x"}, []string{"y"}, map[string]any{"slope": float32(0.5)})
			},
			[][]byte{function("own", "Leaky", 18, leaky)}, func(v float32) float32 { return max(v, v/2) }, "",
		},
		"without its attribute": {
			func(f *file) { f.node("own", "Leaky", []string{"x"}, []string{"y"}, nil) },
			[][]byte{function("own", "Leaky", 18, leaky)}, func(v float32) float32 { return max(v, v*0.01) }, "",
		},
		"that hands its input on": {
			func(f *file) { f.node("own", "Same", []string{"x"}, []string{"y"}, nil) },
			[][]byte{message(message(message(message(message(nil, 1, []byte("Same")), 10, []byte("own")), 4, []byte("a")), 5, []byte("a")), 9, integerField(nil, 2, 18))},
			func(v float32) float32 { return v }, "",
		},
		"of another opset": {
			func(f *file) { f.node("own", "Relu", []string{"x"}, []string{"y"}, nil) },
			[][]byte{function("own", "Relu", 13, negative)}, nil, "function of opset 13 in a model of 18",
		},
		"that calls itself": {
			func(f *file) { f.node("own", "Relu", []string{"x"}, []string{"y"}, nil) },
			[][]byte{function("own", "Relu", 18, twice)}, nil, "functions that call each other more than 16 deep",
		},
	}
	doubling := struct {
		call      func(f *file)
		functions [][]byte
		want      func(v float32) float32
		text      string
	}{func(f *file) { f.node("own", "F15", []string{"x"}, []string{"y"}, nil) }, nil, nil, "functions that make more than 32768 nodes"}
	for i := range 16 {
		doubling.functions = append(doubling.functions, function("own", fmt.Sprintf("F%d", i), 18, func(f *file) {
			at := "a"
			for k := range 4 {
				out := []string{"p", "q", "r", "b"}[k]
				if i == 0 {
					f.node("", "Neg", []string{at}, []string{out}, nil)
				} else {
					f.node("own", fmt.Sprintf("F%d", i-1), []string{at}, []string{out}, nil)
				}
				at = out
			}
		}))
	}
	tests["that would become a thousand million nodes"] = doubling
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := &file{opset: 18}
			test.call(f)
			for _, b := range test.functions {
				f.tail = message(f.tail, 25, b)
			}
			_, m, err := compileWithin(t, f.bytes(), Options{})
			if test.want == nil {
				if err == nil || !strings.Contains(err.Error(), test.text) {
					t.Errorf("error %v, want %q", err, test.text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			in := formula(3 * 4 * 4)
			out, _, err := run(m, Options{}, in)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range in {
				if out[i] != test.want(v) {
					t.Fatalf("value %d of %v is %v, want %v", i, v, out[i], test.want(v))
				}
			}
		})
	}
}

// A film or feature map of any layout is taken as tokens by where its channels are.
func TestLayoutOfTheOutput(t *testing.T) {
	build := func(input []int, chain ...func(f *file, in, out string)) *onnx.Model {
		f := &file{opset: 13, input: input}
		at := "x"
		for i, c := range chain {
			out := fmt.Sprintf("v%d", i)
			if i == len(chain)-1 {
				out = "y"
			}
			c(f, at, out)
			at = out
		}
		m, err := onnx.Parse(f.bytes(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	perm := func(p ...int) func(f *file, in, out string) {
		return func(f *file, in, out string) {
			f.node("", "Transpose", []string{in}, []string{out}, map[string]any{"perm": p})
		}
	}
	conv := func(f *file, in, out string) {
		f.weight(floatTensor("w"+out, []int{2, 3, 1, 1}, 1, 2, 3, 4, 5, 6))
		f.node("", "Conv", []string{in, "w" + out}, []string{out}, nil)
	}
	relu := func(f *file, in, out string) { f.node("", "Relu", []string{in}, []string{out}, nil) }
	reshape := func(f *file, in, out string) {
		f.weight(integerTensor("s", onnx.Int64, []int{4}, 1, 4, 2, 4))
		f.node("", "Reshape", []string{in, "s"}, []string{out}, nil)
	}
	matmul := func(f *file, in, out string) {
		f.weight(floatTensor("m", []int{2, 1}, 1, 2))
		f.node("", "MatMul", []string{in, "m"}, []string{out}, nil)
	}
	for name, test := range map[string]struct {
		m    *onnx.Model
		want Layout
	}{
		"a convolution":                        {build([]int{1, 3, 4, 4}, conv), ChannelsFirst},
		"one of a film with its channels last": {build([]int{1, 4, 4, 3}, perm(0, 3, 1, 2), conv), ChannelsFirst},
		"turned back":                          {build([]int{1, 4, 4, 3}, perm(0, 3, 1, 2), conv, perm(0, 2, 3, 1)), ChannelsLast},
		"and rectified":                        {build([]int{1, 4, 4, 3}, perm(0, 3, 1, 2), conv, perm(0, 2, 3, 1), relu), ChannelsLast},
		"and turned again":                     {build([]int{1, 4, 4, 3}, perm(0, 3, 1, 2), conv, perm(0, 2, 3, 1), perm(0, 3, 1, 2), relu), ChannelsFirst},
		"a film with its channels last":        {build([]int{1, 4, 4, 3}, relu), ChannelsLast},
		"a product over the last dimension":    {build([]int{1, 3, 4, 4}, conv, perm(0, 2, 3, 1), matmul), ChannelsLast},
		"reshaped":                             {build([]int{1, 3, 4, 4}, conv, reshape), Unclear},
	} {
		p, err := Compile(test.m, Options{})
		if err != nil || p.Layout != test.want {
			t.Errorf("%s: %+v, error %v, want %v", name, p, err, test.want)
		}
	}
}

// NaN in a window is its maximum, on every path, wherever it stands.
func TestMaxPoolKeepsNaN(t *testing.T) {
	nan := float32(math.NaN())
	paths(t, func(t *testing.T) {
		in := simd.Shape{Height: 2, Width: 2, Channels: 19}
		w := simd.Window{Height: 2, Width: 2, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1}
		for at := range in.Len() {
			src, dst := formula(in.Len()), make([]float32, in.Channels)
			src[at] = nan
			simd.MaxPool(dst, src, in, w)
			for ch, v := range dst {
				if (v != v) != (ch == at%in.Channels) {
					t.Fatalf("NaN at %d: channel %d is %v", at, ch, v)
				}
			}
		}
	})
}
