package pages

import "testing"

func TestZeros(t *testing.T) {
	for _, n := range []int{0, 1, 1000, worth / 4, 3 << 20} {
		s := Zeros[float32](n)
		if len(s) != n {
			t.Fatalf("%d values, want %d", len(s), n)
		}
		for i, v := range s {
			if v != 0 {
				t.Fatalf("value %d of %d is %v", i, n, v)
			}
			s[i] = 1
		}
	}
	if s := Zeros[int8](1 << 20); len(s) != 1<<20 {
		t.Errorf("%d bytes", len(s))
	}
}
