package cxr_test

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// What is printed of films and embeddings is a line, not thousands of numbers.
func Example_printing() {
	film := &cxr.Image{ID: "a.dcm", Width: 2500, Height: 3000, Depth: 16, View: cxr.ViewPA, Recipe: "standard/1", Pix: make([]uint16, 2500*3000)}
	fmt.Println(film)
	fmt.Println(&cxr.Embedding{ID: "a.dcm", Space: cxr.Space{Model: "cxrkit-mini-2", Tokens: 1, Dim: 896}, Values: make([]float32, 896)})
	fmt.Println(&cxr.Embedding{Space: cxr.Space{Model: "cxrkit-mini-2", Tokens: 1, Dim: 896}})
	// Output:
	// a.dcm: 2500 x 3000 pixels, 16 bits, view PA, standard/1
	// a.dcm: 1 x 896 by cxrkit-mini-2
	// 1 x 896 by cxrkit-mini-2
}
