package cxrkit_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log"
	"strings"
	"testing/fstest"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/phantom"
)

// films is a folder of 80 synthetic patients as DICOM files, with labels.csv.
func films() fs.FS {
	folder := fstest.MapFS{}
	csv := "image_id,patient,cardiomegaly\n"
	for _, film := range phantom.Cohort(1, 80, 0.3) {
		film.Size = 256
		var b bytes.Buffer
		if err := film.Draw().WriteDICOM(&b, film, film.Encoding()); err != nil {
			log.Fatal(err)
		}
		folder[film.ID+".dcm"] = &fstest.MapFile{Data: b.Bytes()}
		label := 0
		if film.Has[phantom.Cardiomegaly] {
			label = 1
		}
		csv += fmt.Sprintf("%s,%s,%d\n", film.ID, film.Patient, label)
	}
	folder["labels.csv"] = &fstest.MapFile{Data: []byte(csv)}
	return folder
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The whole way, from a folder of films to a classifier and how good it is.
func Example() {
	ctx, folder := context.Background(), films() // or os.DirFS("films")
	model, err := mini.Open(nil)
	check(err)
	var embeddings []*cxr.Embedding
	run := embed.Run{OnItem: func(e embed.Event) {
		if e.Err != nil {
			fmt.Println(e.Err) // one bad film does not end the run
		}
	}}
	err = run.Do(ctx, model, dicomconv.New(nil).Files(folder, "*/*.dcm"), func(e *cxr.Embedding) error {
		embeddings = append(embeddings, e)
		return nil
	})
	check(err)

	csv, err := fs.ReadFile(folder, "labels.csv")
	check(err)
	labels, err := head.ReadLabels(strings.NewReader(string(csv)), nil)
	check(err)
	data, _, err := labels.Join(embeddings)
	check(err)
	train, test, err := head.Split(data, 0.3, 1) // by patient
	check(err)
	classifier, err := (&head.Linear{}).Fit(ctx, train, nil)
	check(err)
	report, err := head.Evaluate(classifier, test)
	check(err)
	fmt.Print(report)
	// Output:
	// finding       AUC   95 % interval  AUPRC  Brier  positive  films
	// cardiomegaly  1.00  0.82 to 1.00   1.00   0.014  13        49
	// cardiomegaly: the scores' spread cannot be estimated; the interval is Newcombe's
}
