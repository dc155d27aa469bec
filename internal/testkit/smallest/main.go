// Smallest is the smallest program that uses a saved head: it loads the model that
// its first argument names, and predicts an embedding of zeros. A test at the
// module's root keeps its size in bounds.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

func main() {
	f, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	model, err := head.ReadModel(f)
	if err != nil {
		log.Fatal(err)
	}
	space := model.Spec().Space
	p, err := model.Predict(&cxr.Embedding{Space: space, Values: make([]float32, space.Tokens*space.Dim)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Findings(), p)
}
