package local

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Reference is a film and its embedding as another program computed it, such as
// the Python that the model comes from. References travel in a model's
// description, and [Open] refuses a model that does not repeat them. Films of odd
// and unequal sides, larger than what the network looks at and with different
// corners, show most mistakes; synthetic ones do, and name no patient.
type Reference struct {
	Film   []byte    `json:"film"`   // a gray PNG of 8 or 16 bits, as cxr.Image.PNG makes; base64 in JSON
	Values []float32 `json:"values"` // Tokens x Dim
}

// usualTolerance is far above what rounding makes of float32, and below what wrong
// steps make.
const usualTolerance = 0.001

// Bounds of references in a description.
const (
	mostReferences  = 16
	largestPixels   = 1 << 24
	roundsOfDetails = 3 // steps that may be wrong at once
	filmsToSearch   = 2 // by which what is wrong is looked for
)

// image decodes the film.
func (r *Reference) image() (*cxr.Image, error) {
	head, err := png.DecodeConfig(bytes.NewReader(r.Film))
	if err != nil {
		return nil, err
	}
	if head.Width*head.Height > largestPixels {
		return nil, fmt.Errorf("%w: film of %d x %d pixels", cxr.ErrTooLarge, head.Width, head.Height)
	}
	decoded, err := png.Decode(bytes.NewReader(r.Film))
	if err != nil {
		return nil, err
	}
	m := &cxr.Image{Width: head.Width, Height: head.Height, Depth: 8}
	switch p := decoded.(type) {
	case *image.Gray:
		for y := range m.Height {
			for _, v := range p.Pix[y*p.Stride:][:m.Width] {
				m.Pix = append(m.Pix, uint16(v))
			}
		}
	case *image.Gray16:
		m.Depth = 16
		for i := range m.Width * m.Height {
			m.Pix = append(m.Pix, p.Gray16At(i%m.Width, i/m.Width).Y)
		}
	default:
		return nil, fmt.Errorf("%w: film that is not gray", cxr.ErrUnsupported)
	}
	return m, m.Validate()
}

// Check embeds the films of references and compares. Where they differ by more
// than the description's tolerance, it tries what may be wrong with the
// description, a step at a time, and its error, which wraps [cxr.ErrMismatch],
// names what fits.
func (e *Embedder) Check(ctx context.Context, references []Reference) error {
	c, err := e.newComparison(references)
	if err != nil {
		return fmt.Errorf("local: %w", err)
	}
	if err := c.check(ctx); err != nil {
		return fmt.Errorf("local: %w", err)
	}
	return nil
}

// Differ is the largest difference of an embedding to a reference's values, as a
// share of their spread: the largest less the smallest.
func (e *Embedder) Differ(ctx context.Context, r Reference) (float64, error) {
	c, err := e.newComparison([]Reference{r})
	if err != nil {
		return 0, fmt.Errorf("local: %w", err)
	}
	d, err := c.differ(ctx, &e.pre)
	if err != nil {
		return 0, fmt.Errorf("local: %w", err)
	}
	return d, nil
}

// check is Check of the description's own references.
func (e *Embedder) check(references []Reference) error {
	c, err := e.newComparison(references)
	if err != nil {
		return err
	}
	return c.check(context.Background())
}

// A comparison is with what another program computed.
type comparison struct {
	embedder *Embedder
	films    []*cxr.Image
	want     [][]float32
}

func (e *Embedder) newComparison(references []Reference) (*comparison, error) {
	if len(references) > mostReferences {
		return nil, fmt.Errorf("%w: %d references, want at most %d", cxr.ErrTooLarge, len(references), mostReferences)
	}
	c := &comparison{embedder: e}
	for i, r := range references {
		m, err := r.image()
		if err != nil {
			return nil, fmt.Errorf("reference %d: %w", i+1, err)
		}
		if len(r.Values) == 0 || slices.ContainsFunc(r.Values, func(v float32) bool { return v-v != 0 }) || spread(r.Values) == 0 {
			return nil, fmt.Errorf("reference %d: %w: %d values, all alike or not finite", i+1, cxr.ErrEmbedding, len(r.Values))
		}
		c.films, c.want = append(c.films, m), append(c.want, r.Values)
	}
	return c, nil
}

// check looks for what is wrong, if anything is.
func (c *comparison) check(ctx context.Context) error {
	pre := c.embedder.pre
	limit := pre.Tolerance
	if limit == 0 {
		limit = usualTolerance
	}
	first, err := c.differ(ctx, &pre)
	if err != nil || first <= limit {
		return err
	}
	few := min(len(c.films), filmsToSearch)
	c.films, c.want = c.films[:few], c.want[:few]
	var hints []string
	now := first
	for range roundsOfDetails {
		best, at := suspicion{}, now
		for _, s := range suspicions(&pre) {
			d, err := c.differ(ctx, &s.pre)
			if err != nil {
				return err
			}
			if d < at {
				best, at = s, d
			}
			if d <= limit/10 {
				break // no need to look further: each costs runs of the network
			}
		}
		if best.hint == "" || at > limit && at > 0.7*now { // nothing that helps much
			break
		}
		pre, now, hints = best.pre, at, append(hints, best.hint)
		if now <= limit {
			return c.mismatch(first, limit, "they fit with "+strings.Join(hints, " and "))
		}
	}
	if hints == nil {
		return c.mismatch(first, limit, "no other range, mean, deviation, crop, kernel or pooling that is known fits better; is it another output, or are they other weights?")
	}
	return c.mismatch(first, limit, fmt.Sprintf("with %s they would still differ by %.2g", strings.Join(hints, " and "), now))
}

func (c *comparison) mismatch(by, limit float64, hint string) error {
	if math.IsInf(by, 1) {
		s := c.embedder.space
		return fmt.Errorf("%w: references of %d values for an embedding of %d x %d: %s", cxr.ErrMismatch, len(c.want[0]), s.Tokens, s.Dim, hint)
	}
	return fmt.Errorf("%w: references differ by %.2g of their spread, want at most %.2g: %s", cxr.ErrMismatch, by, limit, hint)
}

// differ is the largest difference to a reference, as a share of its spread.
func (c *comparison) differ(ctx context.Context, p *Preprocess) (worst float64, err error) {
	for i, m := range c.films {
		got, err := c.embedder.values(ctx, m, p, p.Pool)
		if err != nil {
			return 0, err
		}
		if len(got) != len(c.want[i]) {
			return math.Inf(1), nil
		}
		unit := spread(c.want[i])
		for j, want := range c.want[i] {
			d := math.Abs(float64(got[j])-float64(want)) / unit
			if d != d {
				return 0, fmt.Errorf("%w: value %d is not finite", cxr.ErrEmbedding, j)
			}
			worst = max(worst, d)
		}
	}
	return worst, nil
}

func spread(v []float32) float64 { return float64(slices.Max(v)) - float64(slices.Min(v)) }
