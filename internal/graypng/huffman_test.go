package graypng

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// inflated is data through appendBlock and back.
func inflated(t *testing.T, data []byte) []byte {
	t.Helper()
	stream := appendBlock(nil, data)
	stream = append(stream, 0x03, 0x00) // an empty last block
	got, err := io.ReadAll(flate.NewReader(bytes.NewReader(stream)))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBlocksInflateToTheirData(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	random := make([]byte, 100_001)
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	// Counts that grow like Fibonacci numbers make the longest codes.
	var skewed []byte
	for v, a, b := byte(0), 1, 1; v < 26; v, a, b = v+1, b, a+b {
		skewed = append(skewed, bytes.Repeat([]byte{v}, a)...)
	}
	rng.Shuffle(len(skewed), func(i, j int) { skewed[i], skewed[j] = skewed[j], skewed[i] })
	tests := []struct {
		name string
		data []byte
	}{
		{"nothing but one byte", []byte{7}},
		{"one byte repeated", bytes.Repeat([]byte{255}, 1000)},
		{"all bytes alike", random},
		{"codes that would be too long", skewed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !bytes.Equal(inflated(t, test.data), test.data) {
				t.Error("the data changed")
			}
		})
	}
}

func TestCodesAreAsShortAsHuffmans(t *testing.T) {
	freq := histogram([]byte("aaaaaaaabbbbccd")) // and one end of block
	c := newCode(&freq)
	want := map[int]uint8{'a': 1, 'b': 2, 'c': 3, 'd': 4, endOfBlock: 4}
	for s, n := range c.lengths {
		if n != want[s] {
			t.Errorf("symbol %d has %d bits, want %d", s, n, want[s])
		}
	}
}

func TestCodeLengthsAreLimited(t *testing.T) {
	var freq [symbols]int
	for s, a, b := 0, 1, 1; s < 40; s, a, b = s+1, b, a+b {
		freq[s] = a
	}
	freq[endOfBlock] = 1
	c := newCode(&freq)
	if longest := slices.Max(c.lengths[:]); longest > maxLength {
		t.Errorf("a code has %d bits", longest)
	}
	kraft := 0 // 2^maxLength if the code is complete
	for _, n := range c.lengths {
		if n > 0 {
			kraft += 1 << (maxLength - n)
		}
	}
	if kraft != 1<<maxLength {
		t.Errorf("codes fill %d of %d", kraft, 1<<maxLength)
	}
}

func FuzzBlock(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte("a radiograph"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 0 && !bytes.Equal(inflated(t, data), data) {
			t.Error("the data changed")
		}
	})
}
