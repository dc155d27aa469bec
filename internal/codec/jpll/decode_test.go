package jpll

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

// A writer is the encoder the tests check the decoder with: T.81 annex H, one
// Huffman table with codes of 5 bits for the 17 sizes.
type writer struct {
	out []byte
	acc uint64
	n   uint
}

func (w *writer) bits(v uint32, n uint) {
	w.acc, w.n = w.acc<<n|uint64(v), w.n+n
	for w.n >= 8 {
		b := byte(w.acc >> (w.n - 8))
		w.out = append(w.out, b)
		if b == 0xFF {
			w.out = append(w.out, 0)
		}
		w.n -= 8
	}
}

func (w *writer) flush() {
	if w.n > 0 {
		w.bits(1<<(8-w.n)-1, 8-w.n)
	}
}

func (w *writer) segment(marker byte, body ...byte) {
	w.out = append(w.out, 0xFF, marker)
	w.out = binary.BigEndian.AppendUint16(w.out, uint16(len(body)+2))
	w.out = append(w.out, body...)
}

func encode(f *codec.Frame, predictor, shift, restartLines int) []byte {
	w := &writer{out: []byte{0xFF, 0xD8}}
	n := f.Components
	counts := make([]byte, 16)
	counts[4] = 17
	table := append([]byte{0}, counts...)
	for size := range 17 {
		table = append(table, byte(size))
	}
	w.segment(0xC4, table...)
	head := []byte{byte(f.Precision), byte(f.Height >> 8), byte(f.Height), byte(f.Width >> 8), byte(f.Width), byte(n)}
	scan := []byte{byte(n)}
	for c := range n {
		head = append(head, byte(c+1), 0x11, 0)
		scan = append(scan, byte(c+1), 0)
	}
	w.segment(0xC3, head...)
	if restartLines > 0 {
		w.segment(0xDD, byte(restartLines*f.Width>>8), byte(restartLines*f.Width))
	}
	w.segment(0xDA, append(scan, byte(predictor), 0, byte(shift))...)
	stride := f.Width * n
	at := func(x, y, c int) int32 { return int32(f.Pix[y*stride+x*n+c] >> shift) }
	for y := range f.Height {
		fresh := y == 0
		if restartLines > 0 && y > 0 && y%restartLines == 0 {
			w.flush()
			w.out = append(w.out, 0xFF, 0xD0+byte((y/restartLines-1)%8))
			fresh = true
		}
		for x := range f.Width {
			for c := range n {
				var p int32
				switch {
				case fresh && x == 0:
					p = 1 << (f.Precision - shift - 1)
				case fresh:
					p = at(x-1, y, c)
				case x == 0:
					p = at(0, y-1, c)
				default:
					a, b, d := at(x-1, y, c), at(x, y-1, c), at(x-1, y-1, c)
					p = []int32{0, a, b, d, a + b - d, a + (b-d)>>1, b + (a-d)>>1, (a + b) >> 1}[predictor]
				}
				d := int32(int16(at(x, y, c) - p))
				switch {
				case d == -32768:
					w.bits(16, 5)
				default:
					size := uint(bits.Len32(uint32(max(d, -d))))
					w.bits(uint32(size), 5)
					if d < 0 {
						d += 1<<size - 1
					}
					w.bits(uint32(d), size)
				}
			}
		}
	}
	w.flush()
	return append(w.out, 0xFF, 0xD9)
}

// frame makes a picture with every difference from smooth to extreme.
func frame(w, h, n, precision, shift int, seed uint64) *codec.Frame {
	rng := rand.New(rand.NewPCG(seed, 1))
	f := &codec.Frame{Shape: codec.Shape{Width: w, Height: h, Components: n}, Precision: precision}
	white := 1<<precision - 1
	v := 0
	for range w * h * n {
		switch rng.IntN(10) {
		case 0:
			v = rng.IntN(white + 1)
		case 1:
			v = white * rng.IntN(2)
		default:
			v = max(0, min(white, v+rng.IntN(7)-3))
		}
		f.Pix = append(f.Pix, uint16(v>>shift<<shift))
	}
	return f
}

func TestRoundTrip(t *testing.T) {
	for predictor := 1; predictor <= 7; predictor++ {
		for _, c := range []struct{ w, h, n, precision, shift, restart int }{
			{1, 1, 1, 16, 0, 0}, {17, 9, 1, 12, 0, 0}, {40, 31, 1, 16, 0, 0}, {33, 20, 3, 8, 0, 0},
			{31, 18, 1, 10, 3, 0}, {25, 40, 1, 16, 0, 3}, {25, 40, 2, 12, 1, 1}, {1, 50, 1, 2, 0, 0},
		} {
			want := frame(c.w, c.h, c.n, c.precision, c.shift, 7)
			got, err := Decode(encode(want, predictor, c.shift, c.restart), want.Shape)
			if err != nil {
				t.Fatalf("predictor %d, %+v: %v", predictor, c, err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("predictor %d, %+v: decoded another picture", predictor, c)
			}
		}
	}
}

func TestEveryPrefixIsAnError(t *testing.T) {
	f := frame(20, 20, 1, 12, 0, 3)
	data := encode(f, 1, 0, 4)
	for n := range len(data) - 3 { // the last bits of the last byte may be padding
		if _, err := Decode(data[:n], f.Shape); err == nil {
			t.Fatalf("the first %d of %d bytes decoded", n, len(data))
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	f := frame(8, 8, 1, 12, 0, 3)
	good := encode(f, 1, 0, 0)
	tests := map[string]struct {
		data []byte
		want codec.Shape
		err  error
	}{
		"another size":              {good, codec.Shape{Width: 8, Height: 9, Components: 1}, cxr.ErrCorrupt},
		"predictor 0":               {encode(f, 0, 0, 0), f.Shape, cxr.ErrCorrupt},
		"a restart within a line":   {replaceRestart(encode(f, 1, 0, 1)), f.Shape, cxr.ErrCorrupt},
		"a scan without a table":    {dropTable(good), f.Shape, cxr.ErrCorrupt},
		"a restart marker too late": {swapRestarts(encode(f, 1, 0, 1)), f.Shape, cxr.ErrCorrupt},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(test.data, test.want); !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
		})
	}
}

func find(data []byte, marker byte) int {
	for i := range data {
		if data[i] == 0xFF && data[i+1] == marker {
			return i
		}
	}
	panic(fmt.Sprintf("no marker %#x", marker))
}

func replaceRestart(data []byte) []byte { data[find(data, 0xDD)+5]--; return data }
func swapRestarts(data []byte) []byte   { data[find(data, 0xD0)+1]++; return data }

func dropTable(data []byte) []byte {
	out := append([]byte(nil), data...)
	out[find(out, 0xC4)+1] = 0xFE // now a comment
	return out
}

func FuzzDecode(f *testing.F) {
	small := frame(9, 6, 1, 12, 0, 1)
	f.Add(encode(small, 1, 0, 0), 9, 6, 1)
	f.Add(encode(small, 6, 1, 2), 9, 6, 1)
	color := frame(5, 4, 3, 8, 0, 1)
	f.Add(encode(color, 4, 0, 0), 5, 4, 3)
	f.Fuzz(func(t *testing.T, data []byte, w, h, n int) {
		if w < 1 || h < 1 || n < 1 || w > 256 || h > 256 || n > 4 {
			return
		}
		got, err := Decode(data, codec.Shape{Width: w, Height: h, Components: n})
		if err == nil && len(got.Pix) != w*h*n {
			t.Fatalf("%d samples for %d x %d x %d", len(got.Pix), w, h, n)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	f := frame(1024, 1024, 1, 12, 0, 1)
	data := encode(f, 1, 0, 0)
	b.SetBytes(int64(2 * len(f.Pix)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data, f.Shape); err != nil {
			b.Fatal(err)
		}
	}
}
