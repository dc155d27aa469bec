// Package zones is an Embedder whose tokens are places of the chest: three
// zones of each lung, what lies between them, and what lies outside. Its values
// are means of a feature map of the encoder in embed/local/mini under the masks
// of embed/local/lungs.
//
// It is for heads of single findings that have a place, and for maps of where a
// score comes from ([Map]). It stands beside mini and not inside it: as further
// features of one embedding zones bring exposure and source back, and cost what
// they gain (docs/MODELCARD.md).
package zones

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/embed/local/mini"
)

// Tokens, in their order. Right and left are the patient's; thirds are of the
// height of each lung.
const (
	RightUpper = iota
	RightMiddle
	RightLower
	LeftUpper
	LeftMiddle
	LeftLower
	Between
	Outside
	Number // of them
)

var names = [Number]string{
	"right upper", "right middle", "right lower", "left upper", "left middle", "left lower", "between", "outside",
}

// Name is that of a token, such as "right upper".
func Name(token int) string {
	if token < 0 || token >= Number {
		return fmt.Sprintf("zone %d", token)
	}
	return names[token]
}

// An Embedder implements [embed.Embedder]. A film whose lungs are not
// found has the mean over the whole film in every token, so that it counts as
// average everywhere.
type Embedder struct {
	maps   *local.Embedder
	finder *lungs.Finder
	space  cxr.Space
	side   int // of the feature map
}

// Open opens both networks. Of the options only Parallel and Threads are
// commonly of use; nil means the zero value.
func Open(o *local.Options) (*Embedder, error) {
	finder, err := lungs.Open(o)
	if err != nil {
		return nil, err
	}
	options := local.Options{}
	if o != nil {
		options = *o
	}
	options.Output, options.Pool = mini.Map, local.PoolNone
	maps, err := local.Load(mini.ONNX(), &options)
	if err != nil {
		return nil, err
	}
	s := maps.Space()
	side := 1
	for side*side < s.Tokens {
		side++
	}
	if side*side != s.Tokens {
		return nil, fmt.Errorf("zones: %w: a map of %d places", cxr.ErrUnsupported, s.Tokens)
	}
	// The masks decide the numbers too.
	digest := sha256.Sum256(append([]byte(s.Digest), lungs.ONNX()...))
	s.Model, s.Digest, s.Tokens = s.Model+"-zones", hex.EncodeToString(digest[:]), Number
	return &Embedder{maps, finder, s, side}, nil
}

// Space implements [embed.Embedder]: 8 tokens.
func (e *Embedder) Space() cxr.Space { return e.space }

// Embed implements [embed.Embedder].
func (e *Embedder) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, e.space, images, func(ctx context.Context, m *cxr.Image) ([]float32, error) {
		places, err := e.maps.Embed(ctx, m)
		if err != nil {
			return nil, err
		}
		l, err := e.finder.Locate(ctx, m)
		if err != nil {
			return nil, err
		}
		return pool(places[0].Values, weights(l, e.side), e.space.Dim), nil
	})
}

// Of is the zone of each cell of a film: Grid x Grid, row by row. Without lungs
// all of it is Outside.
func Of(l *lungs.Lungs) []int {
	zone := slices.Repeat([]int{Outside}, lungs.Grid*lungs.Grid)
	if !l.Found {
		return zone
	}
	for i, between := range l.Between.Cells {
		if between {
			zone[i] = Between
		}
	}
	for k, m := range []*lungs.Mask{l.Right, l.Left} {
		top, bottom := rows(m)
		for i, v := range m.Cells {
			if v {
				zone[i] = 3*k + min(3*(i/lungs.Grid-top)/(bottom-top), 2)
			}
		}
	}
	return zone
}

// rows is the first row of a mask and the one after its last.
func rows(m *lungs.Mask) (top, bottom int) {
	top = slices.Index(m.Cells, true) / lungs.Grid
	for i, v := range m.Cells {
		if v {
			bottom = i/lungs.Grid + 1
		}
	}
	return top, bottom
}

// weights are the shares of each place of a map of side x side in each zone:
// Number x places, each zone's adding up to 1.
func weights(l *lungs.Lungs, side int) [Number][]float64 {
	var w [Number][]float64
	for z := range w {
		w[z] = make([]float64, side*side)
	}
	for i, z := range Of(l) {
		row, column := i/lungs.Grid*side/lungs.Grid, i%lungs.Grid*side/lungs.Grid
		w[z][row*side+column]++
	}
	for z := range w {
		var sum float64
		for _, v := range w[z] {
			sum += v
		}
		for p := range w[z] {
			if sum == 0 || !l.Found {
				w[z][p] = 1 / float64(side*side)
			} else {
				w[z][p] /= sum
			}
		}
	}
	return w
}

func pool(places []float32, w [Number][]float64, dim int) []float32 {
	out := make([]float32, Number*dim)
	sums := make([]float64, dim)
	for z := range w {
		clear(sums)
		for p, share := range w[z] {
			if share == 0 {
				continue
			}
			for j, v := range places[p*dim : (p+1)*dim] {
				sums[j] += share * float64(v)
			}
		}
		for j, v := range sums {
			out[z*dim+j] = float32(v)
		}
	}
	return out
}
