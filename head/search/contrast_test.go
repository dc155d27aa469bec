package search_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head/search"
)

// By hand: cosines 0.8 and 0.6, scale 10, bias -7.
func TestContrast(t *testing.T) {
	film, a, b := tokens(2, 3, 4), text(0, 2), text(5, 0)
	c := search.Contrast{Scale: 10, Bias: -7}
	p, err := c.Sigmoid(film, a)
	if want := 1 / (1 + math.Exp(-1)); err != nil || math.Abs(p-want) > 1e-12 {
		t.Errorf("%v (%v), want %v", p, err, want)
	}
	ps, err := c.Softmax(film, a, b)
	if want := math.Exp(2) / (1 + math.Exp(2)); err != nil || math.Abs(ps[0]-want) > 1e-12 || math.Abs(ps[0]+ps[1]-1) > 1e-12 {
		t.Errorf("%v (%v), want %v first", ps, err, want)
	}
	if ps, err := (search.Contrast{Scale: 1e6}).Softmax(film, a, b); err != nil || ps[0] != 1 || ps[1] != 0 {
		t.Errorf("a large scale: %v (%v)", ps, err)
	}
	for _, bad := range []search.Contrast{{}, {Scale: -1}, {Scale: math.NaN()}, {Scale: 1, Bias: math.Inf(1)}} {
		if _, err := bad.Sigmoid(film, a); !errors.Is(err, cxr.ErrUnsupported) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if _, err := c.Softmax(film); err == nil {
		t.Error("no texts are taken")
	}
	if _, err := c.Sigmoid(film, text(1, 2, 3)); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("another dimension: %v", err)
	}
}

func TestAverageIsOfDirections(t *testing.T) {
	m, err := search.Average(text(0, 10), text(1, 0))
	if err != nil || math.Abs(float64(m.Values[0])-0.5) > 1e-7 || math.Abs(float64(m.Values[1])-0.5) > 1e-7 {
		t.Errorf("%v (%v)", m, err)
	}
	if _, err := search.Average(); err == nil {
		t.Error("nothing has an average")
	}
	if _, err := search.Average(text(0, 0)); !errors.Is(err, cxr.ErrEmbedding) {
		t.Errorf("no direction: %v", err)
	}
	if _, err := search.Average(text(0, 1), text(0, 1, 2)); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("two spaces: %v", err)
	}
}

func TestPlacesAreCosinesOfTokens(t *testing.T) {
	got, err := search.Places(tokens(2, 3, 4, -1, 0, 0, 0), text(2, 0))
	if err != nil || len(got) != 3 || math.Abs(got[0]-0.6) > 1e-12 || got[1] != -1 || got[2] != 0 {
		t.Errorf("%v (%v)", got, err)
	}
}
