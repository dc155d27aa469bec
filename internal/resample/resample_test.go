package resample

import (
	"encoding/json"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/image/draw"
)

func noise(width, height int, white uint16) []uint16 {
	rng := rand.New(rand.NewPCG(5, 6))
	pix := make([]uint16, width*height)
	for i := range pix {
		pix[i] = uint16(rng.IntN(int(white) + 1))
	}
	return pix
}

// sizes go down and up, by whole and odd factors, to and from a single pixel.
var sizes = []struct{ in, out image.Point }{
	{image.Pt(64, 48), image.Pt(32, 16)},
	{image.Pt(61, 47), image.Pt(23, 31)},
	{image.Pt(61, 47), image.Pt(100, 90)},
	{image.Pt(61, 47), image.Pt(20, 110)},
	{image.Pt(61, 47), image.Pt(1, 1)},
	{image.Pt(1, 1), image.Pt(5, 4)},
	{image.Pt(2, 3), image.Pt(7, 8)},
	{image.Pt(300, 2), image.Pt(7, 3)},
}

// TestAgainstXImage compares with golang.org/x/image/draw, whose kernels are
// stretched by a reduction as ours are.
func TestAgainstXImage(t *testing.T) {
	oracles := map[Kernel]*draw.Kernel{Bilinear: draw.BiLinear, Cubic: draw.CatmullRom}
	for k, oracle := range oracles {
		for _, s := range sizes {
			t.Run(fmt.Sprintf("kernel %d %v to %v", k, s.in, s.out), func(t *testing.T) {
				src := noise(s.in.X, s.in.Y, 65535)
				got := Gray(src, s.in.X, s.in.Y, s.out.X, s.out.Y, 65535, k)
				from, to := image.NewGray16(image.Rectangle{Max: s.in}), image.NewGray16(image.Rectangle{Max: s.out})
				for i, v := range src {
					from.Pix[2*i], from.Pix[2*i+1] = byte(v>>8), byte(v)
				}
				oracle.Scale(to, to.Bounds(), from, from.Bounds(), draw.Src, nil)
				for i, g := range got {
					want := int(to.Pix[2*i])<<8 | int(to.Pix[2*i+1])
					if d := int(g) - want; d < -1 || d > 1 {
						t.Fatalf("pixel (%d, %d) is %d, want %d", i%s.out.X, i/s.out.X, g, want)
					}
				}
			})
		}
	}
}

// TestAgainstPillow compares with testdata/pillow.json. Pillow rounds 8-bit
// pictures after each axis, and does not clip the float ones that stand for
// 16-bit ones.
func TestAgainstPillow(t *testing.T) {
	var tests []struct {
		Kernel  string
		White   uint16
		In, Out [2]int
		Pixels  []float64
	}
	b, err := os.ReadFile("testdata/pillow.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &tests); err != nil {
		t.Fatal(err)
	}
	kernel := map[string]Kernel{"area": Area, "bilinear": Bilinear, "cubic": Cubic}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s of %d %v to %v", test.Kernel, test.White, test.In, test.Out), func(t *testing.T) {
			width, height := test.In[0], test.In[1]
			src := make([]uint16, width*height)
			for i := range src {
				x, y := i%width, i/width
				noise := x*7919 + y*104729 + x*y*31
				if test.White == 255 {
					src[i] = uint16(64 + noise%128)
				} else {
					src[i] = uint16(noise % 65536)
				}
			}
			got := Gray(src, width, height, test.Out[0], test.Out[1], test.White, kernel[test.Kernel])
			if len(got) != len(test.Pixels) {
				t.Fatalf("%d pixels, want %d", len(got), len(test.Pixels))
			}
			tolerance := 0.57 // rounding here, to 0.1 there
			if test.White == 255 {
				tolerance = 1
			}
			for i, want := range test.Pixels {
				want = min(max(want, 0), float64(test.White))
				if math.Abs(float64(got[i])-want) > tolerance {
					t.Errorf("pixel %d is %d, want %.1f", i, got[i], want)
				}
			}
		})
	}
}

// TestAreaIsTheMeanOfWhatAPixelCovers integrates over a grid so fine that
// every source and every result pixel is a whole number of cells.
func TestAreaIsTheMeanOfWhatAPixelCovers(t *testing.T) {
	for _, s := range sizes {
		src := noise(s.in.X, s.in.Y, 65535)
		got := Gray(src, s.in.X, s.in.Y, s.out.X, s.out.Y, 65535, Area)
		for i, g := range got {
			var sum float64
			x, y := i%s.out.X, i/s.out.X
			for cy := y * s.in.Y; cy < (y+1)*s.in.Y; cy++ {
				for cx := x * s.in.X; cx < (x+1)*s.in.X; cx++ {
					sum += float64(src[cy/s.out.Y*s.in.X+cx/s.out.X])
				}
			}
			want := sum / float64(s.in.X*s.in.Y)
			if math.Abs(float64(g)-want) > 0.51 {
				t.Fatalf("%v to %v: pixel (%d, %d) is %d, want %.2f", s.in, s.out, x, y, g, want)
			}
		}
	}
}

// TestLegacyBilinearIsTensorFlow1 follows compute_interpolation_weights and
// compute_lerp of tensorflow/core/kernels/image/resize_bilinear_op.cc with the
// legacy scaler, in float64.
func TestLegacyBilinearIsTensorFlow1(t *testing.T) {
	axis := func(i, in, out int) (lower, upper int, lerp float64) {
		x := float64(i) * float64(in) / float64(out)
		lower = int(math.Floor(x))
		return lower, min(lower+1, in-1), x - float64(lower)
	}
	for _, s := range sizes {
		src := noise(s.in.X, s.in.Y, 65535)
		got := Gray(src, s.in.X, s.in.Y, s.out.X, s.out.Y, 65535, LegacyBilinear)
		for i, g := range got {
			left, right, lx := axis(i%s.out.X, s.in.X, s.out.X)
			top, bottom, ly := axis(i/s.out.X, s.in.Y, s.out.Y)
			at := func(x, y int) float64 { return float64(src[y*s.in.X+x]) }
			upper := at(left, top) + (at(right, top)-at(left, top))*lx
			lower := at(left, bottom) + (at(right, bottom)-at(left, bottom))*lx
			// float32 places a pixel to about 1e-5 of the distance to the next.
			if want := upper + (lower-upper)*ly; math.Abs(float64(g)-want) > 2 {
				t.Fatalf("%v to %v: pixel %d is %d, want %.2f", s.in, s.out, i, g, want)
			}
		}
	}
}

func TestConstantStaysConstant(t *testing.T) {
	for k := range kernels {
		for _, v := range []uint16{0, 1, 254, 65535} {
			for _, s := range sizes {
				src := slices.Repeat([]uint16{v}, s.in.X*s.in.Y)
				for i, g := range Gray(src, s.in.X, s.in.Y, s.out.X, s.out.Y, 65535, k) {
					if g != v {
						t.Fatalf("kernel %d %v to %v: pixel %d of a constant %d is %d", k, s.in, s.out, i, v, g)
					}
				}
			}
		}
	}
}

func TestOvershootIsClipped(t *testing.T) {
	src := []uint16{0, 0, 255, 255, 0, 0} // a cubic kernel rings beside the edges
	for i, v := range Gray(src, 6, 1, 60, 1, 255, Cubic) {
		if v > 255 {
			t.Errorf("pixel %d is %d", i, v)
		}
	}
}

func TestResultDoesNotDependOnCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	src := noise(101, 103, 65535)
	for k := range kernels {
		runtime.GOMAXPROCS(1)
		want := Gray(src, 101, 103, 47, 53, 65535, k)
		runtime.GOMAXPROCS(5)
		if !slices.Equal(Gray(src, 101, 103, 47, 53, 65535, k), want) {
			t.Errorf("kernel %d: five cores differ from one", k)
		}
	}
}

func BenchmarkGray(b *testing.B) {
	const width, height = 2048, 2500
	src := noise(width, height, 65535)
	for _, k := range []Kernel{Area, Bilinear, Cubic, LegacyBilinear} {
		for _, side := range []int{224, 1024} {
			b.Run(fmt.Sprintf("kernel=%d/side=%d", k, side), func(b *testing.B) {
				b.SetBytes(2 * width * height)
				b.ReportAllocs()
				for b.Loop() {
					Gray(src, width, height, side, side, 65535, k)
				}
			})
		}
	}
}

// Vectors round as Go does, bit for bit, at every length.
func TestBlendOfVectors(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for n := range 100 {
		row, w := noise(n, 1, 65535), rng.Float32()-0.3
		got, want := make([]float32, n), make([]float32, n)
		for i := range got {
			got[i] = 1e5 * (rng.Float32() - 0.5)
			want[i] = got[i] + float32(float32(row[i])*w)
		}
		start := slices.Clone(got)
		done := blendVectors(got, row, w)
		if done > n || done%16 != 0 || !slices.Equal(got[:done], want[:done]) || !slices.Equal(got[done:], start[done:]) {
			t.Fatalf("%d of %d values: %v, want %v", done, n, got, want)
		}
	}
}
