package local_test

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
)

// Films by a network of one's own: what it takes and gives, then a film's
// embedding.
func ExampleOpen() {
	model, err := local.Open("testdata/resnet.onnx", &local.Options{
		Name:       "ours/1",
		Output:     local.LastGemmInput,
		Preprocess: &local.Preprocess{Recipe: "standard/1", Mean: []float64{0.5, 0.5, 0.5}, Std: []float64{0.25, 0.25, 0.25}},
	})
	if err != nil {
		panic(err)
	}
	pre := model.Preprocess()
	fmt.Println(pre.Width, "x", pre.Height, "pixels,", pre.Channels, "channels to", model.Space().Dim, "features")
	films := dicomconv.New(nil).Files(phantom.FS([]phantom.Film{{ID: "a", Size: 128}}), "*.dcm")
	embeddings, _, err := embed.Run{}.Collect(context.Background(), model, films)
	if err != nil {
		panic(err)
	}
	fmt.Println(embeddings[0].ID, len(embeddings[0].Values))
	// Output:
	// 64 x 64 pixels, 3 channels to 40 features
	// a.dcm 40
}

// A folder as an export leaves it: the network and what transformers wrote about
// its preprocessing.
func ExampleOpenFolder() {
	model, err := local.OpenFolder("testdata/zeroshot/clip", nil)
	if err != nil {
		panic(err)
	}
	pre := model.Preprocess()
	fmt.Printf("%s: the shorter side to %d pixels by %q, the middle %d x %d\n", model.Space().Model, pre.Side, pre.Resize, pre.Width, pre.Height)
	// Output:
	// clip: the shorter side to 18 pixels by "torch bicubic", the middle 16 x 16
}
