package cxrkit_test

import (
	"context"
	"fmt"
	"log"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The whole way, from a folder of films to a classifier and how good it is.
func Example() {
	ctx := context.Background()
	folder := phantom.Cohort{Patients: 80, Seed: 1, Difficulty: 0.3, Size: 256}.FS() // or os.DirFS("films")
	model, err := mini.Open(nil)
	check(err)
	films := dicomconv.New(nil).Files(folder, "*/*.dcm")
	embeddings, failed, err := embed.Run{}.Collect(ctx, model, films)
	check(err)
	for _, film := range failed {
		fmt.Println(film) // one bad film does not end the run
	}

	csv, err := folder.Open("labels.csv")
	check(err)
	labels, err := head.ReadLabels(csv, &head.LabelOptions{Findings: []string{"cardiomegaly"}})
	check(err)
	data, _, err := labels.Join(embeddings)
	check(err)
	train, test, err := head.Split(data, 0.3, 1) // by patient
	check(err)
	classifier, err := head.Linear{}.Fit(ctx, train, nil)
	check(err)
	r, err := report.Evaluate(classifier, test, nil)
	check(err)
	fmt.Print(r)
	// Output:
	// finding       AUC   95 % interval  AUPRC  Brier  positive  films
	// cardiomegaly  1.00  0.82 to 1.00   1.00   0.013  13        49
	// cardiomegaly: only 8 patients with it
	// cardiomegaly: the head separates all films: look for what gives them away
}
