package j2k

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/internal/codec"
)

// The last level in one go is the wavelet, then the samples.
func TestLastLevelInOneGo(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{1, 2}, {2, 2}, {3, 2}, {2, 3}, {5, 7}, {64, 63}, {33, 64}, {17, 65}, {70, 66}, {9, 128}, {31, 129}, {300, 257}} {
		for _, origin := range [][2]int{{0, 0}, {1, 0}, {0, 1}, {3, 5}} {
			for _, signed := range []bool{false, true} {
				area := rectangle{origin[0], origin[1], origin[0] + size[0], origin[1] + size[1]}
				low := reduce(area, 1)
				c := &tileComponent{component: component{precision: 12, signed: signed, dx: 1, dy: 1}, coding: &coding{reversible: true}, area: area}
				p := plane{area: area, ints: make([]int32, size[0]*size[1])}
				for i := range p.ints {
					p.ints[i] = rng.Int32N(6000) - 3000
				}
				frame := func() *codec.Frame {
					return &codec.Frame{Shape: codec.Shape{Width: size[0], Height: size[1], Components: 1}, Pix: make([]uint16, size[0]*size[1])}
				}
				got, want := frame(), frame()
				c.store53(got, p, low, area, area)
				w := reversible
				w.inverse(p.ints, size[0], area, low)
				c.storeRows(want, 0, p, area.y0, area.y1, area, area)
				if !slices.Equal(got.Pix, want.Pix) {
					t.Fatalf("%v at %v, signed %v: other samples", size, origin, signed)
				}
			}
		}
	}
}

// Halves go to the even number, as math.RoundToEven has it, and what is beyond any
// sample stays beyond.
func TestNearest(t *testing.T) {
	for v, want := range map[float32]int32{0: 0, 0.5: 0, 1.5: 2, -0.5: 0, -1.5: -2, 2.5: 2, 4095.4: 4095, -32768.6: -32769, 65535.5: 65536, 1e30: 1 << 22, -1e30: -1 << 22, 1 << 23: 1 << 22, -1 << 23: -1 << 22} {
		if got := nearest(v); got != want {
			t.Errorf("%v is %d, want %d", v, got, want)
		}
	}
}

// Memory used again shows nothing of the film before.
func TestNothingOfTheFilmBeforeShows(t *testing.T) {
	const side = 512
	empty := bomb{side, side, 2, 15, 4, 1, 0, 0, make([]byte, 8)}.stream() // no packet tells of a code-block
	for range 3 {
		used := make([]int32, side*side)
		for i := range used {
			used[i] = 777
		}
		intPlanes.put(used)
		f, err := Decode(empty, codec.Shape{Width: side, Height: side, Components: 1})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range f.Pix {
			if v != 1<<15 {
				t.Fatalf("sample %d is %d, want %d", i, v, 1<<15)
			}
		}
	}
}
