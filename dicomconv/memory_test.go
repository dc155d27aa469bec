package dicomconv_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/image/tiff"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// What a film is charged is not less than what it takes, or the limit would
// limit nothing.
func TestFilmsAreChargedWhatTheyTake(t *testing.T) {
	const rows, columns = 900, 700
	rng := rand.New(rand.NewPCG(3, 1))
	noise := make([]byte, 8*rows*columns)
	for i := range noise {
		noise[i] = byte(rng.IntN(64))
	}
	native := func(bits int) *dicomtest.File {
		return dicomtest.Film(rows, columns).Bits(bits, bits, false).Set(dicomtest.PixelData, "OW", noise[:rows*columns*bits/8])
	}
	deflated := native(16)
	deflated.Syntax = dicomtest.Deflated
	doubles := make([]byte, 0, len(noise))
	for i := range rows * columns {
		bits := math.Float64bits(float64(i))
		for k := range 8 {
			doubles = append(doubles, byte(bits>>(8*k)))
		}
	}
	files := map[string][]byte{
		"8 bits": native(8).Bytes(), "16 bits": native(16).Bytes(), "32 bits": native(32).Bytes(), "deflated": deflated.Bytes(),
		"double": native(64).Remove(dicomtest.PixelData).Set(0x7fe00009, "OD", doubles).Bytes(),
	}
	gray, wide := image.NewGray(image.Rect(0, 0, columns, rows)), image.NewNRGBA64(image.Rect(0, 0, columns, rows))
	copy(gray.Pix, noise)
	copy(wide.Pix, noise)
	encode := func(name string, err error, b *bytes.Buffer) {
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b.Bytes()
	}
	for name, m := range map[string]image.Image{"gray": gray, "64 bits": wide} {
		var p, j, d bytes.Buffer
		encode("png "+name, png.Encode(&p, m), &p)
		encode("jpeg "+name, jpeg.Encode(&j, m, nil), &j)
		encode("tiff "+name, tiff.Encode(&d, m, &tiff.Options{Compression: tiff.Deflate}), &d)
	}
	charge(t, files)
}

func TestRealFilmsAreChargedWhatTheyTake(t *testing.T) {
	files := map[string][]byte{}
	for _, name := range []string{"J2Kll", "J2Klossy", "JPEGLSll", "JPEGllSV1", "JPEGext12", "RLE"} {
		files[name] = read(t, shared(t, "chest_transcoded", "gdcmCR_M1_10bit_"+name+".dcm"))
	}
	charge(t, files)
}

func charge(t *testing.T, files map[string][]byte) {
	t.Helper()
	for name, b := range files {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		charged, err := dicomconv.Charged(b)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// What is allocated and dropped on the way counts here too, and 2 MiB of tables.
		if took := int64(after.TotalAlloc - before.TotalAlloc); took > charged+2<<20 && !raceDetector {
			t.Errorf("%s: %d bytes charged, %d allocated", name, charged, took)
		} else if charged > 8*took+48<<20 {
			t.Errorf("%s: %d bytes charged for %d", name, charged, took)
		}
	}
}

// Where there is room for one film, one is decoded at a time, and all come to
// their end; where there is room for all, they are decoded at once.
func TestFilmsWaitForMemory(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	const films = 12
	files := fstest.MapFS{}
	for i := range films {
		f := dicomtest.Film(100, 100).Set(dicomtest.PixelData, "OB", dicomtest.Fragments{nil, {0xff, byte(i)}})
		f.Syntax, f.Encoding = "1.2.3", dicomtest.ExplicitLittle
		files[fmt.Sprint(i)] = &fstest.MapFile{Data: f.Bytes()}
	}
	for _, limit := range []int64{1, 64 << 10, 33 << 20, 1 << 30} {
		var now, most atomic.Int32
		decode := func(_ []byte, want dicomconv.Shape) (*dicomconv.Frame, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(5 * time.Millisecond)
			return &dicomconv.Frame{Shape: want, Precision: 16, Pix: make([]uint16, want.Width*want.Height)}, nil
		}
		c := dicomconv.New(&dicomconv.Options{Views: dicomconv.ViewsAny, Decoders: map[string]dicomconv.Decoder{"1.2.3": decode},
			Limits: dicomconv.Limits{Memory: limit}})
		n := 0
		for _, err := range c.Files(files).All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != films {
			t.Errorf("limit %d: %d films of %d", limit, n, films)
		}
		if got := most.Load(); limit <= 33<<20 && got > 2 || limit == 1 && got != 1 || limit == 1<<30 && got < 3 {
			t.Errorf("limit %d: %d films decoded at once", limit, got)
		}
	}
	if _, err := dicomconv.New(&dicomconv.Options{Limits: dicomconv.Limits{Memory: -1}}).Normalize(bytes.NewReader(nil)); err == nil {
		t.Error("a negative limit is taken")
	}
}

// Many goroutines that take and give back in every order never all wait.
func TestMemoryNeverLocksUp(t *testing.T) {
	small := row(1, 2).Bytes()
	var z bytes.Buffer
	w, _ := flate.NewWriter(&z, flate.BestSpeed)
	w.Close()
	deflated := row(3, 4)
	deflated.Syntax = dicomtest.Deflated
	files := [][]byte{small, deflated.Bytes(), large(), z.Bytes()}
	c := dicomconv.New(&dicomconv.Options{Views: dicomconv.ViewsAny, Limits: dicomconv.Limits{Memory: 1 << 20}})
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(9, uint64(k)))
			for range 20 {
				i := rng.IntN(len(files))
				if m, err := c.Normalize(bytes.NewReader(files[i])); (err == nil) != (i < 3) || err == nil && m.Recipe != cxr.Standard {
					t.Errorf("file %d: error %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}
