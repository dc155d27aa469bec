package search

import (
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/logistic"
)

// A Contrast makes probabilities of cosines, as the model was trained to: cosines
// are multiplied by Scale, and Bias is added. Scale is exp of the parameter
// logit_scale (or "temperature") of CLIP and SigLIP models, Bias is logit_bias of
// SigLIP's.
type Contrast struct{ Scale, Bias float64 }

// Sigmoid is SigLIP's probability, 0..1, that a text belongs to a film, each text
// for itself. Of several phrasings of a text give the [Average].
func (c Contrast) Sigmoid(film, text *cxr.Embedding) (float64, error) {
	z, err := c.logit(film, text)
	return 1 / (1 + math.Exp(-z)), err
}

// Softmax is CLIP's probability of each of several texts, of which one belongs to
// the film: they add up to 1.
func (c Contrast) Softmax(film *cxr.Embedding, texts ...*cxr.Embedding) ([]float64, error) {
	if len(texts) == 0 {
		return nil, fmt.Errorf("search: softmax: no texts")
	}
	out := make([]float64, len(texts))
	for i, text := range texts {
		z, err := c.logit(film, text)
		if err != nil {
			return nil, err
		}
		out[i] = z
	}
	logistic.Softmax(out)
	return out, nil
}

func (c Contrast) logit(film, text *cxr.Embedding) (float64, error) {
	if !(c.Scale > 0) || math.IsInf(c.Scale, 0) || c.Bias-c.Bias != 0 {
		return 0, fmt.Errorf("search: %w: contrast of scale %v and bias %v, want a positive scale", cxr.ErrUnsupported, c.Scale, c.Bias)
	}
	s, err := Similarity(film, text)
	return c.Scale*s + c.Bias, err
}

// Average is one embedding for several phrasings of a text, of one space: the mean
// of their directions, each as long as the others, as CLIP's prompts are averaged.
func Average(texts ...*cxr.Embedding) (*cxr.Embedding, error) {
	if len(texts) == 0 {
		return nil, fmt.Errorf("search: average: no texts")
	}
	for i, text := range texts {
		if err := text.Check(texts[0].Space); err != nil {
			return nil, fmt.Errorf("search: average: text %d: %w", i, err)
		}
	}
	sums := make([]float64, len(texts[0].Values))
	for i, text := range texts {
		var squares float64
		for _, v := range text.Values {
			squares += float64(v) * float64(v)
		}
		if squares == 0 {
			return nil, fmt.Errorf("search: average: %w: text %d has no direction", cxr.ErrEmbedding, i)
		}
		for j, v := range text.Values {
			sums[j] += float64(v) / math.Sqrt(squares)
		}
	}
	out := &cxr.Embedding{ID: texts[0].ID, Space: texts[0].Space}
	for _, v := range sums {
		out.Values = append(out.Values, float32(v/float64(len(texts))))
	}
	return out, nil
}

// Places is the cosine, -1..1, of a text with each token of a film: a map of where
// the film looks like what the text says, if the tokens are places and the model
// was trained to put places and texts into one space.
func Places(film, text *cxr.Embedding) ([]float64, error) {
	if _, err := Similarity(film, text); err != nil {
		return nil, err
	}
	out := make([]float64, film.Tokens)
	for i := range out {
		out[i] = cosine(film.Token(i), text.Values)
	}
	return out, nil
}
