package graypng

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
)

// film is a smooth picture with noise, of the given depth.
func film(width, height, depth int) []uint16 {
	rng := rand.New(rand.NewPCG(1, 2))
	pix := make([]uint16, width*height)
	for i := range pix {
		x, y := i%width, i/width
		v := 2000 + (x*x+y*y)%30000 + rng.IntN(400)
		pix[i] = uint16(v) >> (16 - depth)
	}
	return pix
}

func encode(t testing.TB, width, height, depth int, pix []uint16, small bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, width, height, depth, pix, small); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFilesDecodeToTheirPixels(t *testing.T) {
	sizes := []image.Point{{1, 1}, {1, 600}, {3, 2}, {600, 1}, {37, stripRows - 1}, {37, stripRows}, {37, stripRows + 1}, {90, 5*stripRows + 1}}
	for _, size := range sizes {
		for _, depth := range []int{8, 16} {
			for _, small := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v depth %d small %v", size, depth, small), func(t *testing.T) {
					pix := film(size.X, size.Y, depth)
					m, err := png.Decode(bytes.NewReader(encode(t, size.X, size.Y, depth, pix, small)))
					if err != nil {
						t.Fatal(err)
					}
					if m.Bounds().Size() != size {
						t.Fatalf("decoded to %v", m.Bounds())
					}
					for i, want := range pix {
						if got := value(m, i%size.X, i/size.X); got != want {
							t.Fatalf("pixel (%d, %d) is %d, want %d", i%size.X, i/size.X, got, want)
						}
					}
				})
			}
		}
	}
}

// value is the pixel of a gray image, in its own depth.
func value(m image.Image, x, y int) uint16 {
	switch m := m.(type) {
	case *image.Gray:
		return uint16(m.GrayAt(x, y).Y)
	case *image.Gray16:
		return m.Gray16At(x, y).Y
	}
	panic(fmt.Sprintf("a gray PNG decoded to %T", m))
}

func TestExtremePixelsSurvive(t *testing.T) {
	pix := []uint16{0, 65535, 0, 65535, 65535, 0, 1, 65534, 255, 256, 0x00ff, 0xff00}
	for _, small := range []bool{false, true} {
		m, err := png.Decode(bytes.NewReader(encode(t, 4, 3, 16, pix, small)))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range pix {
			if got := value(m, i%4, i/4); got != want {
				t.Errorf("small %v: pixel %d is %d, want %d", small, i, got, want)
			}
		}
	}
}

func TestBytesDoNotDependOnCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	pix := film(101, 700, 16)
	for _, small := range []bool{false, true} {
		runtime.GOMAXPROCS(1)
		want := encode(t, 101, 700, 16, pix, small)
		for _, procs := range []int{2, 3, 8} {
			runtime.GOMAXPROCS(procs)
			if got := encode(t, 101, 700, 16, pix, small); !bytes.Equal(got, want) {
				t.Errorf("small %v: %d cores write other bytes than one", small, procs)
			}
		}
	}
}

func TestFilesHoldNothingButPixels(t *testing.T) {
	b := encode(t, 64, 2*stripRows+1, 8, film(64, 2*stripRows+1, 8), false)
	rest := b[len(signature):]
	var kinds []string
	for len(rest) > 0 {
		n := binary.BigEndian.Uint32(rest)
		kinds = append(kinds, string(rest[4:8]))
		rest = rest[12+n:]
	}
	want := "[IHDR IDAT IDAT IDAT IDAT IEND]" // three strips and the checksum
	if got := fmt.Sprint(kinds); got != want {
		t.Errorf("chunks %s, want %s", got, want)
	}
}

func TestSmallFilesAreSmaller(t *testing.T) {
	smooth := make([]uint16, 300*300)
	for i := range smooth {
		smooth[i] = uint16(i%300*40 + i/300*60)
	}
	tests := []struct {
		name  string
		depth int
		pix   []uint16
	}{
		{"a film of 8 bits", 8, film(300, 300, 8)},
		{"a film of 16 bits", 16, film(300, 300, 16)},
		{"a picture without noise", 16, smooth},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fast := len(encode(t, 300, 300, test.depth, test.pix, false))
			small := len(encode(t, 300, 300, test.depth, test.pix, true))
			if small >= fast {
				t.Errorf("small file has %d bytes, fast one %d", small, fast)
			}
		})
	}
}

func TestWhatCannotBeAPictureIsRefused(t *testing.T) {
	tests := []struct {
		name                 string
		width, height, depth int
		values               int
	}{
		{"no rows", 4, 0, 8, 0},
		{"no columns", 0, 4, 8, 0},
		{"a negative width", -2, -2, 8, 4},
		{"a width beyond what a chunk can hold", maxWidth + 1, 1, 8, maxWidth + 1},
		{"12 bits", 2, 2, 12, 4},
		{"too few pixels", 2, 2, 8, 3},
		{"too many pixels", 2, 2, 8, 5},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Encode(&b, test.width, test.height, test.depth, make([]uint16, test.values), false); err == nil {
				t.Error("no error")
			}
			if b.Len() > 0 {
				t.Errorf("%d bytes written before the refusal", b.Len())
			}
		})
	}
}

// full is a disk that has room for so many bytes.
type full struct{ room int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return f.room, errFull
	}
	f.room -= len(p)
	return len(p), nil
}

func TestWriteErrorsAreReturned(t *testing.T) {
	pix := film(50, 2000, 16)
	size := len(encode(t, 50, 2000, 16, pix, false))
	for _, room := range []int{0, 40, size / 2, size - 1} {
		if err := Encode(&full{room}, 50, 2000, 16, pix, false); !errors.Is(err, errFull) {
			t.Errorf("with room for %d of %d bytes: error %v", room, size, err)
		}
	}
	if err := Encode(&full{size}, 50, 2000, 16, pix, false); err != nil {
		t.Errorf("with just enough room: %v", err)
	}
}

func TestAdlerCombine(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, 300_000)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	for _, cut := range []int{0, 1, 65521, 70_000, len(b)} {
		sum1, sum2 := adler32.Checksum(b[:cut]), adler32.Checksum(b[cut:])
		if got, want := adlerCombine(sum1, sum2, len(b)-cut), adler32.Checksum(b); got != want {
			t.Errorf("joined at %d: %08x, want %08x", cut, got, want)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	const width, height = 2048, 2500
	for _, depth := range []int{8, 16} {
		pix := film(width, height, depth)
		for _, small := range []bool{false, true} {
			b.Run(fmt.Sprintf("depth=%d/small=%v", depth, small), func(b *testing.B) {
				b.SetBytes(width * height * int64(depth/8))
				b.ReportAllocs()
				for b.Loop() {
					if err := Encode(io.Discard, width, height, depth, pix, small); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkImagePNG is what BenchmarkEncode of depth 16 is to be compared with.
func BenchmarkImagePNG(b *testing.B) {
	const width, height = 2048, 2500
	m := image.NewGray16(image.Rect(0, 0, width, height))
	for i, v := range film(width, height, 16) {
		m.Pix[2*i], m.Pix[2*i+1] = byte(v>>8), byte(v)
	}
	b.SetBytes(2 * width * height)
	b.ReportAllocs()
	for b.Loop() {
		if err := png.Encode(io.Discard, m); err != nil {
			b.Fatal(err)
		}
	}
}
