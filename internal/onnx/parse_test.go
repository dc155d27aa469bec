package onnx

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/cxr"
)

func message(dst []byte, number protowire.Number, content string) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), []byte(content))
}

func integer(dst []byte, number protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), uint64(v))
}

// tensor is a model of one tensor of two elements and further fields.
func tensor(elem Type, more ...byte) []byte {
	t := append(integer(integer(message(nil, 8, "w"), 2, int64(elem)), 1, 2), more...)
	return message(nil, 7, string(message(nil, 5, string(t))))
}

func TestTensors(t *testing.T) {
	double := func(v ...float64) (b []byte) {
		for _, x := range v {
			b = protowire.AppendFixed64(b, math.Float64bits(x))
		}
		return message(nil, 10, string(b))
	}
	single := func(v ...float32) (b []byte) {
		for _, x := range v {
			b = protowire.AppendFixed32(protowire.AppendTag(b, 4, protowire.Fixed32Type), math.Float32bits(x))
		}
		return b
	}
	raw := func(b ...byte) []byte { return message(nil, 9, string(b)) }
	ints := func(number protowire.Number, v ...int64) (b []byte) {
		for _, x := range v {
			b = protowire.AppendVarint(b, uint64(x))
		}
		return message(nil, number, string(b))
	}
	tests := map[string]struct {
		elem Type
		more []byte
		want string // floats and integers, or part of the error
	}{
		"floats one by one":      {Float, single(1.5, -2), "[1.5 -2] [1 -2]"},
		"raw floats":             {Float, raw(0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0), "[1.5 -2] [1 -2]"},
		"packed doubles":         {Double, double(1.5, -2), "[1.5 -2] [1 -2]"},
		"raw doubles":            {Double, raw(0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0), "[1.5 -2] [1 -2]"},
		"half floats as bits":    {Float16, ints(5, 0x3e00, 0xc000), "[1.5 -2] [1 -2]"},
		"raw half floats":        {Float16, raw(0, 0x3e, 0, 0xc0), "[1.5 -2] [1 -2]"},
		"raw bfloat16":           {BFloat16, raw(0xc0, 0x3f, 0, 0xc0), "[1.5 -2] [1 -2]"},
		"packed int64":           {Int64, ints(7, 3, -4), "[3 -4] [3 -4]"},
		"packed int32":           {Int32, ints(5, 3, -4), "[3 -4] [3 -4]"},
		"raw int32":              {Int32, raw(3, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff), "[3 -4] [3 -4]"},
		"raw int16":              {Int16, raw(3, 0, 0xfc, 0xff), "[3 -4] [3 -4]"},
		"raw uint16":             {Uint16, raw(3, 0, 0xfc, 0xff), "[3 65532] [3 65532]"},
		"raw int8":               {Int8, raw(3, 0xfc), "[3 -4] [3 -4]"},
		"raw uint8":              {Uint8, raw(3, 0xfc), "[3 252] [3 252]"},
		"raw uint32":             {Uint32, raw(3, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff), "[3 4.2949673e+09] [3 4294967292]"},
		"truth values":           {Bool, raw(1, 0), "[1 0] [1 0]"},
		"too few":                {Float, single(1), `tensor "w" has 1 elements of float, its shape [2] says 2`},
		"integers of floats":     {Float, ints(7, 3, -4), `has 0 elements of float`},
		"floats of integers":     {Int64, single(1, 2), `has 0 elements of int64`},
		"raw bytes too few":      {Float, raw(0, 0, 0, 0), `has 4 bytes, its shape [2] of float says 8`},
		"nothing":                {Float, nil, `has 0 elements of float`},
		"text":                   {String, nil, `tensor "w" of string`},
		"a type of later days":   {99, nil, `of element type 99`},
		"four bits":              {22, raw(0x21), `of int4`},
		"a negative side":        {Float, integer(nil, 1, -1), `tensor with a side of -1`},
		"more than can be":       {Float, integer(integer(nil, 1, math.MaxInt32), 1, math.MaxInt32), `of shape [2 2147483647 2147483647]`},
		"in segments":            {Float, message(nil, 3, ""), `tensor in segments`},
		"in a file of no reader": {Float, integer(message(nil, 13, string(message(message(nil, 1, "location"), 2, "w.bin"))), 14, 1), `tensor "w" is in file "w.bin"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := Parse(tensor(test.elem, test.more...), nil)
			if err != nil {
				if !strings.Contains(err.Error(), test.want) || !errors.Is(err, cxr.ErrCorrupt) && !errors.Is(err, cxr.ErrUnsupported) && !errors.Is(err, cxr.ErrTooLarge) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				return
			}
			w := m.Initializers["w"]
			if got := fmt.Sprint(w.Floats(), w.Ints()); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestAttributes(t *testing.T) {
	build := func(fields []byte) []byte {
		return message(nil, 7, string(message(nil, 1, string(message(message(message(nil, 2, "y"), 4, "Op"), 5, string(fields))))))
	}
	named := func(more []byte) []byte { return append(message(nil, 1, "a"), more...) }
	for name, test := range map[string]struct {
		fields []byte
		want   string
	}{
		"an integer":              {named(integer(integer(nil, 3, -7), 20, 2)), "int -7"},
		"an integer of old":       {named(integer(nil, 3, -7)), "int -7"},
		"zero, which is no field": {named(integer(nil, 20, 2)), "int 0"},
		"a graph":                 {named(integer(message(nil, 6, ""), 20, 5)), "graph 0"},
		"a tensor that is not":    {named(integer(nil, 20, 4)), `attribute "a" of Op without its tensor`},
	} {
		m, err := Parse(build(test.fields), nil)
		got := fmt.Sprint(err)
		if err == nil {
			a := m.Nodes[0].Attributes["a"]
			got = fmt.Sprint(a.Kind, " ", a.Int)
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
