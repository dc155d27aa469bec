package j2k

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

// An htVector is a high-throughput codestream and the hash of OpenJPEG's samples,
// with which OpenJPH agrees; see testdata/ht/make.py.
type htVector struct {
	Width, Height, Components, Precision int
	Signed, Lossless                     bool
	SHA256                               string
	stream                               []byte
}

func (v htVector) shape() codec.Shape {
	return codec.Shape{Width: v.Width, Height: v.Height, Components: v.Components}
}

func htVectors(t testing.TB) map[string]htVector {
	t.Helper()
	text, err := os.ReadFile("testdata/ht/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors map[string]htVector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for name, v := range vectors {
		if v.stream, err = os.ReadFile("testdata/ht/" + name + ".j2c"); err != nil {
			t.Fatal(err)
		}
		vectors[name] = v
	}
	return vectors
}

func TestHighThroughputSamplesEqualOpenJPEGs(t *testing.T) {
	vectors := htVectors(t)
	if len(vectors) < 30 {
		t.Errorf("only %d streams", len(vectors))
	}
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			f, err := Decode(v.stream, v.shape())
			if err != nil {
				t.Fatal(err)
			}
			if f.Precision != v.Precision || f.Signed != v.Signed {
				t.Errorf("%d bits, signed %v", f.Precision, f.Signed)
			}
			if got := hash(f); got != v.SHA256 {
				t.Errorf("samples hash to %s, want %s", got, v.SHA256)
			}
		})
	}
}

// Cut anywhere before its end marker, a stream is an error.
func TestEveryPrefixOfHighThroughputIsAnError(t *testing.T) {
	vectors := htVectors(t)
	for _, name := range []string{"g8", "lossy", "tiles", "refined3"} {
		v := vectors[name]
		for n := range len(v.stream) - 2 {
			if _, err := Decode(v.stream[:n], v.shape()); err == nil {
				t.Fatalf("%s: the first %d of %d bytes decoded", name, n, len(v.stream))
			}
		}
	}
}

func TestHighThroughputRefuses(t *testing.T) {
	v := htVectors(t)["g8"]
	change := func(at int, b ...byte) []byte {
		d := append([]byte(nil), v.stream...)
		copy(d[at:], b)
		return d
	}
	const capabilities, coding = 45, 55 // of CAP and COD
	if v.stream[capabilities+1] != 0x50 || v.stream[coding+1] != 0x52 {
		t.Fatalf("other segments: %x", v.stream[:80])
	}
	for name, test := range map[string]struct {
		data []byte
		err  error
	}{
		"another part of the standard": {change(capabilities+4, 0x40), cxr.ErrUnsupported},
		"blocks of both kinds":         {change(coding+12, 0xC0), cxr.ErrUnsupported},
		"bypass":                       {change(coding+12, 0x41), cxr.ErrUnsupported},
	} {
		if _, err := Decode(test.data, v.shape()); !errors.Is(err, test.err) {
			t.Errorf("%s: error %v, want %v", name, err, test.err)
		}
	}
}

func FuzzDecodeHighThroughput(f *testing.F) {
	for _, v := range htVectors(f) {
		f.Add(v.stream, v.Width, v.Height, v.Components)
	}
	f.Fuzz(func(t *testing.T, data []byte, w, h, n int) {
		if w < 1 || h < 1 || n < 1 || w > 256 || h > 256 || n > 4 {
			return
		}
		got, err := Decode(data, codec.Shape{Width: w, Height: h, Components: n})
		if err == nil && len(got.Pix) != got.Width*got.Height*n {
			t.Fatalf("%d samples for %d x %d x %d", len(got.Pix), got.Width, got.Height, n)
		}
	})
}

func BenchmarkDecodeHighThroughput(b *testing.B) {
	for _, name := range []string{"g12", "g16", "lossy"} {
		b.Run(name, func(b *testing.B) {
			v := htVectors(b)[name]
			b.SetBytes(int64(2 * v.Width * v.Height))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(v.stream, v.shape()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
