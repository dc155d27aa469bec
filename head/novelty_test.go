package head_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/head"
)

// New films of the same kind lie anywhere; films from elsewhere stand out.
func TestNovelty(t *testing.T) {
	n, err := head.NewNovelty(byPatients(1, 300, "train"))
	if err != nil {
		t.Fatal(err)
	}
	var same, far float64
	d := byPatients(2, 300, "test")
	for _, e := range d.Examples {
		p, err := n.Percentile(e.Embedding)
		if err != nil {
			t.Fatal(err)
		}
		same += p / float64(len(d.Examples))
		for j := range e.Embedding.Values {
			e.Embedding.Values[j] += 6
		}
		if p, err = n.Percentile(e.Embedding); err != nil {
			t.Fatal(err)
		}
		far += p / float64(len(d.Examples))
	}
	if math.Abs(same-0.5) > 0.06 || far < 0.98 {
		t.Errorf("mean percentile %.2f, of films from elsewhere %.2f", same, far)
	}
	other := *d.Examples[0].Embedding
	other.Model = "another"
	if _, err := n.Percentile(&other); err == nil {
		t.Error("an embedding of another model was taken")
	}
	if _, err := head.NewNovelty(d.Where(func(e *head.Example) bool { return e.Patient == d.Examples[0].Patient })); err == nil {
		t.Error("one patient was enough")
	}
}

// What a model knows of its training films is saved with it.
func TestNoveltyIsSaved(t *testing.T) {
	d := byPatients(1, 1500, "train")
	n, err := head.NewNovelty(d)
	if err != nil {
		t.Fatal(err)
	}
	m := fit(t, head.Linear{}, d)
	if m.Novelty() != nil {
		t.Error("a model knows what nobody told it")
	}
	if m, err = m.WithNovelty(n); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := m.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	again, err := head.ReadModel(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var percentiles []float64
	for _, e := range byPatients(2, 300, "test").Examples {
		want, err := n.Percentile(e.Embedding)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again.Novelty().Percentile(e.Embedding); got != want || err != nil {
			t.Fatalf("percentile %v, error %v, want %v", got, err, want)
		}
		percentiles = append(percentiles, want)
	}
	if slices.Min(percentiles) > 0.1 || slices.Max(percentiles) < 0.9 {
		t.Errorf("percentiles from %v to %v", slices.Min(percentiles), slices.Max(percentiles))
	}

	other := byPatients(1, 30, "train")
	for i := range other.Examples {
		other.Examples[i].Embedding.Model = "another"
	}
	foreign, err := head.NewNovelty(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.WithNovelty(foreign); err == nil {
		t.Error("what is known of another model's embeddings was taken")
	}
	for _, forged := range [][2]string{
		{`"distances": 1001`, `"distances": 1000`}, {`"distances": 1001`, `"distances": 0`},
		{`"directions": `, `"directions": -1`}, {`"directions": `, `"directions": 9999999`}, {`"directions": `, `"directions": 99`},
	} {
		if b := file.Bytes(); !bytes.Contains(b, []byte(forged[0])) {
			t.Fatalf("no %s in the file", forged[0])
		} else if _, err := head.ReadModel(bytes.NewReader(resealed(b, forged[0], forged[1]))); err == nil || !strings.Contains(fmt.Sprint(err), "corrupt") {
			t.Errorf("%s: error %v", forged[1], err)
		}
	}
}
