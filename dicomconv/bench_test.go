package dicomconv_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// large is a film of 2500 x 2048 words with 12 bits of smooth noise, to be
// rescaled, windowed and inverted.
func large() []byte {
	const rows, columns = 2500, 2048
	r := rand.New(rand.NewPCG(1, 2))
	words := make([]uint16, rows*columns)
	for i := range words {
		x, y := i%columns, i/columns
		words[i] = uint16(x+y/2+r.IntN(100)) & 4095
	}
	return dicomtest.Film(rows, columns).Bits(16, 12, false).Set(dicomtest.PixelData, "OW", words).
		Set(dicomtest.Photometric, "CS", "MONOCHROME1").Set(dicomtest.Slope, "DS", "1").Set(dicomtest.Intercept, "DS", "0").
		Window("2048", "4096").Bytes()
}

func BenchmarkNormalize(b *testing.B) {
	file := large()
	for _, recipe := range []string{cxr.Standard, cxr.Upstream} {
		b.Run(recipe, func(b *testing.B) {
			c := dicomconv.New(&dicomconv.Options{Recipe: recipe})
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Normalize(bytes.NewReader(file)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNormalizeToPNG(b *testing.B) {
	file := large()
	c := dicomconv.New(nil)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		m, err := c.Normalize(bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		if err := m.EncodePNG(io.Discard, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStat(b *testing.B) {
	file := large()
	c := dicomconv.New(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Stat(bytes.NewReader(file)); err != nil {
			b.Fatal(err)
		}
	}
}
