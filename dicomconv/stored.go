package dicomconv

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/dicomscan"
)

// stored are the stored values of one frame, row-major, samples interleaved.
type stored struct {
	words []uint16  // of up to 16 bits, as they are in the file
	wide  []float64 // instead of words: 32-bit integers and floating point
	float bool      // wide is of Float Pixel Data

	// negative tells that the codestream has signed samples, whatever the header
	// says.
	negative bool

	// precision is the bits of a sample in the codestream, 0 for native words;
	// width is where the sign is of those that do not carry it beyond.
	precision, width int
}

// stored reads or decodes the frame that o asks for and makes it gray.
func (f *film) stored(o *Options) (*stored, error) {
	frame := max(o.Frame, 1) - 1
	read := f.native
	if f.pixels.Encapsulated {
		read = func(i int) (*stored, error) { return f.decode(o, i) }
	}
	s, err := read(frame)
	if err != nil || f.monochrome() {
		return s, err
	}
	return s, f.toGray(s)
}

// native reads frame i of native pixel data.
func (f *film) native(i int) (*stored, error) {
	p := &f.pixels
	if !nativeSyntax(f.syntax) {
		return nil, f.misfit("not encapsulated")
	}
	if have, want := int64(len(p.Native)), f.NativeBytes(); have < want {
		return nil, fmt.Errorf("%w: %d bytes of pixel data, want %d", cxr.ErrTruncated, have, want)
	}
	n := int(f.FrameBits() / int64(f.BitsAllocated))
	begin := int64(i) * f.FrameBits()
	if f.BitsAllocated == 1 {
		return &stored{words: bits(p.Native, int(begin), n)}, nil
	}
	b := p.Native[begin/8:]
	switch {
	case p.Tag == dicomscan.TagFloatPixelData && f.BitsAllocated == 32,
		p.Tag == dicomscan.TagDoublePixelData && f.BitsAllocated == 64:
		return f.floats(b, n)
	case p.Tag != dicomscan.TagPixelData:
	case f.BitsAllocated == 8:
		swap := 0
		if f.bigEndian && p.Words { // PS3.5 8.1.2: the second sample of a word is the first byte
			swap = 1
		}
		return &stored{words: octets(p.Native, int(begin/8), n, swap)}, nil
	case f.BitsAllocated == 16:
		return &stored{words: f.words(b, n)}, nil
	case f.BitsAllocated == 32:
		return &stored{wide: f.integers(b, n)}, nil
	}
	return nil, fmt.Errorf("%w: %d bits allocated in element %v", cxr.ErrUnsupported, f.BitsAllocated, p.Tag)
}

func (f *film) order() binary.ByteOrder {
	if f.bigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// bits unpacks n samples of one bit from the bit at first, lowest bit first
// (PS3.5 8.1.1).
func bits(b []byte, first, n int) []uint16 {
	words := make([]uint16, n)
	for i := range words {
		k := first + i
		words[i] = uint16(b[k/8] >> (k % 8) & 1)
	}
	return words
}

// octets reads n bytes from the one at first; with swap 1, pairs are swapped.
func octets(b []byte, first, n, swap int) []uint16 {
	words := make([]uint16, n)
	if swap == 0 {
		for i, v := range b[first : first+n] {
			words[i] = uint16(v)
		}
		return words
	}
	for i := range words {
		words[i] = uint16(b[min((first+i)^1, len(b)-1)])
	}
	return words
}

func (f *film) words(b []byte, n int) []uint16 {
	words, b := make([]uint16, n), b[:2*n]
	if f.bigEndian {
		for i := range words {
			words[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		return words
	}
	rest := words
	for ; len(rest) >= 4 && len(b) >= 8; rest, b = rest[4:], b[8:] { // four at once
		v := binary.LittleEndian.Uint64(b)
		rest[0], rest[1], rest[2], rest[3] = uint16(v), uint16(v>>16), uint16(v>>32), uint16(v>>48)
	}
	for i := range rest {
		rest[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return words
}

func (f *film) integers(b []byte, n int) []float64 {
	values, order := make([]float64, n), f.order()
	for i := range values {
		v := order.Uint32(b[4*i:])
		if f.signed {
			values[i] = float64(int32(v))
		} else {
			values[i] = float64(v)
		}
	}
	return values
}

// floats reads Float or Double Float Pixel Data (PS3.3 C.7.6.24, C.7.6.25).
func (f *film) floats(b []byte, n int) (*stored, error) {
	values, order := make([]float64, n), f.order()
	for i := range values {
		if f.BitsAllocated == 32 {
			values[i] = float64(math.Float32frombits(order.Uint32(b[4*i:])))
		} else {
			values[i] = math.Float64frombits(order.Uint64(b[8*i:]))
		}
		if math.IsNaN(values[i]) || math.IsInf(values[i], 0) {
			return nil, fmt.Errorf("%w: pixel (%d, %d) is not finite", cxr.ErrUnsupported, i%f.Columns, i/f.Columns)
		}
	}
	return &stored{wide: values, float: true}, nil
}
