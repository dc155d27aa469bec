package jpegdct

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

func picture(w, h int, seed uint64) *image.Gray {
	rng := rand.New(rand.NewPCG(seed, 1))
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		x, y := i%w, i/w
		m.Pix[i] = uint8((x*x/7+y*3)%256/2 + rng.IntN(120))
	}
	return m
}

func encode(t testing.TB, m image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The standard library's inverse transform differs by at most one level.
func TestGrayIsWithinOneOfTheStandardLibrary(t *testing.T) {
	for _, size := range [][2]int{{8, 8}, {1, 1}, {7, 9}, {64, 48}, {129, 33}} {
		for _, quality := range []int{5, 50, 90, 100} {
			data := encode(t, picture(size[0], size[1], uint64(quality)), quality)
			f, err := Decode(data, codec.Shape{Width: size[0], Height: size[1], Components: 1})
			if err != nil {
				t.Fatalf("%v, quality %d: %v", size, quality, err)
			}
			want, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range f.Pix {
				w := int(want.(*image.Gray).GrayAt(i%size[0], i/size[0]).Y)
				if d := int(v) - w; d < -1 || d > 1 {
					t.Fatalf("%v, quality %d: pixel %d is %d, the standard library says %d", size, quality, i, v, w)
				}
			}
			if f.Precision != 8 || f.Signed {
				t.Errorf("%d bits, signed %v", f.Precision, f.Signed)
			}
		}
	}
}

func TestColorComponentsStandInterleaved(t *testing.T) {
	const w, h = 37, 21
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{uint8(6 * x), uint8(10 * y), uint8(3 * (x + y)), 255})
		}
	}
	data := encode(t, m, 95) // 4:2:0
	f, err := Decode(data, codec.Shape{Width: w, Height: h, Components: 3})
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	want := decoded.(*image.YCbCr)
	for y := range h {
		for x := range w {
			c := want.YCbCrAt(x, y)
			for k, v := range []uint8{c.Y, c.Cb, c.Cr} {
				if d := int(f.Pix[(y*w+x)*3+k]) - int(v); d < -1 || d > 1 {
					t.Fatalf("component %d at (%d, %d) is %d, want %d", k, x, y, f.Pix[(y*w+x)*3+k], v)
				}
			}
		}
	}
}

// Cut anywhere, a frame is an error: never a picture with a gray end.
func TestEveryPrefixIsAnError(t *testing.T) {
	data := encode(t, picture(40, 24, 3), 80)
	end := bytes.LastIndex(data, []byte{0xFF, 0xD9})
	for n := range end - 2 {
		if _, err := Decode(data[:n], codec.Shape{Width: 40, Height: 24, Components: 1}); err == nil {
			t.Fatalf("the first %d of %d bytes decoded", n, len(data))
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	data := encode(t, picture(16, 16, 3), 80)
	arithmetic := bytes.Replace(data, []byte{0xFF, 0xC0}, []byte{0xFF, 0xC9}, 1)
	tests := map[string]struct {
		data []byte
		want codec.Shape
		err  error
	}{
		"another size":                 {data, codec.Shape{Width: 17, Height: 16, Components: 1}, cxr.ErrCorrupt},
		"another number of components": {data, codec.Shape{Width: 16, Height: 16, Components: 3}, cxr.ErrCorrupt},
		"arithmetic coding":            {arithmetic, codec.Shape{Width: 16, Height: 16, Components: 1}, cxr.ErrUnsupported},
		"what is no JPEG":              {[]byte("not a picture"), codec.Shape{Width: 1, Height: 1, Components: 1}, cxr.ErrCorrupt},
		"nothing":                      {nil, codec.Shape{Width: 1, Height: 1, Components: 1}, cxr.ErrCorrupt},
		"a header alone":               {data[:4], codec.Shape{Width: 16, Height: 16, Components: 1}, cxr.ErrTruncated},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(test.data, test.want); !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, picture(16, 16, 1), 50), 16, 16, 1)
	f.Add(encode(f, picture(9, 5, 1), 95), 9, 5, 1)
	streams, shapes, _ := progressive(f)
	for name, data := range streams {
		f.Add(data, shapes[name].Width, shapes[name].Height, shapes[name].Components)
	}
	f.Fuzz(func(t *testing.T, data []byte, w, h, n int) {
		if w < 1 || h < 1 || n < 1 || w > 256 || h > 256 || n > 4 {
			return
		}
		frame, err := Decode(data, codec.Shape{Width: w, Height: h, Components: n})
		if err != nil {
			return
		}
		if len(frame.Pix) != w*h*n {
			t.Fatalf("%d samples for %d x %d x %d", len(frame.Pix), w, h, n)
		}
		for _, v := range frame.Pix {
			if int(v) >= 1<<frame.Precision {
				t.Fatalf("sample %d in %d bits", v, frame.Precision)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := encode(b, picture(1024, 1024, 1), 90)
	b.SetBytes(1024 * 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data, codec.Shape{Width: 1024, Height: 1024, Components: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
