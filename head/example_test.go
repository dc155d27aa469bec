package head_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
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
		{ID: "export/day1/film1.png", Model: "m", Tokens: 1, Dim: 2, Values: []float32{1, 2}},
		{ID: "export/day3/film7.png", Model: "m", Tokens: 1, Dim: 2, Values: []float32{3, 4}},
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

// An operating point is chosen on tuning films, travels with the model file and
// is judged on others.
func ExampleModel_Choose() {
	data := headtest.Gaussian{Seed: 1, Films: 900, Dim: 8, Strength: 2, Findings: []string{"effusion"}}.Make()
	train, rest, err := head.Split(data, 0.5, 1)
	if err != nil {
		panic(err)
	}
	tune, test, err := head.Split(rest, 0.5, 1)
	if err != nil {
		panic(err)
	}
	h, err := (&head.Linear{}).Fit(context.Background(), train, nil)
	if err != nil {
		panic(err)
	}
	m, err := h.(*head.Model).Choose(tune, head.AtSensitivity, 0.95)
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if _, err := m.WriteTo(&file); err != nil {
		panic(err)
	}
	loaded, err := head.ReadModel(&file)
	if err != nil {
		panic(err)
	}
	report, err := head.Evaluate(loaded, test)
	if err != nil {
		panic(err)
	}
	f := report.Findings[0]
	fmt.Printf("AUC %v\n", f.AUC)
	fmt.Printf("at %s: sensitivity %v, specificity %v\n", f.Points[0].Rule, f.Points[0].Sensitivity, f.Points[0].Specificity)
	// Output:
	// AUC 0.90 (0.87 to 0.94)
	// at sensitivity 0.95: sensitivity 0.93 (0.86 to 0.96), specificity 0.67 (0.58 to 0.75)
}

// The score of a film for a finding that no head was trained for.
func ExampleZeroShot() {
	film := &cxr.Embedding{Tokens: 2, Dim: 2, Values: []float32{1, 0, 0.6, 0.8}}
	small := &cxr.Embedding{Tokens: 1, Dim: 2, Values: []float32{0, 1}} // "small pneumothorax"
	none := &cxr.Embedding{Tokens: 1, Dim: 2, Values: []float32{-1, 0}} // "no pneumothorax"
	score, err := head.ZeroShot(film, []*cxr.Embedding{small}, []*cxr.Embedding{none})
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
	index, err := head.NewIndex(films)
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
