package dicomconv_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// shared is a path below the folder of films that every developer and CI have
// beside the project, and the public tree does not.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := filepath.Join("..", "..", "shared", "dicom")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no shared films beside the project")
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

type entry struct {
	Path     string
	Syntax   string `json:"transfer_syntax"`
	Upstream *struct {
		Sum string `json:"sha256_little_endian"`
	}
	Stored string `json:"stored_values_sha256_little_endian"`
}

func manifest(t testing.TB) []entry {
	t.Helper()
	b, err := os.ReadFile(shared(t, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var entries []entry
	if err := json.Unmarshal(b, &entries); err != nil {
		t.Fatal(err)
	}
	return entries
}

// littleEndian is the pixels as the manifest's sums are of.
func littleEndian(m *cxr.Image) []byte {
	var b bytes.Buffer
	for _, v := range m.Pix {
		b.WriteByte(byte(v))
		if m.Depth == 16 {
			b.WriteByte(byte(v >> 8))
		}
	}
	return b.Bytes()
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestUpstreamPixelsAreThoseOfGooglesClient(t *testing.T) {
	c := dicomconv.New(&dicomconv.Options{Recipe: dicomconv.Upstream, Views: dicomconv.ViewsAny})
	equal := 0
	for _, e := range manifest(t) {
		if e.Upstream == nil {
			continue
		}
		m, err := c.Normalize(bytes.NewReader(read(t, shared(t, e.Path))))
		if errors.Is(err, cxr.ErrUnsupported) {
			t.Logf("%s: %v", e.Path, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", e.Path, err)
			continue
		}
		if got := sum(littleEndian(m)); got != e.Upstream.Sum {
			t.Errorf("%s (%s): pixels differ from upstream's", e.Path, e.Syntax)
			continue
		}
		equal++
	}
	t.Logf("%d films equal", equal)
}
