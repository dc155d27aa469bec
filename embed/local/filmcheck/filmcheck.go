// Package filmcheck tells whether an image is a frontal chest film at all, and
// whether it is upright, not mirrored, not inverted and has both lungs on it,
// each with a probability.
//
// The network, 0.5 MB and linked into the program, learned from films that were
// turned, mirrored, inverted and cut by the program that trained it, so that
// every answer was known, from 30 lateral films, and from what is no chest
// film: photographs, slices of other modalities, limbs and patterns drawn for
// it. Its probabilities are calibrated on films held out, of which four in ten
// were turned, mirrored or inverted; docs/MODELCARD.md says how well it does on
// sources it did not learn from.
//
// [Guard] puts it before an Embedder, so that embed.Run refuses or marks such
// films.
package filmcheck

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local"
)

//go:embed check.onnx
var onnx []byte

// ONNX is a copy of the model file: a film of 128 x 128 pixels, mean 0 and
// deviation 1, gives ten logits: frontal, lateral, other; turned by 0, 90, 180,
// 270 degrees; mirrored; inverted; cut.
func ONNX() []byte { return slices.Clone(onnx) }

// Conditions that a film is refused for, found with [errors.Is], beside
// [cxr.ErrNotChest] and, of a lateral film, [cxr.ErrNotFrontal].
var (
	ErrTurned   = errors.New("film is turned")
	ErrMirrored = errors.New("film is mirrored")
	ErrInverted = errors.New("film is inverted: air bright, bone dark")
	ErrCut      = errors.New("lungs are cut off")
)

// A Checker checks films. It is safe for concurrent use.
type Checker struct{ network *local.Embedder }

// Open opens the network. Of the options only Parallel is commonly of use; nil
// means the zero value.
func Open(o *local.Options) (*Checker, error) {
	e, err := local.Load(onnx, o)
	if err != nil {
		return nil, err
	}
	return &Checker{e}, nil
}

// An Answer is what a film seems to be. Every field is a probability; those of
// Frontal, Lateral and Other add up to 1, and so do those of Turned. The last
// four are about frontal chest films and mean nothing of others.
type Answer struct {
	Frontal, Lateral, Other float64
	Turned                  [4]float64 // counterclockwise by 0, 90, 180 and 270 degrees
	Mirrored                float64
	Inverted                float64
	Cut                     float64 // more than a seventh of the lungs lies beyond the film
}

// Check answers for a film of any size and recipe. What is no chest film is an
// answer, not an error; errors are of images that are not valid, and of ctx.
func (c *Checker) Check(ctx context.Context, m *cxr.Image) (*Answer, error) {
	v, err := c.network.Embed(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("filmcheck: %w", err)
	}
	z := v[0].Values
	kind, turned := softmax(z[:3]), softmax(z[3:7])
	a := &Answer{Frontal: kind[0], Lateral: kind[1], Other: kind[2], Mirrored: sigmoid(z[7]), Inverted: sigmoid(z[8]), Cut: sigmoid(z[9])}
	copy(a.Turned[:], turned)
	return a, nil
}

// Limits are the probabilities over which a film is refused, 0..1. A limit of 1
// refuses nothing.
type Limits struct {
	NotFrontal float64 // lateral or other
	Turned     float64 // by any angle but 0
	Mirrored   float64
	Inverted   float64
	Cut        float64
}

// Default are limits that none of 1,395 real frontal films of two sources that
// the network did not learn from passes, but for what it says of mirrors and
// cuts, which it refuses nothing for: hearts lie on the right too, and part of a
// lung can be all that is wanted.
var Default = Limits{NotFrontal: 0.5, Turned: 0.9, Mirrored: 1, Inverted: 0.9, Cut: 1}

// Problem is nil, or the first reason to refuse the film, with its probability.
func (a *Answer) Problem(l Limits) error {
	switch turned := 1 - a.Turned[0]; {
	case 1-a.Frontal > l.NotFrontal && a.Lateral > a.Other:
		return fmt.Errorf("%w: lateral with probability %.2f", cxr.ErrNotFrontal, a.Lateral)
	case 1-a.Frontal > l.NotFrontal:
		return fmt.Errorf("%w: probability %.2f", cxr.ErrNotChest, a.Other)
	case turned > l.Turned:
		k := slices.Index(a.Turned[:], slices.Max(a.Turned[:]))
		return fmt.Errorf("%w: by %d degrees counterclockwise, probability %.2f", ErrTurned, 90*k, turned)
	case a.Inverted > l.Inverted:
		return fmt.Errorf("%w, probability %.2f", ErrInverted, a.Inverted)
	case a.Mirrored > l.Mirrored:
		return fmt.Errorf("%w: probability %.2f", ErrMirrored, a.Mirrored)
	case a.Cut > l.Cut:
		return fmt.Errorf("%w: probability %.2f", ErrCut, a.Cut)
	}
	return nil
}

func sigmoid(z float32) float64 { return 1 / (1 + math.Exp(-float64(z))) }

func softmax(z []float32) []float64 {
	most, sum := slices.Max(z), 0.0
	p := make([]float64, len(z))
	for i, v := range z {
		p[i] = math.Exp(float64(v - most))
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}
