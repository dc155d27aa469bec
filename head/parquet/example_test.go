package parquet_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/parquet"
)

// A table of films with the labels that they have and the scores of a head.
func Example() {
	films := headtest.Gaussian{Seed: 1, Films: 100, Dim: 8, Strength: 2, Findings: []string{"effusion"}}.Make()
	h, err := head.Linear{}.Fit(context.Background(), films, nil)
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer // or os.Create("films.parquet")
	if err := parquet.Write(&file, films, &parquet.Options{Heads: []head.Head{h}}); err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", file.Bytes()[:4])
	// Output: PAR1
}
