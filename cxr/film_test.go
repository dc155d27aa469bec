package cxr_test

import (
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// BenchmarkRealFilms writes PNGs of the films in ../shared, by default, small
// and by image/png, and says how large they are.
func BenchmarkRealFilms(b *testing.B) {
	paths, err := filepath.Glob("../../shared/dicom/chest/*.dcm")
	if err != nil {
		b.Fatal(err)
	}
	if len(paths) == 0 {
		b.Skip("no films in ../shared/dicom/chest")
	}
	upstream := dicomconv.New(&dicomconv.Options{Recipe: cxr.Upstream}) // leaves 8-bit films at 8 bits
	for _, path := range paths {
		b.Run(filepath.Base(path), func(b *testing.B) {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			m, err := upstream.Normalize(f)
			if err != nil {
				b.Skip(err)
			}
			encoders := map[string]func(w io.Writer) error{
				"default":   func(w io.Writer) error { return m.EncodePNG(w, nil) },
				"small":     func(w io.Writer) error { return m.EncodePNG(w, &cxr.PNGOptions{Small: true}) },
				"image/png": func(w io.Writer) error { return png.Encode(w, m) },
			}
			for _, name := range []string{"default", "small", "image/png"} {
				b.Run(name, func(b *testing.B) {
					var n counter
					for b.Loop() {
						n = 0
						if err := encoders[name](&n); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(n)/1000, "KB")
				})
			}
		})
	}
}

// A counter counts the bytes written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
