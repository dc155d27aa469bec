package dicomconv_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// row is a film of one row of 16-bit words.
func row(words ...uint16) *dicomtest.File {
	return dicomtest.Film(1, len(words)).Set(dicomtest.PixelData, "OW", words)
}

// row8 is a film of one row of bytes.
func row8(b ...byte) *dicomtest.File {
	return dicomtest.Film(1, len(b)).Bits(8, 8, false).Set(dicomtest.PixelData, "OB", b)
}

// signed is words of negative numbers.
func signed(v ...int16) []uint16 {
	words := make([]uint16, len(v))
	for i, v := range v {
		words[i] = uint16(v)
	}
	return words
}

func normalize(o *dicomconv.Options, f *dicomtest.File) (*cxr.Image, error) {
	return dicomconv.New(o).Normalize(bytes.NewReader(f.Bytes()))
}

// pixels fails the test unless f becomes an image of the given depth and
// pixels.
func pixels(t *testing.T, o *dicomconv.Options, f *dicomtest.File, depth int, want ...uint16) {
	t.Helper()
	m, err := normalize(o, f)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	if m.Depth != depth {
		t.Errorf("depth %d, want %d", m.Depth, depth)
	}
	if !slices.Equal(m.Pix, want) {
		t.Errorf("pixels %v, want %v", m.Pix, want)
	}
}

func equal(t *testing.T, name string, m *cxr.Image, depth int, want []uint16) {
	t.Helper()
	if m.Depth != depth || !slices.Equal(m.Pix, want) {
		t.Errorf("%s: depth %d, pixels %v, want %d, %v", name, m.Depth, m.Pix, depth, want)
	}
}

func print(v any) string { return fmt.Sprintf("%+v", v) }
