package search_test

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/search"
)

// The score of a film for a finding that no head was trained for.
func ExampleZeroShot() {
	film := &cxr.Embedding{Space: cxr.Space{Tokens: 2, Dim: 2}, Values: []float32{1, 0, 0.6, 0.8}}
	small := &cxr.Embedding{Space: cxr.Space{Tokens: 1, Dim: 2}, Values: []float32{0, 1}} // "small pneumothorax"
	none := &cxr.Embedding{Space: cxr.Space{Tokens: 1, Dim: 2}, Values: []float32{-1, 0}} // "no pneumothorax"
	score, err := search.ZeroShot(film, []*cxr.Embedding{small}, []*cxr.Embedding{none})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.2f\n", score)
	// Output:
	// 1.40
}

// The films that are most like one, itself first.
func ExampleIndex_Nearest() {
	var films []*cxr.Embedding
	for _, e := range (headtest.Gaussian{Seed: 1, Films: 1000, Dim: 16}).Make().Examples {
		films = append(films, e.Embedding)
	}
	index, err := search.NewIndex(films)
	if err != nil {
		panic(err)
	}
	matches, err := index.Nearest(context.Background(), films[42], 3)
	if err != nil {
		panic(err)
	}
	for _, m := range matches {
		fmt.Printf("%s %.3f\n", m.ID, m.Similarity)
	}
	// Output:
	// film00042 1.000
	// film00899 0.972
	// film00258 0.972
}
