package cxr_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
)

// ramp is an image whose pixels are all different from their neighbors'.
func ramp(width, height, depth int) *cxr.Image {
	m := &cxr.Image{ID: "ramp", Width: width, Height: height, Depth: depth, Recipe: "test/1"}
	m.Pix = make([]uint16, width*height)
	for i := range m.Pix {
		m.Pix[i] = uint16(i*2657) & m.Max()
	}
	return m
}

func ExampleImage_EncodePNG() {
	m := &cxr.Image{Width: 2, Height: 2, Depth: 16, Pix: []uint16{0, 1000, 2000, 65535}}
	var file bytes.Buffer
	if err := m.EncodePNG(&file, nil); err != nil {
		log.Fatal(err)
	}
	back, err := png.Decode(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%T %v\n", back, back.At(0, 1))
	// Output: *image.Gray16 {2000}
}

func TestPNGsDecodeToTheImage(t *testing.T) {
	for _, depth := range []int{8, 16} {
		for _, o := range []*cxr.PNGOptions{nil, {}, {Small: true}} {
			m := ramp(31, 300, depth)
			var b bytes.Buffer
			if err := m.EncodePNG(&b, o); err != nil {
				t.Fatal(err)
			}
			got, err := png.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			equalPictures(t, got, m)
		}
	}
}

func equalPictures(t *testing.T, got, want image.Image) {
	t.Helper()
	if got.Bounds() != want.Bounds() {
		t.Fatalf("bounds %v, want %v", got.Bounds(), want.Bounds())
	}
	b := want.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if g, w := gray(got, x, y), gray(want, x, y); g != w {
				t.Fatalf("pixel (%d, %d) is %d, want %d", x, y, g, w)
			}
		}
	}
}

func gray(m image.Image, x, y int) uint16 {
	return color.Gray16Model.Convert(m.At(x, y)).(color.Gray16).Y
}

func TestPNGIsTheEncodedFile(t *testing.T) {
	m := ramp(20, 10, 8)
	var b bytes.Buffer
	if err := m.EncodePNG(&b, nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.PNG(), b.Bytes()) {
		t.Error("PNG and EncodePNG differ")
	}
}

func TestInvalidImagesHaveNoPNG(t *testing.T) {
	tests := []struct {
		name  string
		image *cxr.Image
	}{
		{"a nil image", nil},
		{"an empty image", &cxr.Image{}},
		{"a missing pixel", &cxr.Image{Width: 2, Height: 2, Depth: 8, Pix: make([]uint16, 3)}},
		{"a pixel beyond 8 bits", &cxr.Image{Width: 1, Height: 1, Depth: 8, Pix: []uint16{256}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := test.image.EncodePNG(&b, nil); !errors.Is(err, cxr.ErrImage) {
				t.Errorf("error %v, want one that is cxr.ErrImage", err)
			}
			if b.Len() > 0 {
				t.Errorf("%d bytes written", b.Len())
			}
			if test.image.PNG() != nil {
				t.Error("PNG is not nil")
			}
		})
	}
}

type broken struct{}

var errBroken = errors.New("broken pipe")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestEncodePNGReturnsTheWritersError(t *testing.T) {
	if err := ramp(9, 9, 16).EncodePNG(broken{}, nil); !errors.Is(err, errBroken) {
		t.Errorf("error %v, want %v", err, errBroken)
	}
}
