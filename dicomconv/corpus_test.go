package dicomconv_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// shared is a path below the folder of films that every developer and CI have
// beside the project, and the public tree does not. With -short, for the race
// detector, its tests are left out: they are of arithmetic.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no shared films")
	}
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

// The manifest has no exception: every sum is reached.
func TestUpstreamPixelsAreThoseOfGooglesClient(t *testing.T) {
	t.Parallel()
	c := dicomconv.New(&dicomconv.Options{Recipe: cxr.Upstream, Views: dicomconv.ViewsAny})
	films := 0
	for _, e := range manifest(t) {
		if e.Upstream == nil {
			continue
		}
		films++
		m, err := c.Normalize(bytes.NewReader(read(t, shared(t, e.Path))))
		if err != nil {
			t.Errorf("%s: %v", e.Path, err)
			continue
		}
		if got := sum(littleEndian(m)); got != e.Upstream.Sum {
			t.Errorf("%s (%s): pixels differ from upstream's", e.Path, e.Syntax)
		}
	}
	if films != 95 {
		t.Errorf("%d films compared, want 95", films)
	}
}

func TestStoredValuesAreThoseOfTheReferences(t *testing.T) {
	t.Parallel()
	films := 0
	for _, e := range manifest(t) {
		if e.Stored == "" {
			continue
		}
		films++
		values, err := dicomconv.StoredValues(read(t, shared(t, e.Path)))
		if err != nil {
			t.Errorf("%s: %v", e.Path, err)
			continue
		}
		if sum(values) != e.Stored {
			t.Errorf("%s (%s): stored values differ", e.Path, e.Syntax)
		}
	}
	if films != 93 {
		t.Errorf("%d films compared, want 93", films)
	}
}

// Two films have been stored in every transfer syntax.
func TestLosslessTwinsAreTheSameFilm(t *testing.T) {
	t.Parallel()
	for film, syntaxes := range map[string][]string{
		"NIHtest2_M2_8bit": {"EVLE", "IVLE", "EVBE", "Deflated", "RLE", "JPEGllP14", "JPEGllSV1", "JPEGLSll", "J2Kll"},
		"gdcmCR_M1_10bit":  {"EVLE", "IVLE", "EVBE", "Deflated", "RLE", "JPEGllP14", "JPEGllSV1", "JPEGLSll", "J2Kll"},
	} {
		var stored, standard []byte
		for i, syntax := range syntaxes {
			b := read(t, shared(t, "chest_transcoded", film+"_"+syntax+".dcm"))
			values, err := dicomconv.StoredValues(b)
			if err != nil {
				t.Errorf("%s %s: %v", film, syntax, err)
				continue
			}
			m, err := dicomconv.New(nil).Normalize(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				stored, standard = values, littleEndian(m)
			}
			if !bytes.Equal(values, stored) {
				t.Errorf("%s %s: stored values differ from those uncompressed", film, syntax)
			}
			if !bytes.Equal(littleEndian(m), standard) {
				t.Errorf("%s %s: Standard differs from that of the film uncompressed", film, syntax)
			}
		}
	}
}

// Lossy twins show the same film, by cxr.Standard, within the noise of compression.
func TestLossyTwinsAreTheSameFilmToTheEye(t *testing.T) {
	t.Parallel()
	for film, syntaxes := range map[string][]string{
		"NIHtest2_M2_8bit": {"JPEGbase", "JPEGLSnear", "J2Klossy"},
		"gdcmCR_M1_10bit":  {"JPEGLSnear", "J2Klossy"}, // JPEGext12 has another window
	} {
		original := normalizeFile(t, shared(t, "chest_transcoded", film+"_EVLE.dcm"))
		for _, syntax := range syntaxes {
			m := normalizeFile(t, shared(t, "chest_transcoded", film+"_"+syntax+".dcm"))
			var difference float64
			for i := range m.Pix {
				difference += math.Abs(float64(m.Pix[i]) - float64(original.Pix[i]))
			}
			if difference /= float64(len(m.Pix)); difference > 655 {
				t.Errorf("%s %s: mean difference %.0f of 65535", film, syntax, difference)
			}
		}
	}
}

func normalizeFile(t *testing.T, path string) *cxr.Image {
	t.Helper()
	m, err := dicomconv.New(nil).Normalize(bytes.NewReader(read(t, path)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}

func TestChestFilmsConvert(t *testing.T) {
	t.Parallel()
	wants := map[string]error{"dx966_truncated_j2k_lossless.dcm": cxr.ErrCorrupt}
	files, err := os.ReadDir(shared(t, "chest"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		_, err := dicomconv.New(nil).Normalize(bytes.NewReader(read(t, shared(t, "chest", f.Name()))))
		if want := wants[f.Name()]; !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", f.Name(), err, want)
		}
	}
}
