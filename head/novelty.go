package head

import (
	"fmt"

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

// NewNovelty learns from films, of at least two patients, whatever their labels
// and weights: Mahalanobis' distance with a covariance shrunken after Ledoit and
// Wolf (2004).
func NewNovelty(d *Dataset) (*Novelty, error) {
	space, err := d.Check()
	if err != nil {
		return nil, err
	}
	patient := make([]int, len(d.Examples))
	for p, films := range d.Patients() {
		for _, i := range films {
			patient[i] = p
		}
	}
	n, err := stats.NewNovelty(d.Features(), patient, noveltyDirections)
	if err != nil {
		return nil, fmt.Errorf("head: novelty: %w", err)
	}
	return &Novelty{space, n}, nil
}

// Percentile is the share of the dataset's films, 0..1, that lie nearer to the
// films of other patients than this film does: 0.5 is usual, 0.99 is rare.
func (n *Novelty) Percentile(e *cxr.Embedding) (float64, error) {
	if err := e.Check(n.space); err != nil {
		return 0, fmt.Errorf("head: %w", err)
	}
	return n.novelty.Percentile(features(e)), nil
}
