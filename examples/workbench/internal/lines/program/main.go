// Learn the finding that was labeled in the workbench, and judge what was learned,
// by patient: the same figures, in code.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

const (
	folder    = "workbench" // where the workbench kept labels and embeddings
	finding   = "effusion"
	threshold = 0.5 // to call films positive at
	repeats   = 3   // times that folds are dealt
)

func main() {
	ctx := context.Background()
	file, err := os.Open(folder + "/labels.csv")
	check(err)
	labels, err := head.ReadLabels(file, &head.LabelOptions{Findings: []string{finding}, Uncertain: head.UncertainMissing})
	check(err)
	embeddings, err := store.Read(folder + "/embeddings")
	check(err)
	data, _, err := labels.Join(embeddings)
	check(err)
	data = data.Where(func(e *head.Example) bool { return e.Labels[0] != head.Missing })
	slices.SortFunc(data.Examples, func(a, b head.Example) int { return strings.Compare(a.Embedding.ID, b.Embedding.ID) })

	r, err := report.CrossValidate(ctx, head.Linear{}, data, &report.CrossOptions{Title: finding, Repeats: repeats})
	check(err)
	fmt.Print(r)
	point, err := r.Findings[0].At(report.AtThreshold, threshold)
	check(err)
	fmt.Println(point)
	check(os.WriteFile("report.html", []byte(r.HTML()), 0o644))

	model, err := head.Linear{}.Fit(ctx, data, nil)
	check(err)
	out, err := os.Create(finding + ".cxrhead")
	check(err)
	_, err = model.WriteTo(out)
	check(err)
	check(out.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
