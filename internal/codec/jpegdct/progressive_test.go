package jpegdct

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

// Progressive streams and the hashes of libjpeg-turbo's samples, 16-bit little
// endian; see testdata/make.py.
func progressive(t testing.TB) (streams map[string][]byte, shapes map[string]codec.Shape, sums map[string]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors map[string]struct {
		Width, Height, Components int
		SHA256                    string
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	streams, shapes, sums = map[string][]byte{}, map[string]codec.Shape{}, map[string]string{}
	for name, v := range vectors {
		if streams[name], err = os.ReadFile("testdata/" + name + ".jpg"); err != nil {
			t.Fatal(err)
		}
		shapes[name], sums[name] = codec.Shape{Width: v.Width, Height: v.Height, Components: v.Components}, v.SHA256
	}
	return streams, shapes, sums
}

func TestProgressiveSamplesEqualLibjpegs(t *testing.T) {
	streams, shapes, sums := progressive(t)
	for name, data := range streams {
		f, err := Decode(data, shapes[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var b []byte
		for _, v := range f.Pix {
			b = binary.LittleEndian.AppendUint16(b, v)
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != sums[name] {
			t.Errorf("%s: other samples than libjpeg's", name)
		}
	}
}

func TestProgressiveStreamsThatAreCut(t *testing.T) {
	streams, shapes, _ := progressive(t)
	for name, data := range streams {
		for n := range len(data) - 2 {
			if _, err := Decode(data[:n], shapes[name]); err == nil {
				t.Errorf("%s: the first %d of %d bytes decoded", name, n, len(data))
				break
			}
		}
	}
}

// Thousands of scans of a few bytes each, over a large frame.
func TestScansWithoutEndAreRefused(t *testing.T) {
	const side = 4096
	head := []byte{0xFF, 0xD8, 0xFF, 0xC2, 0, 11, 8, side >> 8, 0, side >> 8, 0, 1, 1, 0x11, 0}
	head = append(head, 0xFF, 0xDB, 0, 67, 0)
	head = append(head, bytes.Repeat([]byte{1}, 64)...)
	table := func(class byte, symbol byte) []byte {
		return append(append([]byte{0xFF, 0xC4, 0, 20, class << 4}, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), symbol)
	}
	head = append(append(head, table(0, 0)...), table(1, 0xE0)...) // blocks without difference; bands that end for 2^14 blocks and more
	scan := func(ss, se, a byte) []byte { return []byte{0xFF, 0xDA, 0, 8, 1, 1, 0, ss, se, a} }
	dc := append(scan(0, 0, 0), make([]byte, side*side/64/8)...)
	ac := func(k, a byte) []byte { return append(scan(k, k, a), make([]byte, 64)...) }
	data := append(bytes.Clone(head), dc...)
	for range 5000 {
		data = append(data, ac(1, 0)...)
	}
	refuse := func(name string, data []byte, want error) {
		t.Helper()
		start := time.Now()
		_, err := Decode(append(data, 0xFF, 0xD9), codec.Shape{Width: side, Height: side, Components: 1})
		if !errors.Is(err, want) || time.Since(start) > 2*time.Second && !testing.Short() { // -short is for slow machines
			t.Errorf("%s: error %v after %v, want %v", name, err, time.Since(start), want)
		}
	}
	refuse("the same coefficient again and again", data, cxr.ErrCorrupt)
	data = append(bytes.Clone(head), dc...)
	for k := byte(1); k < 64; k++ {
		data = append(data, ac(k, 1)...)
	}
	for k := byte(1); k < 64; k++ {
		data = append(data, ac(k, 1<<4)...)
	}
	refuse("each coefficient alone, in two scans", data, cxr.ErrTooLarge)
}
