package dicomconv_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// Google's own tests expect these means of its two fixtures, within 0.0005.
func TestGooglesFixturesHaveTheirMeans(t *testing.T) {
	for name, want := range map[string]float64{"fake.dcm": 72.5136, "fake.png": 75.4108} {
		b := read(t, shared(t, "..", "upstream", name))
		for _, recipe := range []string{cxr.Upstream, cxr.HAIDEF, cxr.MedSigLIP} {
			m, err := dicomconv.New(&dicomconv.Options{Recipe: recipe}).Normalize(bytes.NewReader(b))
			if err != nil {
				t.Errorf("%s by %s: %v", name, recipe, err)
				continue
			}
			total := 0.0
			for _, v := range m.Pix {
				total += float64(v)
			}
			if mean := total / float64(len(m.Pix)); math.Abs(mean-want) > 0.0005 {
				t.Errorf("%s by %s: mean %.4f, want %.4f", name, recipe, mean, want)
			}
		}
	}
}

// The pixels are those of Pillow 9.4: np.asarray(Image.open(name).convert("L")).
func TestPNGFilesByUpstreamAreThoseOfPillow(t *testing.T) {
	for name, want := range map[string]string{
		"fake.png":   "a46e99e1eed0d66c9d48c7149c19dc993178593798be903cf43c0632a33ebe69", // 16 bits
		"random.png": "59ccc08dd02901bbced33a91c7a20dd1bdd199ec3f816376bef49014046c9694", // 8 bits
	} {
		m, err := dicomconv.New(&dicomconv.Options{Recipe: cxr.Upstream}).Normalize(bytes.NewReader(read(t, shared(t, "..", "upstream", name))))
		if err != nil {
			t.Fatal(err)
		}
		if sum(littleEndian(m)) != want {
			t.Errorf("%s: pixels differ from Pillow's", name)
		}
	}
}
