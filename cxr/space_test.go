package cxr_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
)

func TestSpacesSayWhichFieldDiffers(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	s := cxr.Space{Model: "m", Digest: digest, Recipe: "standard/1", Tokens: 2, Dim: 3}
	if err := s.Match(s); err != nil {
		t.Errorf("a space does not match itself: %v", err)
	}
	for want, change := range map[string]func(*cxr.Space){
		`model "n", want "m"`:                          func(s *cxr.Space) { s.Model = "n" },
		`digest "cdcdcdcdcdcd", want "abababababab"`:   func(s *cxr.Space) { s.Digest = strings.Repeat("cd", 32) },
		`digest "` + digest[:63] + `c", want "`:        func(s *cxr.Space) { s.Digest = digest[:63] + "c" },
		`digest "", want "abababababab"`:               func(s *cxr.Space) { s.Digest = "" },
		`recipe "upstream/1", want "standard/1"`:       func(s *cxr.Space) { s.Recipe = "upstream/1" },
		`shape 2 x 4, want 2 x 3`:                      func(s *cxr.Space) { s.Dim = 4 },
		`shape 3 x 2, want 2 x 3`:                      func(s *cxr.Space) { s.Tokens, s.Dim = 3, 2 },
		`model "n", want "m"; shape 1 x 3, want 2 x 3`: func(s *cxr.Space) { s.Model, s.Tokens = "n", 1 },
	} {
		other := s
		change(&other)
		if err := s.Match(other); !errors.Is(err, cxr.ErrMismatch) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestSpaceOfAFilm(t *testing.T) {
	s := cxr.Space{Model: "m", Tokens: 1, Dim: 2}
	e := &cxr.Embedding{ID: "film", Space: s.For(&cxr.Image{Recipe: "upstream/1"}), Values: []float32{1, 2}}
	if got := e.String(); got != "film: 1 x 2 by m, recipe upstream/1" {
		t.Error(got)
	}
	if err := e.Check(s); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("a film of another recipe: %v", err)
	}
	if err := e.Check(e.Space); err != nil {
		t.Error(err)
	}
}
