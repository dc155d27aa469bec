package show_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/examples/notebook/show"
)

func normalize(t *testing.T, f show.Phantom, o *dicomconv.Options) *cxr.Image {
	t.Helper()
	file, err := f.DICOM()
	if err != nil {
		t.Fatal(err)
	}
	m, err := dicomconv.New(o).Normalize(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mean(m *cxr.Image) float64 {
	sum := 0.0
	for _, v := range m.Pix {
		sum += float64(v)
	}
	return sum / float64(len(m.Pix)) / float64(m.Max())
}

// Every field of a Phantom changes what the film's readers see, in the way that the
// notebook on DICOM tells.
func TestPhantomsAreAsTheirFieldsSay(t *testing.T) {
	film := show.Phantom{Seed: 3, Size: 64, Centers: []float64{2000, 1200}, Widths: []float64{3400, 2000}}
	plain := mean(normalize(t, film, nil))
	if bright := mean(normalize(t, film, &dicomconv.Options{VOI: 1})); bright <= plain {
		t.Errorf("the lung window is darker: %.3f, the whole %.3f", bright, plain)
	}
	inverted := film
	inverted.Inverted, inverted.Centers, inverted.Widths = true, []float64{4095 - 2000}, []float64{3400}
	if got := mean(normalize(t, inverted, nil)); got < plain-0.01 || got > plain+0.01 {
		t.Errorf("MONOCHROME1 has mean %.3f, the same in MONOCHROME2 %.3f", got, plain)
	}
	lut := film
	lut.LUT = true
	if a, b := mean(normalize(t, lut, nil)), mean(normalize(t, lut, &dicomconv.Options{VOI: 1})); a == b || b != plain {
		t.Errorf("by the LUT %.3f, by the window after it %.3f, without a LUT %.3f", a, b, plain)
	}
	dim := film
	dim.Exposure = 0.3
	if got := mean(normalize(t, dim, nil)); got >= plain {
		t.Errorf("a third of the exposure gives mean %.3f, all of it %.3f", got, plain)
	}
	upstream := &dicomconv.Options{Recipe: cxr.Upstream}
	wide := dim
	wide.Centers, wide.Widths = []float64{2048}, []float64{4096}
	marked := wide
	marked.Marker = true
	if a, b := mean(normalize(t, wide, upstream)), mean(normalize(t, marked, upstream)); b > a/2 {
		t.Errorf("by Upstream a marker changes mean %.3f to %.3f only", a, b)
	}
	sick := film
	sick.Finding = "effusion"
	if mean(normalize(t, sick, nil)) == plain {
		t.Error("an effusion changes nothing")
	}
	lateral := film
	lateral.View = "LL"
	if m := normalize(t, lateral, &dicomconv.Options{Views: dicomconv.ViewsAny}); m.View != cxr.ViewLateral {
		t.Errorf("view %v", m.View)
	}
	for what, bad := range map[string]show.Phantom{
		"an unknown finding":     {Finding: "fracture"},
		"windows without widths": {Centers: []float64{1}},
		"too much exposure":      {Exposure: 2},
		"an exposure of NaN":     {Exposure: math.NaN()},
	} {
		if _, err := bad.DICOM(); err == nil {
			t.Errorf("no error for %s", what)
		}
	}
}
