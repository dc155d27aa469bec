package vertex

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Scale makes probabilities of MedSigLIP's cosines. Its numbers come with
// each answer as model_temperature and model_bias.
type Scale struct{ Temperature, Bias float64 }

// Probability that a text describes a film, 0..1, as SigLIP was trained to give
// it (Zhai et al. 2023): sigmoid(exp(Temperature)*cosine + Bias). Both must be
// MedSigLIP's, 1 x 1152. Each pair of film and text stands alone: the
// probabilities of several texts need not sum to 1, and none is calibrated on
// films of yours.
func (s Scale) Probability(film, text *cxr.Embedding) (float64, error) {
	for _, e := range []*cxr.Embedding{film, text} {
		if err := e.Validate(); err != nil {
			return 0, fmt.Errorf("vertex: %w", err)
		}
	}
	if film.Model != text.Model || film.Tokens != 1 || text.Tokens != 1 || film.Dim != text.Dim {
		return 0, fmt.Errorf("vertex: %w: film of %d x %d by %q beside text of %d x %d by %q, want one model's of one token each",
			cxr.ErrMismatch, film.Tokens, film.Dim, film.Model, text.Tokens, text.Dim, text.Model)
	}
	var ft, ff, tt float64
	for i, v := range film.Values {
		x, y := float64(v), float64(text.Values[i])
		ft, ff, tt = ft+x*y, ff+x*x, tt+y*y
	}
	if ff == 0 || tt == 0 {
		return 0, fmt.Errorf("vertex: %w: an embedding of length 0 has no direction", cxr.ErrEmbedding)
	}
	z := math.Exp(s.Temperature)*(ft/math.Sqrt(ff)/math.Sqrt(tt)) + s.Bias
	if z < 0 {
		e := math.Exp(z)
		return e / (1 + e), nil
	}
	return 1 / (1 + math.Exp(-z)), nil
}

// Scale is what MedSigLIP's answers to this client say of it. Before the first
// answer, with other protocols, and if answers say nothing of it, ok is false.
func (c *Client) Scale() (s Scale, ok bool) {
	c.scale.mu.Lock()
	defer c.scale.mu.Unlock()
	return c.scale.value, c.scale.known
}

// A scaleKeeper holds the Scale of a client's answers.
type scaleKeeper struct {
	mu    sync.Mutex
	value Scale
	known bool
}

var errOtherScale = errors.New("vertex: the endpoint's model has changed its temperature or bias: its embeddings do not go with earlier ones; open another client for it")

// read takes the scale of an answer. Another one than before is another model's.
func (k *scaleKeeper) read(prediction []byte) error {
	var s Scale
	for name, to := range map[string]*float64{"model_temperature": &s.Temperature, "model_bias": &s.Bias} {
		v, err := member(prediction, name)
		if err != nil {
			return err
		}
		if v == nil {
			return nil
		}
		n, kind, size := protowire.ConsumeTag(v)
		if size < 0 || n != numberValue || kind != protowire.Fixed64Type || len(v) != size+8 {
			return corrupt("has a %s that is no number", name)
		}
		bits, _ := protowire.ConsumeFixed64(v[size:])
		if *to = math.Float64frombits(bits); math.IsNaN(*to) || math.IsInf(*to, 0) {
			return corrupt("has a %s that is not finite", name)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known && k.value != s {
		return errOtherScale
	}
	k.value, k.known = s, true
	return nil
}
