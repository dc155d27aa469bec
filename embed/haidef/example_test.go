package haidef_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed/haidef"
	"github.com/cxrkit/cxrkit/embed/pixels"
)

// A model is served, and called as if it were here.
func Example() {
	model := pixels.Embedder{}
	h, err := haidef.NewHandler(model, dicomconv.New(nil).Normalize, nil)
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(h) // http.Server, in a program
	defer server.Close()

	c, err := haidef.New(&haidef.Options{URL: server.URL, Space: model.Space()})
	if err != nil {
		log.Fatal(err)
	}
	film := &cxr.Image{ID: "film", Width: 64, Height: 64, Depth: 16, Pix: make([]uint16, 64*64), Recipe: cxr.Standard}
	for i := range film.Pix {
		film.Pix[i] = uint16(16 * i)
	}
	embeddings, err := c.Embed(context.Background(), film)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(embeddings[0])
	// Output: film: 1 x 1024 by pixels-32x32/1, recipe standard/1
}
