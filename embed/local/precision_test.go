package local

import (
	"archive/zip"
	"errors"
	"io/fs"
	"math"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// Embeddings of lower precision point where those of float32 do, and are of a
// Space of their own, where the processor has it; else they are those of float32.
func TestPrecision(t *testing.T) {
	film := &cxr.Image{ID: "film", Width: 64, Height: 48, Depth: 16}
	for i := range 64 * 48 {
		film.Pix = append(film.Pix, uint16(i*i*7))
	}
	for name, side := range map[string]int{"vit": 32, "swin": 36, "convnext": 32, "resnet": 64} {
		open := func(p Precision) (*Embedder, []float32) {
			t.Helper()
			e, err := Open("testdata/"+name+".onnx", &Options{Parallel: 1, Precision: p, Preprocess: &Preprocess{Width: side, Height: side}})
			if err != nil {
				t.Fatal(err)
			}
			v, err := e.Embed(t.Context(), film)
			if err != nil {
				t.Fatal(err)
			}
			return e, v[0].Values
		}
		single, a := open(Float32)
		lower, b := open(BFloat16)
		var ab, aa, bb float64
		same := true
		for i, v := range a {
			ab, aa, bb = ab+float64(v)*float64(b[i]), aa+float64(v)*float64(v), bb+float64(b[i])*float64(b[i])
			same = same && v == b[i]
		}
		if cosine := ab / math.Sqrt(aa*bb); !(cosine > 0.999) {
			t.Errorf("%s: cosine %.6f", name, cosine)
		}
		told := strings.Contains(lower.Describe().String(), "products of bfloat16")
		if has := simd.BFloat16.Available(); has != told || has == same || has == (single.Space() == lower.Space()) || has != (lower.Describe().Precision == BFloat16) {
			t.Errorf("%s: bfloat16 is there: %v, said to be used: %v, embeddings alike: %v, Spaces alike: %v", name, has, told, same, single.Space() == lower.Space())
		}
		if single.Describe().Precision != Float32 {
			t.Errorf("%s: %v", name, single.Describe().Precision)
		}
	}
	if _, err := Open("testdata/vit.onnx", &Options{Precision: 7}); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("precision 7: error %v", err)
	}
}

// What a file quantizes is computed in integers, and told.
func TestInt8(t *testing.T) {
	z, err := zip.OpenReader("../../internal/network/testdata/int8.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for name, want := range map[string]int{"conv_uint8_relu": 1, "conv_int8_pooled": 2, "float_depthwise": 0} {
		data, err := fs.ReadFile(z, name+".onnx")
		if err != nil {
			t.Fatal(err)
		}
		e, err := Load(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := e.Describe()
		if told := strings.Contains(d.String(), "products of int8, by "+simd.IntegerPath()); d.Int8 != want || told != (want > 0) {
			t.Errorf("%s: %d products, want %d:\n%v", name, d.Int8, want, d)
		}
	}
}
