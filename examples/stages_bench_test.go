package examples_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// largeFilm is a film of 2500 x 2048 words of 12 bits.
func largeFilm(seed uint64) []byte {
	const rows, columns = 2500, 2048
	r := rand.New(rand.NewPCG(seed, 2))
	words := make([]uint16, rows*columns)
	for i := range words {
		words[i] = uint16(i%columns+i/columns/2+r.IntN(100)) & 4095
	}
	return dicomtest.Film(rows, columns).Bits(16, 12, false).Set(dicomtest.PixelData, "OW", words).
		Set(dicomtest.Photometric, "CS", "MONOCHROME1").Set(dicomtest.Slope, "DS", "1").Set(dicomtest.Intercept, "DS", "0").
		Window("2048", "4096").Bytes()
}

// BenchmarkStages times each stage of the pipeline alone, on one film and one
// core, and then the whole from a folder of DICOM files to stored embeddings:
//
//	go test -run '^$' -bench Stages -cpu 1 ./examples
//	go test -run '^$' -bench Stages/whole ./examples
func BenchmarkStages(b *testing.B) {
	e, err := mini.Open(nil)
	if err != nil {
		b.Fatal(err)
	}
	file := largeFilm(0)
	c := dicomconv.New(&dicomconv.Options{Recipe: e.Space().Recipe})
	film, err := c.Normalize(bytes.NewReader(file))
	if err != nil {
		b.Fatal(err)
	}
	embeddings, err := e.Embed(b.Context(), film)
	if err != nil {
		b.Fatal(err)
	}
	side := 224
	small := film.Resize(side, side, cxr.KernelArea)

	b.Run("read and normalize", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.Normalize(bytes.NewReader(file)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("key", func(b *testing.B) {
		for b.Loop() {
			_ = embed.KeyOf(e.Space(), film)
		}
	})
	b.Run("embed", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Embed(b.Context(), film); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("embed of 224 pixels", func(b *testing.B) { // what of it is not making the film small
		for b.Loop() {
			if _, err := e.Embed(b.Context(), small); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("store", func(b *testing.B) {
		d, err := store.Open(b.TempDir(), e.Space(), nil)
		if err != nil {
			b.Fatal(err)
		}
		k := embed.KeyOf(e.Space(), film)
		for b.Loop() {
			if err := d.Put(b.Context(), k, embeddings[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		const films = 24
		dir := b.TempDir()
		for i := range films {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.dcm", i)), largeFilm(uint64(i)), 0o666); err != nil {
				b.Fatal(err)
			}
		}
		for b.Loop() {
			d, err := store.Open(b.TempDir(), e.Space(), nil)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			err = embed.Run{Store: d}.Do(b.Context(), e, c.Files(os.DirFS(dir)), func(embed.Event) error { n++; return nil })
			if err != nil || n != films {
				b.Fatal(n, err)
			}
		}
		b.ReportMetric(float64(films*b.N)/b.Elapsed().Seconds(), "films/s")
	})
}
