package search

import (
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
)

// Similarity is the largest cosine, -1..1, between a token of a film's
// contrastive embedding and a text's: ELIXR's 32 x 128 beside 1 x 128. Both
// must come from models of one space, which names cannot tell; only the
// dimension is checked.
func Similarity(film, text *cxr.Embedding) (float64, error) {
	if err := film.Validate(); err != nil {
		return 0, fmt.Errorf("search: film: %w", err)
	}
	if err := text.Validate(); err != nil {
		return 0, fmt.Errorf("search: text: %w", err)
	}
	if text.Tokens != 1 || film.Dim != text.Dim {
		return 0, fmt.Errorf("search: %w: film of %d x %d beside text of %d x %d, want 1 token and one dimension",
			cxr.ErrMismatch, film.Tokens, film.Dim, text.Tokens, text.Dim)
	}
	best := math.Inf(-1)
	for i := range film.Tokens {
		best = max(best, cosine(film.Token(i), text.Values))
	}
	return best, nil
}

// cosine of the angle between two vectors; 0 if one has no length.
func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i, v := range a {
		x, y := float64(v), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return min(max(ab/math.Sqrt(aa)/math.Sqrt(bb), -1), 1)
}

// ZeroShot scores a finding without training: the mean [Similarity] to phrases
// for it, less the mean similarity to phrases against it, -2..2. With one phrase
// each ("small pneumothorax", "no pneumothorax") it is the score of CXR
// Foundation's notebooks. It ranks films; it is no probability.
func ZeroShot(film *cxr.Embedding, positive, negative []*cxr.Embedding) (float64, error) {
	p, err := meanSimilarity(film, positive)
	if err != nil {
		return 0, err
	}
	n, err := meanSimilarity(film, negative)
	if err != nil {
		return 0, err
	}
	return p - n, nil
}

func meanSimilarity(film *cxr.Embedding, texts []*cxr.Embedding) (float64, error) {
	if len(texts) == 0 {
		return 0, fmt.Errorf("search: zero-shot: no phrase for or against the finding")
	}
	var sum float64
	for _, text := range texts {
		s, err := Similarity(film, text)
		if err != nil {
			return 0, err
		}
		sum += s
	}
	return sum / float64(len(texts)), nil
}
