package rle

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

// encode packs planes of bytes, most significant first, mixing runs, literals
// and no-operations.
func encode(f *codec.Frame, rng *rand.Rand) []byte {
	bytes := f.Precision / 8
	n := f.Components * bytes
	out := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(out, uint32(n))
	for i := range n {
		binary.LittleEndian.PutUint32(out[4+4*i:], uint32(len(out)))
		var plane []byte
		for p := i / bytes; p < len(f.Pix); p += f.Components {
			plane = append(plane, byte(f.Pix[p]>>(8*(bytes-1-i%bytes))))
		}
		for len(plane) > 0 {
			if rng.IntN(20) == 0 {
				out = append(out, 0x80)
			}
			run := 1
			for run < len(plane) && run < 128 && plane[run] == plane[0] {
				run++
			}
			if run > 1 {
				out = append(out, byte(1-run), plane[0])
				plane = plane[run:]
				continue
			}
			k := min(1+rng.IntN(128), len(plane))
			out = append(append(out, byte(k-1)), plane[:k]...)
			plane = plane[k:]
		}
		if len(out)%2 == 1 {
			out = append(out, 0)
		}
	}
	return out
}

func frame(w, h, components, bits int, rng *rand.Rand) *codec.Frame {
	f := &codec.Frame{Shape: codec.Shape{Width: w, Height: h, Components: components}, Precision: bits}
	v := uint16(0)
	for range w * h * components {
		if rng.IntN(4) == 0 {
			v = uint16(rng.IntN(1 << bits))
		}
		f.Pix = append(f.Pix, v)
	}
	return f
}

func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, s := range [][4]int{{1, 1, 1, 8}, {5, 3, 1, 16}, {300, 7, 1, 16}, {64, 64, 3, 8}, {33, 9, 3, 16}, {1000, 2, 1, 8}} {
		want := frame(s[0], s[1], s[2], s[3], rng)
		got, err := Decode(encode(want, rng), want.Shape, s[3])
		if err != nil {
			t.Fatalf("%v: %v", s, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: decoded another picture", s)
		}
	}
}

func TestEveryPrefixIsAnError(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	f := frame(16, 9, 1, 16, rng)
	data := encode(f, rng)
	for n := range len(data) - 1 { // the last byte may be padding
		if _, err := Decode(data[:n], f.Shape, 16); err == nil {
			t.Fatalf("the first %d of %d bytes decoded", n, len(data))
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	f := frame(4, 4, 1, 16, rng)
	good := encode(f, rng)
	backwards := append([]byte(nil), good...)
	binary.LittleEndian.PutUint32(backwards[4:], 200)
	binary.LittleEndian.PutUint32(backwards[8:], 70)
	inHeader := append([]byte(nil), good...)
	binary.LittleEndian.PutUint32(inHeader[4:], 0)
	tests := map[string]struct {
		data []byte
		want codec.Shape
		bits int
		err  error
	}{
		"32 bits":                 {good, f.Shape, 32, cxr.ErrUnsupported},
		"too few segments":        {good, f.Shape, 8, cxr.ErrCorrupt},
		"segments that go back":   {backwards, f.Shape, 16, cxr.ErrCorrupt},
		"a segment in the header": {inHeader, f.Shape, 16, cxr.ErrCorrupt},
		"a picture far too large": {good, codec.Shape{Width: 60000, Height: 60000, Components: 1}, 16, cxr.ErrTruncated},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(test.data, test.want, test.bits); !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	rng := rand.New(rand.NewPCG(4, 1))
	f.Add(encode(frame(6, 5, 1, 16, rng), rng), 6, 5, 1, 16)
	f.Add(encode(frame(4, 4, 3, 8, rng), rng), 4, 4, 3, 8)
	f.Fuzz(func(t *testing.T, data []byte, w, h, n, bits int) {
		if w < 1 || h < 1 || n < 0 || w > 512 || h > 512 || n > 20 {
			return
		}
		got, err := Decode(data, codec.Shape{Width: w, Height: h, Components: n}, bits)
		if err == nil && len(got.Pix) != w*h*max(n, 1) {
			t.Fatalf("%d samples for %d x %d x %d", len(got.Pix), w, h, n)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 1))
	f := frame(2048, 2500, 1, 16, rng)
	data := encode(f, rng)
	b.SetBytes(int64(2 * len(f.Pix)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data, f.Shape, 16); err != nil {
			b.Fatal(err)
		}
	}
}
