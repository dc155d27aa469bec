package onnx

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/cxr"
)

// Parse reads a model held in memory, as Read.
func Parse(b []byte, external Reader) (*Model, error) {
	return Read(bytes.NewReader(b), int64(len(b)), external)
}

// Read reads a model of so many bytes, of which none is read twice. external may be
// nil for models that keep all weights in one file; it is asked after the whole model
// is read.
func Read(r io.Reader, size int64, external Reader) (*Model, error) {
	m := &Model{Metadata: map[string]string{}, Initializers: map[string]*Tensor{}}
	p := &parser{external: external, functions: map[functionName]*function{}}
	s := &stream{r: bufio.NewReaderSize(r, 1<<15), left: size}
	begin, err := s.r.Peek(1)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	begin = bytes.Clone(begin)
	graph := false
	err = s.fields(size, 7, func(f field) error {
		switch f.number {
		case 7:
			graph = true
			if f.kind != protowire.BytesType {
				return fmt.Errorf("%w: graph of wire type %d", cxr.ErrCorrupt, f.kind)
			}
			return p.graph(m, s, f.length)
		case 8: // opset_import
			domain, version, err := opsetImport(f.bytes)
			if domain == "" || domain == "ai.onnx" {
				m.Opset = version
			}
			return err
		case 14: // metadata_props
			key, value, err := entry(f.bytes)
			m.Metadata[key] = value
			return err
		case 25:
			return p.function(f.bytes)
		}
		return nil
	})
	const first = 1<<3 | byte(protowire.VarintType) // the version of the format, which every writer puts first
	switch {
	case graph:
	case len(begin) == 0 || begin[0] != first:
		err = fmt.Errorf("%w: not an ONNX file", cxr.ErrCorrupt)
	case err == nil:
		err = fmt.Errorf("%w: no graph", cxr.ErrCorrupt)
	}
	if err == nil {
		err = p.loadExternal()
	}
	if err == nil {
		m.Nodes, err = p.expand(m.Nodes, m.Opset, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	inputs := m.Inputs[:0]
	for _, v := range m.Inputs { // before IR version 4 initializers are inputs too
		if m.Initializers[v.Name] == nil {
			inputs = append(inputs, v)
		}
	}
	m.Inputs = inputs
	return m, nil
}

type parser struct {
	external  Reader
	functions map[functionName]*function
	outside   []outside // tensors whose data are in other files
	calls     int       // of functions so far
	called    int       // nodes that came of them
}

// A field is one field of a protocol buffer message.
type field struct {
	number protowire.Number
	kind   protowire.Type
	varint uint64 // also of fixed-size fields
	bytes  []byte
	length int64 // of a message in a stream that is yet to be read
}

func fields(b []byte, f func(field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %v", cxr.ErrTruncated, protowire.ParseError(n))
		}
		b = b[n:]
		v := field{number: number, kind: kind}
		switch kind {
		case protowire.VarintType:
			v.varint, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var x uint32
			x, n = protowire.ConsumeFixed32(b)
			v.varint = uint64(x)
		case protowire.Fixed64Type:
			v.varint, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			v.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return fmt.Errorf("%w: %v", cxr.ErrTruncated, protowire.ParseError(n))
		}
		b = b[n:]
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

// ints appends a repeated integer field, packed or not.
func (f field) ints(dst []int64) []int64 {
	if f.kind == protowire.VarintType {
		return append(dst, int64(f.varint))
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return dst // too few, which the shape will tell
		}
		dst, b = append(dst, int64(v)), b[n:]
	}
	return dst
}

func (f field) floats(dst []float32) []float32 {
	if f.kind == protowire.Fixed32Type {
		return append(dst, math.Float32frombits(uint32(f.varint)))
	}
	for b := f.bytes; len(b) >= 4; b = b[4:] {
		dst = append(dst, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return dst
}

func (f field) doubles(dst []float64) []float64 {
	if f.kind == protowire.Fixed64Type {
		return append(dst, math.Float64frombits(f.varint))
	}
	for b := f.bytes; len(b) >= 8; b = b[8:] {
		dst = append(dst, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return dst
}

func entry(b []byte) (key, value string, err error) {
	err = fields(b, func(f field) error {
		switch f.number {
		case 1:
			key = string(f.bytes)
		case 2:
			value = string(f.bytes)
		}
		return nil
	})
	return key, value, err
}

func opsetImport(b []byte) (domain string, version int, err error) {
	err = fields(b, func(f field) error {
		switch f.number {
		case 1:
			domain = string(f.bytes)
		case 2:
			version = int(min(f.varint, math.MaxInt32))
		}
		return nil
	})
	return domain, version, err
}

func (p *parser) graph(m *Model, s *stream, length int64) error {
	return s.fields(length, 5, func(f field) error {
		switch f.number {
		case 1:
			n, err := p.node(f.bytes)
			m.Nodes = append(m.Nodes, n)
			return err
		case 5:
			if f.kind != protowire.BytesType {
				return fmt.Errorf("%w: tensor of wire type %d", cxr.ErrCorrupt, f.kind)
			}
			t := &partialTensor{}
			err := s.fields(f.length, 0, t.field)
			if err == nil {
				err = p.finish(t)
			}
			if err == nil && m.Initializers[t.Name] != nil {
				err = fmt.Errorf("%w: two tensors %q", cxr.ErrCorrupt, t.Name)
			}
			if err == nil {
				m.Initializers[t.Name] = &t.Tensor
			}
			return err
		case 11:
			v, err := value(f.bytes)
			m.Inputs = append(m.Inputs, v)
			return err
		case 12:
			v, err := value(f.bytes)
			m.Outputs = append(m.Outputs, v)
			return err
		case 15:
			return fmt.Errorf("%w: sparse initializers", cxr.ErrUnsupported)
		}
		return nil
	})
}

func (p *parser) node(b []byte) (*Node, error) {
	n := &Node{Attributes: map[string]*Attribute{}}
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			n.Inputs = append(n.Inputs, string(f.bytes))
		case 2:
			n.Outputs = append(n.Outputs, string(f.bytes))
		case 3:
			n.Name = string(f.bytes)
		case 4:
			n.Op = string(f.bytes)
		case 5:
			return p.attribute(n, f.bytes)
		case 7:
			n.Domain = string(f.bytes)
		case 8:
			n.overload = string(f.bytes)
		}
		return nil
	})
	return n, err
}

func (p *parser) attribute(n *Node, b []byte) error {
	a, name, found := &Attribute{}, "", AttributeKind(0)
	err := fields(b, func(f field) (err error) {
		switch f.number {
		case 1:
			name = string(f.bytes)
		case 2:
			a.Float, found = math.Float32frombits(uint32(f.varint)), FloatAttribute
		case 3:
			a.Int, found = int64(f.varint), IntAttribute
		case 4:
			a.String, found = string(f.bytes), StringAttribute
		case 5:
			found = TensorAttribute
			a.Tensor, err = p.tensor(f.bytes)
		case 6:
			found = GraphAttribute
		case 7:
			a.Floats, found = f.floats(a.Floats), FloatsAttribute
		case 8:
			a.Ints, found = f.ints(a.Ints), IntsAttribute
		case 20:
			a.Kind = AttributeKind(f.varint)
		case 21:
			a.reference = string(f.bytes)
		}
		return err
	})
	if a.Kind == 0 { // before IR version 2 the field that is there told it
		a.Kind = found
	}
	if a.Kind == TensorAttribute && a.Tensor == nil && a.reference == "" && err == nil {
		err = fmt.Errorf("%w: attribute %q of %s without its tensor", cxr.ErrCorrupt, name, n.Op)
	}
	if n.Attributes[name] != nil && err == nil {
		err = fmt.Errorf("%w: two attributes %q of %s", cxr.ErrCorrupt, name, n.Op)
	}
	n.Attributes[name] = a
	return err
}

func value(b []byte) (Value, error) {
	var v Value
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			v.Name = string(f.bytes)
		case 2: // type.tensor_type
			return nested(f.bytes, func(tensor []byte) error {
				return fields(tensor, func(f field) error {
					switch f.number {
					case 1:
						v.Type = Type(f.varint)
					case 2:
						v.Shape = []int{}
						return nested(f.bytes, func(dim []byte) error {
							size := -1
							err := fields(dim, func(f field) error {
								if f.number == 1 {
									size = int(min(f.varint, math.MaxInt32))
								}
								return nil
							})
							v.Shape = append(v.Shape, size)
							return err
						}, 1)
					}
					return nil
				})
			}, 1)
		}
		return nil
	})
	return v, err
}

// nested calls f for every message at a path of field numbers.
func nested(b []byte, f func([]byte) error, path ...protowire.Number) error {
	if len(path) == 0 {
		return f(b)
	}
	return fields(b, func(v field) error {
		if v.number != path[0] {
			return nil
		}
		return nested(v.bytes, f, path[1:]...)
	})
}

func (p *parser) tensor(b []byte) (*Tensor, error) {
	t := &partialTensor{}
	if err := fields(b, t.field); err != nil {
		return nil, err
	}
	return &t.Tensor, p.finish(t)
}

// A partialTensor is a tensor that is being read.
type partialTensor struct {
	Tensor
	external   map[string]string // entries of external_data
	isExternal bool
}

func (t *partialTensor) field(f field) error {
	switch f.number {
	case 1:
		for _, d := range f.ints(nil) {
			if d < 0 || d > math.MaxInt32 {
				return fmt.Errorf("%w: tensor with a side of %d", cxr.ErrTooLarge, d)
			}
			t.Shape = append(t.Shape, int(d))
		}
	case 2:
		t.Type = Type(f.varint)
	case 3:
		return fmt.Errorf("%w: tensor in segments", cxr.ErrUnsupported)
	case 4:
		t.floats = f.floats(t.floats)
	case 5, 7, 11:
		t.ints = f.ints(t.ints)
	case 8:
		t.Name = string(f.bytes)
	case 9:
		if t.raw = f.bytes; t.raw == nil {
			t.raw = []byte{}
		}
	case 10:
		t.wide = f.doubles(t.wide)
	case 13:
		key, value, err := entry(f.bytes)
		if t.external == nil {
			t.external = map[string]string{}
		}
		t.external[key] = value
		return err
	case 14:
		t.isExternal = f.varint == 1
	}
	return nil
}

// finish checks a tensor that has been read, unless its data are in another file.
func (p *parser) finish(t *partialTensor) error {
	if t.isExternal {
		p.outside = append(p.outside, outside{&t.Tensor, t.external})
		return nil
	}
	return t.check()
}
