package untrained

import "testing"

func TestHalf(t *testing.T) {
	for v, want := range map[float32]uint16{0: 0, 1: 0x3c00, -2: 0xc000, 0.5: 0x3800, 65504: 0x7bff, 0.333251953125: 0x3555, 1e-6: 0} {
		if got := half(v); got != want {
			t.Errorf("half(%v) = %#04x, want %#04x", v, got, want)
		}
	}
}

func TestModelRefusesWhatIsNone(t *testing.T) {
	if _, err := Model([]byte{0x3a, 0x05, 1}); err == nil {
		t.Error("a cut message is accepted")
	}
}
