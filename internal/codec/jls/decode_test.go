package jls

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

// The worked example of T.87 annex H.3.
func TestExampleOfTheStandard(t *testing.T) {
	data := []byte{
		0xFF, 0xD8, 0xFF, 0xF7, 0x00, 0x0B, 0x08, 0x00, 0x04, 0x00, 0x04, 0x01, 0x01, 0x11, 0x00, 0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00,
		0xC0, 0x00, 0x00, 0x6C, 0x80, 0x20, 0x8E, 0x01, 0xC0, 0x00, 0x00, 0x57, 0x40, 0x00, 0x00, 0x6E, 0xE6, 0x00, 0x00, 0x01, 0xBC, 0x18, 0x00, 0x00, 0x05, 0xD8, 0x00, 0x00, 0x91, 0x60,
		0xFF, 0xD9,
	}
	want := []uint16{0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145}
	f, err := Decode(data, codec.Shape{Width: 4, Height: 4, Components: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f.Pix, want) {
		t.Errorf("decoded %v, want %v", f.Pix, want)
	}
}

// frame makes flat areas, for runs, noise and jumps.
func frame(w, h, precision, maxval int, seed uint64) *codec.Frame {
	rng := rand.New(rand.NewPCG(seed, 1))
	if maxval == 0 {
		maxval = 1<<precision - 1
	}
	f := &codec.Frame{Shape: codec.Shape{Width: w, Height: h, Components: 1}, Precision: precision}
	v, noise := maxval/2, 0
	for i := range w * h {
		if rng.IntN(60) == 0 {
			v, noise = rng.IntN(maxval+1), rng.IntN(3)*rng.IntN(9)
		}
		if i >= w && rng.IntN(3) == 0 {
			v = int(f.Pix[i-w])
		}
		v = max(0, min(maxval, v+rng.IntN(2*noise+1)-noise))
		f.Pix = append(f.Pix, uint16(v))
	}
	return f
}

func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		w, h, precision, near int
		preset                []int
		restart               int
	}{
		{1, 1, 8, 0, nil, 0}, {64, 40, 8, 0, nil, 0}, {150, 60, 12, 0, nil, 0}, {150, 60, 16, 0, nil, 0}, {33, 70, 2, 0, nil, 0},
		{1, 90, 10, 0, nil, 0}, {700, 3, 8, 0, nil, 0}, {64, 64, 8, 1, nil, 0}, {90, 64, 12, 5, nil, 0}, {90, 64, 16, 30, nil, 0},
		{64, 64, 12, 0, []int{3000, 9, 40, 300, 31}, 0}, {64, 64, 8, 2, []int{200, 0, 0, 0, 0}, 0}, {40, 41, 12, 0, nil, 4}, {40, 41, 8, 3, nil, 1},
	} {
		maxval := 0
		if c.preset != nil {
			maxval = c.preset[0]
		}
		want := frame(c.w, c.h, c.precision, maxval, 5)
		got, err := Decode(encode(want, c.near, c.preset, c.restart), want.Shape)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		for i, v := range got.Pix {
			if d := int(v) - int(want.Pix[i]); d > c.near || -d > c.near {
				t.Fatalf("%+v: sample %d is %d, want %d within %d", c, i, v, want.Pix[i], c.near)
			}
		}
	}
}

func TestEveryPrefixIsAnError(t *testing.T) {
	f := frame(30, 30, 12, 0, 3)
	data := encode(f, 0, nil, 7)
	for n := range len(data) - 4 { // the last bits may be padding
		if _, err := Decode(data[:n], f.Shape); err == nil {
			t.Fatalf("the first %d of %d bytes decoded", n, len(data))
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	f := frame(8, 8, 12, 0, 3)
	good := encode(f, 0, nil, 0)
	change := func(at int, v byte) []byte {
		d := append([]byte(nil), good...)
		d[at] = v
		return d
	}
	tests := map[string]struct {
		data []byte
		want codec.Shape
		err  error
	}{
		"another size":      {good, codec.Shape{Width: 9, Height: 8, Components: 1}, cxr.ErrCorrupt},
		"color":             {change(11, 3), f.Shape, cxr.ErrUnsupported},
		"17 bits":           {change(6, 17), f.Shape, cxr.ErrCorrupt},
		"a frame of DCT":    {change(3, 0xC0), f.Shape, cxr.ErrCorrupt},
		"a mapping table":   {change(21, 1), f.Shape, cxr.ErrUnsupported},
		"what is no JPEG":   {[]byte("no picture at all"), f.Shape, cxr.ErrCorrupt},
		"thresholds astray": {encodeHeader(good, []byte{1, 0x0F, 0xFF, 0, 90, 0, 4, 0, 5, 0, 64}), f.Shape, cxr.ErrCorrupt},
		"a palette":         {encodeHeader(good, []byte{2, 1, 1, 0}), f.Shape, cxr.ErrUnsupported},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(test.data, test.want); !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
		})
	}
}

// encodeHeader puts an LSE segment before the frame header.
func encodeHeader(data, lse []byte) []byte {
	out := append([]byte{0xFF, 0xD8, 0xFF, 0xF8, 0, byte(len(lse) + 2)}, lse...)
	return append(out, data[2:]...)
}

func FuzzDecode(f *testing.F) {
	small := frame(9, 6, 12, 0, 1)
	f.Add(encode(small, 0, nil, 0), 9, 6)
	f.Add(encode(small, 3, nil, 2), 9, 6)
	f.Add(encode(frame(16, 16, 8, 0, 2), 0, nil, 0), 16, 16)
	f.Fuzz(func(t *testing.T, data []byte, w, h int) {
		if w < 1 || h < 1 || w > 256 || h > 256 {
			return
		}
		got, err := Decode(data, codec.Shape{Width: w, Height: h, Components: 1})
		if err != nil {
			return
		}
		for _, v := range got.Pix {
			if int(v) >= 1<<got.Precision {
				t.Fatalf("sample %d in %d bits", v, got.Precision)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	f := frame(1024, 1024, 12, 0, 1)
	data := encode(f, 0, nil, 0)
	b.SetBytes(int64(2 * len(f.Pix)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data, f.Shape); err != nil {
			b.Fatal(err)
		}
	}
}
