package vertex_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
)

func TestProbability(t *testing.T) {
	c, _ := client(t, vertex.MedSigLIP, nil, nil)
	if s, ok := c.Scale(); ok {
		t.Errorf("scale %v before the first answer", s)
	}
	f, err := c.Embed(t.Context(), film(c.Space(), 1))
	if err != nil {
		t.Fatal(err)
	}
	words, err := c.EmbedText(t.Context(), "effusion")
	if err != nil {
		t.Fatal(err)
	}
	s, ok := c.Scale()
	if !ok || s != (vertex.Scale{Temperature: vertextest.Temperature, Bias: vertextest.Bias}) {
		t.Fatalf("scale %v, %v", s, ok)
	}
	var ft, ff, tt float64
	for i, v := range f[0].Values {
		w := words[0].Values[i]
		ft, ff, tt = ft+float64(v)*float64(w), ff+float64(v)*float64(v), tt+float64(w)*float64(w)
	}
	want := 1 / (1 + math.Exp(-(10*ft/math.Sqrt(ff*tt) - 10))) // e^Temperature is 10
	if p, err := s.Probability(f[0], words[0]); err != nil || math.Abs(p-want) > 1e-12 {
		t.Errorf("probability %v, want %v, error %v", p, want, err)
	}
	// Published numbers of a trained model (google/siglip-base-patch16-224:
	// logit_scale 4.7654, bias -12.9322): a film beside itself.
	if p, err := (vertex.Scale{Temperature: 4.7654, Bias: -12.9322}).Probability(f[0], f[0]); err != nil || p < 1-1e-12 || p > 1 {
		t.Errorf("probability %v, error %v", p, err)
	}
	for _, bad := range []*cxr.Embedding{
		{Space: cxr.Space{Model: "another", Tokens: 1, Dim: 1152}, Values: f[0].Values},
		{Space: cxr.Space{Model: f[0].Model, Tokens: 1, Dim: 2}, Values: []float32{1, 2}},
		{Space: cxr.Space{Model: f[0].Model, Tokens: 1152, Dim: 1}, Values: f[0].Values},
	} {
		if _, err := s.Probability(f[0], bad); !errors.Is(err, cxr.ErrMismatch) {
			t.Errorf("error %v", err)
		}
	}
	for _, bad := range []*cxr.Embedding{nil, {Space: cxr.Space{Model: f[0].Model, Tokens: 1, Dim: 1152}, Values: make([]float32, 1152)}} {
		if _, err := s.Probability(f[0], bad); err == nil {
			t.Error("no error")
		}
	}
	for _, protocol := range []vertex.Protocol{vertex.V1, vertex.HAIDEF} {
		c, _ := client(t, protocol, nil, nil)
		if _, err := c.Embed(t.Context(), film(c.Space(), 1)); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Scale(); ok {
			t.Errorf("%s has a scale", protocol)
		}
	}
}
