package untrained

import "testing"

func TestModelRefusesWhatIsNone(t *testing.T) {
	if _, err := Model([]byte{0x3a, 0x05, 1}); err == nil {
		t.Error("a cut message is accepted")
	}
}
