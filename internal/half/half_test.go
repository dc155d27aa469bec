package half

import (
	"math"
	"testing"
)

func TestKnownNumbers(t *testing.T) {
	for h, want := range map[uint16]float32{0x3c00: 1, 0xc000: -2, 0x3555: 0.33325195, 1: 5.9604645e-08, 0x03ff: 6.097555e-05, 0x0400: 6.103515625e-05, 0x7bff: Max,
		0x8000: float32(math.Copysign(0, -1)), 0x7c00: float32(math.Inf(1)), 0xfc00: float32(math.Inf(-1))} {
		if got := Float32(h); math.Float32bits(got) != math.Float32bits(want) {
			t.Errorf("%#x is %v, want %v", h, got, want)
		}
		if got := From(want); got != h {
			t.Errorf("%v is %#x, want %#x", want, got, h)
		}
	}
	if got := Float32(0x7e00); got == got || From(got) != 0x7e00 {
		t.Errorf("not a number: %v", got)
	}
	for v, want := range map[float32]uint16{65519: 0x7bff, 65520: 0x7c00, 1e30: 0x7c00, 2.9e-8: 0, 1e-40: 0} {
		if got := From(v); got != want {
			t.Errorf("%v is %#x, want %#x", v, got, want)
		}
	}
}

// Many at once are as one by one.
func TestFloats(t *testing.T) {
	src := make([]byte, 2<<16)
	for i := range 1 << 16 {
		src[2*i], src[2*i+1] = byte(i), byte(i>>8)
	}
	dst := make([]float32, 1<<16)
	Floats(dst, src)
	for i, got := range dst {
		if want := Float32(uint16(i)); math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("%#x is %v, want %v", i, got, want)
		}
	}
}

// Each is itself, and between two neighbors the nearer is taken.
func TestRounding(t *testing.T) {
	for h := uint16(0); h < 0x7bff; h++ {
		low, high := Float32(h), Float32(h+1)
		middle := (low + high) / 2 // exact: float32 has room
		for v, want := range map[float32]uint16{low: h, middle: h + h&1, math.Nextafter32(middle, low): h, math.Nextafter32(middle, high): h + 1} {
			if got := From(v); got != want || From(-v) != want|0x8000 {
				t.Fatalf("%v: %#x, want %#x", v, got, want)
			}
		}
	}
}
