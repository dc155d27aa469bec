package head

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A Novelty tells how unlike the films of a dataset another film is. It is
// immutable.
//
// It sees what the embedding sees: another hospital, another device or another
// age makes films more unlike than most diseases do. A film that is unlike is a
// reason not to trust a head about it; one that is not is no reason to.
type Novelty struct {
	space   cxr.Space
	novelty *stats.Novelty
}

// noveltyDirections are kept apart; in all others films vary alike.
const noveltyDirections = 64

// noveltyFilms are the most whose distances are kept: enough for percentiles.
const noveltyFilms = 1001

// NewNovelty learns from films, of at least two patients, whatever their labels
// and weights: Mahalanobis' distance with a covariance shrunken after Ledoit and
// Wolf (2004).
func NewNovelty(d *Dataset) (*Novelty, error) {
	space, err := d.Check()
	if err != nil {
		return nil, err
	}
	n, err := stats.NewNovelty(d.Features(), d.patientOf(), noveltyDirections)
	if err != nil {
		return nil, fmt.Errorf("head: novelty: %w", err)
	}
	n.Distances = thin(n.Distances, noveltyFilms)
	return &Novelty{space, n}, nil
}

// thin keeps so many of ascending values, the first, the last and those evenly
// between.
func thin(values []float64, most int) []float64 {
	if len(values) <= most {
		return values
	}
	out := make([]float64, most)
	for i := range out {
		out[i] = values[i*(len(values)-1)/(most-1)]
	}
	return out
}

// WithNovelty is the model with what tells how unlike its training films a film
// is, which is saved with it. n must be of films in the model's space.
func (m *Model) WithNovelty(n *Novelty) (*Model, error) {
	s := m.Spec()
	s.Novelty = n
	return NewModel(s)
}

// Novelty is what [Model.WithNovelty] gave the model, or nil.
func (m *Model) Novelty() *Novelty { return m.spec.Novelty }

// numbers are the lists that a model file holds.
func (n *Novelty) numbers() []*[]float64 {
	return []*[]float64{&n.novelty.Mean, &n.novelty.Directions, &n.novelty.Variance, &n.novelty.Distances}
}

// check reports what does not fit a head on embeddings of space.
func (n *Novelty) check(space cxr.Space) error {
	if err := n.space.Match(space); err != nil {
		return err
	}
	positive := func(values []float64) bool {
		return finite(values) && !slices.ContainsFunc(values, func(v float64) bool { return v <= 0 })
	}
	v := n.novelty
	switch directions := len(v.Variance) - 1; {
	case directions < 0 || len(v.Mean) != space.Dim || len(v.Directions) != directions*space.Dim || len(v.Distances) == 0:
		return errors.New("lists of other lengths than belong together")
	case !finite(v.Mean) || !finite(v.Directions) || !positive(v.Variance) || !finite(v.Distances):
		return errors.New("numbers that are not finite, or variances that are not positive")
	case !slices.IsSorted(v.Distances):
		return errors.New("distances that do not ascend")
	}
	return nil
}

// Percentile is the share of the dataset's films, 0..1, that lie nearer to the
// films of other patients than this film does: 0.5 is usual, 0.99 is rare.
func (n *Novelty) Percentile(e *cxr.Embedding) (float64, error) {
	if err := e.Check(n.space); err != nil {
		return 0, fmt.Errorf("head: %w", err)
	}
	return n.novelty.Percentile(features(e)), nil
}
