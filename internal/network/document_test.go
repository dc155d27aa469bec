package network

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

var update = flag.Bool("update", false, "write docs/OPERATORS.md anew, and with -exports a table of results")

const document = "../../docs/OPERATORS.md"

// docs/OPERATORS.md is the table of operators.
func TestDocument(t *testing.T) {
	want := tableText()
	if *update {
		if err := os.WriteFile(document, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(document)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not the table, error %v; make it by go test ./internal/network -run Document -update", document, err)
	}
}

func tableText() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Operators

What the local engine runs of ONNX, made from its table of operators by
`+"`go test ./internal/network -run Document -update`"+`. What is not here is refused by the name of the operator and of
its node when a model is opened: an operator, an opset, a number of inputs, an attribute, an element type, a domain
other than ONNX's own. A function that the file defines is run as what it is made of. An error that wraps `+"`cxr.ErrUnsupported`"+` is of a model that may be valid
but is not made for this; `+"`cxr.ErrCorrupt`"+` is of one that no runtime could run.

* Opsets %d to %d. One input of floats: films x channels x height x width, or channels last, of 1 or 3 channels. Or, for a text,
  one to three inputs of int32 or int64, 1 x tokens.
* Inputs and outputs are named by their types; `+"`?`"+` may be left out, `+"`*`"+` is any number of. "floats" are float, float16, bfloat16
  and double: all are computed in float32, so a cast among them rounds nothing.
* Integers and truth values of the run (those that the film decides) are held in float32: exact up to 2^24. Only the types
  under "at run time" may be such; others must be constant. "Constant" is what does not depend on the film's values: shapes are constant.
* Values of 8 bits with one scale lie in memory as bytes, and Conv, MatMul, Gemm, ConvInteger, MatMulInteger, QLinearConv and
  QLinearMatMul by constant weights of 8 bits are computed on them in integers, without saturation, as are MaxPool and Add between
  QuantizeLinear. So is what QDQ form says of them: DequantizeLinear before, Relu or Clip and QuantizeLinear behind. Results are those
  of ONNX Runtime's integer operators, rounded ties to even. Depthwise convolutions, and all other operators, are computed in floats.
* Together the constants that a model computes may be %d million values, and %d for each value of the file.

| operator | opsets | inputs | outputs | types | at run time | attributes and defaults | limits |
|---|---|---|---|---|---|---|---|
`, minOpset, maxOpset, freeValues>>20, perWeight)
	for _, op := range slices.Sorted(maps.Keys(table)) {
		for _, r := range table[op] {
			until := r.until
			if until == 0 {
				until = maxOpset
			}
			runs := "floats"
			if r.runs != 0 {
				runs = r.runs.String()
			}
			if len(r.in) == 0 {
				runs = ""
			}
			fmt.Fprintf(&b, "| %s | %d to %d | %s | %s | %s | %s | %s | %s |\n", op, r.since, until, r.inputs, r.outputs, typesText(r.types), runs, attributesText(r.attributes), r.note)
		}
	}
	return b.Bytes()
}

func typesText(types map[string]elements) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(types)) {
		list = append(list, name+": "+types[name].String())
	}
	return strings.Join(list, "; ")
}

func attributesText(a attributes) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		switch v := a[name].(type) {
		case onnx.AttributeKind:
			list = append(list, fmt.Sprintf("%s: %v", name, v))
		case string:
			list = append(list, fmt.Sprintf("%s %q", name, v))
		default:
			list = append(list, fmt.Sprintf("%s %v", name, v))
		}
	}
	return strings.Join(list, ", ")
}

// A schema is what ONNX itself says of an operator from an opset on; see
// testdata/schemas.py.
type schema struct {
	Since           int
	Inputs, Outputs []string       // "?" for an optional one, "*" for any number of them
	Attributes      map[string]any // defaults
	Kinds           map[string]onnx.AttributeKind
	Types           [][]string // of each input
}

// Every row is what ONNX's own schema says for every opset of its range, or a part
// of it: no attribute of another name, kind or default, no other numbers of inputs.
func TestTableEqualsSchemas(t *testing.T) {
	var schemas map[string][]schema
	readJSON(t, "testdata/schemas.json", &schemas)
	for op, rows := range table {
		for opset := minOpset; opset <= maxOpset; opset++ {
			var s *schema
			for i := range schemas[op] {
				if schemas[op][i].Since <= opset {
					s = &schemas[op][i]
				}
			}
			i := slices.IndexFunc(rows, func(r *row) bool { return opset >= r.since && (r.until == 0 || opset <= r.until) })
			if s == nil {
				if i >= 0 {
					t.Errorf("%s of opset %d is in the table, not in ONNX", op, opset)
				}
				continue
			}
			if i < 0 {
				if op != "Upsample" { // deprecated since opset 10
					t.Errorf("%s of opset %d is not in the table", op, opset)
				}
				continue
			}
			compareSchema(t, fmt.Sprintf("%s of opset %d", op, opset), rows[i], s)
		}
		compareTypes(t, op, rows, schemas[op])
	}
}

// compareTypes compares the types of inputs with those of the newest schema that a
// row reaches: later schemas only add types.
func compareTypes(t *testing.T, op string, rows []*row, schemas []schema) {
	for _, r := range rows {
		var newest *schema
		for i := range schemas {
			if schemas[i].Since <= maxOpset && (r.until == 0 || op == "Upsample" || len(schemas[i].Inputs) == len(r.in)) {
				newest = &schemas[i]
			}
		}
		for i, p := range r.in {
			for e := onnx.Type(1); e < 32; e++ {
				if r.types[p.variable].has(e) && e != onnx.BFloat16 && !slices.Contains(newest.Types[i], e.String()) {
					t.Errorf("%s of opset %d: input %d of %v", op, r.since, i+1, e)
				}
			}
		}
	}
}

func compareSchema(t *testing.T, what string, r *row, s *schema) {
	t.Helper()
	if got, want := marks(r.in), s.Inputs; !slices.Equal(got, want) && (r.op != "Resize" || s.Since != 11) { // exporters left inputs of that one out
		t.Errorf("%s: inputs %v, want %v", what, got, want)
	}
	if got, want := marks(r.out), s.Outputs; len(got) > len(want) {
		t.Errorf("%s: outputs %v, want %v", what, got, want)
	}
	for name, value := range r.attributes {
		kind, ok := s.Kinds[name]
		if !ok {
			t.Errorf("%s: no attribute %q", what, name)
			continue
		}
		if kindOf(value) != kind {
			t.Errorf("%s: attribute %q of %v, want %v", what, name, kindOf(value), kind)
		}
		want, has := s.Attributes[name]
		if _, none := value.(onnx.AttributeKind); none {
			if has {
				t.Errorf("%s: attribute %q without its default %v", what, name, want)
			}
		} else if got := fmt.Sprint(value); !has || got != fmt.Sprint(want) && !sameNumber(value, want) {
			t.Errorf("%s: attribute %q is %v by default, want %v", what, name, got, want)
		}
	}
	for name := range s.Kinds {
		if _, ok := r.attributes[name]; !ok && !slices.Contains([]string{"value_string", "value_strings", "sparse_value", "consumed_inputs"}, name) {
			t.Errorf("%s: attribute %q is missing", what, name)
		}
	}
}

func sameNumber(value, want any) bool {
	f, ok := value.(float32)
	w, isNumber := want.(float64)
	return ok && isNumber && f == float32(w)
}

func marks(list []parameter) []string {
	out := []string{}
	for _, p := range list {
		switch {
		case p.optional:
			out = append(out, "?")
		case p.variadic:
			out = append(out, "*")
		default:
			out = append(out, "")
		}
	}
	return out
}
