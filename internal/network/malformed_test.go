package network

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// operands are tensors that fit some operators and not others.
func operands() map[string]func(f *file, name string) {
	return map[string]func(f *file, name string){
		"nothing":         nil,
		"float":           func(f *file, name string) { f.weight(floatTensor(name, nil, 1.5)) },
		"floats":          func(f *file, name string) { f.weight(floatTensor(name, []int{3}, 1, -2, 0.5)) },
		"four dimensions": func(f *file, name string) { f.weight(floatTensor(name, []int{1, 3, 1, 1}, 1, 2, 3)) },
		"weights":         func(f *file, name string) { f.weight(floatTensor(name, []int{3, 3, 1, 1}, 1, 2, 3, 4, 5, 6, 7, 8, 9)) },
		"no floats":       func(f *file, name string) { f.weight(floatTensor(name, []int{0})) },
		"no rows":         func(f *file, name string) { f.weight(floatTensor(name, []int{0, 3, 4, 4})) },
		"eight dimensions": func(f *file, name string) {
			f.weight(floatTensor(name, []int{1, 1, 1, 1, 1, 1, 1, 2}, 1, 2))
		},
		"integer":  func(f *file, name string) { f.weight(integerTensor(name, onnx.Int64, nil, 1)) },
		"integers": func(f *file, name string) { f.weight(integerTensor(name, onnx.Int64, []int{4}, 1, 3, 4, 4)) },
		"wild integers": func(f *file, name string) {
			f.weight(integerTensor(name, onnx.Int64, []int{4}, math.MaxInt64, math.MinInt64, -1, 0))
		},
		"large integers": func(f *file, name string) {
			f.weight(integerTensor(name, onnx.Int64, []int{4}, 1<<20, 1<<20, 1, 1<<30))
		},
		"no integers": func(f *file, name string) { f.weight(integerTensor(name, onnx.Int64, []int{0})) },
		"int32":       func(f *file, name string) { f.weight(integerTensor(name, onnx.Int32, []int{1}, -3)) },
		"bytes": func(f *file, name string) {
			f.weight(integerTensor(name, onnx.Uint8, []int{3, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 255))
		},
		"truth":          func(f *file, name string) { f.weight(integerTensor(name, onnx.Bool, []int{4}, 1, 0, 0, 1)) },
		"the film":       nil,
		"a vector of it": nil,
		"bytes of it":    nil,
	}
}

// wild is values that attributes may have in a file.
func wild(kind onnx.AttributeKind, choice int) any {
	numbers := []int{0, -1, 1, 3, math.MaxInt32, math.MinInt, math.MaxInt / 4}
	switch kind {
	case onnx.IntAttribute:
		return numbers[choice%len(numbers)]
	case onnx.FloatAttribute:
		return []float32{0, -1, float32(math.NaN()), float32(math.Inf(1)), 1e30}[choice%5]
	case onnx.StringAttribute:
		return []string{"", "linear", "cubic", "reflect", "SAME_UPPER", "tf_crop_and_resize", "ab,bc->ac", "->", "nonsense"}[choice%9]
	case onnx.IntsAttribute:
		return [][]int{{}, {1}, {2, 2}, {-1, -1}, {0, 0}, {1, 1, 1, 1}, {math.MaxInt32, math.MaxInt32}, {1 << 14, 1 << 14}, {3, 2, 1, 0}, {math.MinInt}}[choice%10]
	case onnx.TensorAttribute:
		return floatTensor("", []int{2}, 1, 2)
	}
	return nil
}

// Whatever stands at the inputs and attributes of whatever operator, the answer is
// a network that runs, or an error that is no panic; in little time and memory.
func TestMalformed(t *testing.T) {
	operands := operands()
	names := slices.Sorted(maps.Keys(operands))
	refused, taken := 0, 0
	for _, op := range slices.Sorted(maps.Keys(table)) {
		for _, r := range table[op] {
			for first := range names {
				for variant := range 12 {
					f := &file{opset: max(r.since, min(maxOpset, max(r.until, r.since)))}
					f.node("", "Flatten", []string{"x"}, []string{"vector"}, nil)
					f.node("", "Cast", []string{"x"}, []string{"byte"}, map[string]any{"to": int(onnx.Uint8)})
					var inputs []string
					count := len(r.in)
					if variant%4 == 1 {
						count = max(0, count-1)
					}
					for i := range count {
						kind := names[(first+i*(variant+1))%len(names)]
						name := fmt.Sprintf("w%d", i)
						switch kind {
						case "nothing":
							name = ""
						case "the film":
							name = "x"
						case "a vector of it":
							name = "vector"
						case "bytes of it":
							name = "byte"
						default:
							operands[kind](f, name)
						}
						inputs = append(inputs, name)
					}
					list := map[string]any{}
					for i, name := range slices.Sorted(maps.Keys(r.attributes)) {
						if (variant+i)%3 > 0 {
							list[name] = wild(kindOf(r.attributes[name]), variant*7+i+first)
						}
					}
					f.node("", op, inputs, []string{"z"}, list)
					f.node("", "Cast", []string{"z"}, []string{"zf"}, map[string]any{"to": int(onnx.Float)})
					f.node("", "ReduceMax", []string{"zf"}, []string{"m"}, map[string]any{"keepdims": 0})
					f.node("", "Add", []string{"x", "m"}, []string{"y"}, nil)
					what := fmt.Sprintf("%s of opset %d, inputs %v from %q, attributes %v", op, f.opset, inputs, names[first], list)
					p, m, err := compileWithin(t, f.bytes(), Options{})
					if t.Failed() {
						t.Fatalf("%s", what)
					}
					switch {
					case err != nil:
						refused++
					case p.Memory < 1<<16:
						if _, _, err := run(m, Options{}, formula(product(p.Input))); err != nil {
							t.Errorf("%s: %v", what, err)
						}
						taken++
					default:
						taken++
					}
				}
			}
		}
	}
	t.Logf("%d refused, %d taken", refused, taken)
	if taken < 1000 || refused < 1000 {
		t.Error("too few of one kind to tell")
	}
}
