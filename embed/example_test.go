package embed_test

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/pixels"
)

// The outcomes of a few films, one of them no film at all.
func ExampleRun_Do() {
	films := dicomconv.New(nil).Files(phantom.Cohort{Patients: 2, Seed: 4, Size: 64}.FS()) // labels.csv too
	err := embed.Run{}.Do(context.Background(), pixels.Embedder{}, films, func(film embed.Event) error {
		if film.Err != nil {
			fmt.Println(film.Index, film.Err)
			return nil
		}
		fmt.Println(film.Index, film.Embedding)
		return nil
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// 0 decode labels.csv: not supported: not a DICOM, PNG, JPEG or TIFF file
	// 1 patient0001/film1.dcm: 1 x 1024 by pixels-32x32/1, recipe standard/1
	// 2 patient0001/film2.dcm: 1 x 1024 by pixels-32x32/1, recipe standard/1
	// 3 patient0002/film1.dcm: 1 x 1024 by pixels-32x32/1, recipe standard/1
}

// A mean is an Embedder: its only feature is a film's mean gray.
type mean struct{}

func (mean) Space() cxr.Space { return cxr.Space{Model: "mean/1", Tokens: 1, Dim: 1} }

func (m mean) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, m.Space(), images, func(_ context.Context, im *cxr.Image) ([]float32, error) {
		var sum float64
		for _, v := range im.Pix {
			sum += float64(v)
		}
		return []float32{float32(sum / float64(len(im.Pix)))}, nil
	})
}

// An Embedder of one's own takes one function of a film.
func ExampleEach() {
	film := &cxr.Image{ID: "film", Width: 2, Height: 1, Depth: 8, Pix: []uint16{100, 200}, Recipe: cxr.Standard}
	v, err := mean{}.Embed(context.Background(), film)
	if err != nil {
		panic(err)
	}
	fmt.Println(v[0], v[0].Values)
	// Output: film: 1 x 1 by mean/1, recipe standard/1 [150]
}
