package main

import (
	"math"
	"os"
	"testing"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/nihfilms"
)

// Films that are embedded now have the stored embeddings, labels and patients,
// within what float16 keeps.
func TestFilmsBecomeWhatIsStored(t *testing.T) {
	const data = "../../../../shared/data"
	if _, err := os.Stat(data); err != nil {
		t.Skip("no films of ../shared/data on this machine")
	}
	table, values, err := embedAll(t.Context(), data, "*/0000[1-6].jpg")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := nihfilms.Datasets(findings...)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Films) != 6 {
		t.Fatalf("%d films", len(table.Films))
	}
	for k, d := range stored {
		for i, film := range table.Films {
			e := d.Examples[i]
			if err := table.Spaces[k].Match(e.Embedding.Space); err != nil {
				t.Fatal(err)
			}
			for j, v := range values[k][i] {
				if diff := math.Abs(float64(v - e.Embedding.Values[j])); diff > 1e-3*(1+math.Abs(float64(v))) {
					t.Fatalf("kind %d, film %d, feature %d: %v, stored %v", k, i, j, v, e.Embedding.Values[j])
				}
			}
			for f, positive := range film.Positive {
				if positive != (e.Labels[f] == head.Positive) {
					t.Errorf("film %d: another label of %q", i, findings[f])
				}
			}
		}
	}
}
