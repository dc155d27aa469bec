package head_test

import (
	"fmt"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

// A table says which films have which finding; embeddings find their rows by
// the end of their path. What has no partner is reported.
func ExampleLabels_Join() {
	table := "image_id,patient,split,effusion\nday1/film1.dcm,p1,train,1\nday1/film2.dcm,p2,test,0\nday2/film1.dcm,p1,train,\n"
	labels, err := head.ReadLabels(strings.NewReader(table), nil)
	if err != nil {
		panic(err)
	}
	embeddings := []*cxr.Embedding{
		{ID: "export/day1/film1.png", Space: cxr.Space{Model: "m", Tokens: 1, Dim: 2}, Values: []float32{1, 2}},
		{ID: "export/day3/film7.png", Space: cxr.Space{Model: "m", Tokens: 1, Dim: 2}, Values: []float32{3, 4}},
	}
	data, left, err := labels.Join(embeddings)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(data.Examples), "film with labels for", data.Findings)
	fmt.Println("without a row:", left.Embeddings)
	fmt.Println("without an embedding:", left.Rows)
	// Output:
	// 1 film with labels for [effusion]
	// without a row: [export/day3/film7.png]
	// without an embedding: [day1/film2.dcm day2/film1.dcm]
}
