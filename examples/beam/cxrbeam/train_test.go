package cxrbeam_test

import (
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/examples/beam/cxrbeam"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
)

// features are 24 to be quick; of several hundred, the sums of a part are megabytes:
//
//	go test -run TestTrainsToTheOptimum -v -features 600 ./cxrbeam
var features = flag.Int("features", 24, "features of the films that tests train on")

// problem writes embeddings of a problem with a known answer to shards, their
// labels, some of them missing, to a table, and gives both as a data set. Films
// have weights, or those that do not test have.
func problem(t *testing.T, testWeighs bool) (data, labels string, d *head.Dataset) {
	t.Helper()
	dir := t.TempDir()
	data, labels = filepath.Join(dir, "embeddings"), filepath.Join(dir, "labels.csv")
	d = headtest.Gaussian{Seed: 3, Films: 5000, Patients: 2500, Dim: *features, Strength: 2, Findings: []string{"EFFUSION", "OPACITY"}}.Make()
	s, err := shards.Open(data, cxr.Space{Model: "gaussian", Recipe: "none/1", Tokens: 1, Dim: *features}, &shards.Options{Bytes: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b strings.Builder
	b.WriteString("image_id,patient,split,weight,EFFUSION,OPACITY\n")
	for i, e := range d.Examples {
		e.Embedding.Values[3] = 7 // a feature that never varies
		if i%11 == 0 {
			e.Labels[1] = head.Missing
		}
		key := embed.Key{ID: e.Embedding.ID, Content: fmt.Sprintf("%064x", i), Space: e.Embedding.Space}
		if err := s.Put(t.Context(), key, e.Embedding); err != nil {
			t.Fatal(err)
		}
		weight := 1 + float64(i%3)/2
		if split(e) == "test" && !testWeighs {
			weight = float64(min(i%5, 1))
		}
		text := func(l head.Label) string {
			return map[head.Label]string{head.Positive: "1", head.Negative: "0"}[l]
		}
		fmt.Fprintf(&b, "%s,%s,%s,%v,%s,%s\n", e.Embedding.ID, e.Patient, split(e), weight, text(e.Labels[0]), text(e.Labels[1]))
	}
	if err := os.WriteFile(labels, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(labels)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := head.ReadLabels(f, &head.LabelOptions{Findings: d.Findings})
	if err != nil {
		t.Fatal(err)
	}
	var list []*cxr.Embedding
	for _, e := range d.Examples {
		list = append(list, e.Embedding)
	}
	d, left, err := l.Join(list)
	if err != nil || len(left.Embeddings) > 0 || d.Weights == nil {
		t.Fatal(left, err)
	}
	return data, labels, d
}

// split keeps patients together.
func split(e head.Example) string {
	if sum := []byte(e.Patient); len(sum) > 0 && sum[len(sum)-1]%4 == 0 {
		return "test"
	}
	return "train"
}

func readModel(t *testing.T, name string) *head.Model {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := head.ReadModel(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTrainsToTheOptimum(t *testing.T) { trainsToTheOptimum(t, 0, 0.01, 100) }

func trainsToTheOptimum(t *testing.T, cs ...float64) {
	t.Helper()
	data, labels, d := problem(t, true)
	save := filepath.Join(t.TempDir(), "m.cxrhead")
	for _, c := range cs {
		counts, err := run(t, func(s beam.Scope) {
			o := cxrbeam.TrainOptions{Data: data, Labels: labels, Findings: d.Findings, Split: "train", C: c, Save: save}
			if err := cxrbeam.Train(s, &o); err != nil {
				t.Fatal(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		train := d.Where(func(e *head.Example) bool { return e.Split == "train" })
		m, err := head.Linear{C: c, Tolerance: 1e-9}.Fit(t.Context(), train, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, want := readModel(t, save).Spec(), m.Spec()
		for name, v := range map[string][2][]float64{
			"mean": {got.Mean, want.Mean}, "scale": {got.Scale, want.Scale},
			"weights": {got.Layers[0].Weights, want.Layers[0].Weights}, "bias": {got.Layers[0].Bias, want.Layers[0].Bias},
		} {
			if len(v[0]) != len(v[1]) {
				t.Fatalf("%d values of %s, want %d", len(v[0]), name, len(v[1]))
			}
			for j := range v[0] {
				if !(math.Abs(v[0][j]-v[1][j]) <= 1e-6) {
					t.Errorf("C %v: %s %d is %v, want %v", c, name, j, v[0][j], v[1][j])
				}
			}
		}
		if a, b := fmt.Sprintf("%+v", got.Training), fmt.Sprintf("%+v", want.Training); a != b || counts["trained-on"] != int64(len(train.Examples)) {
			t.Errorf("trained on %s, want %s; counters %v", a, b, counts)
		}
	}
}

// A second run changes nothing.
func TestScoresAndEvaluates(t *testing.T) { scoresAndEvaluates(t, 2) }

func scoresAndEvaluates(t *testing.T, runs int) {
	t.Helper()
	data, labels, d := problem(t, false)
	dir := t.TempDir()
	test := d.Where(func(e *head.Example) bool { return e.Split == "test" })
	m, err := head.Linear{}.Fit(t.Context(), d.Where(func(e *head.Example) bool { return e.Split == "train" }), nil)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "m.cxrhead")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	f.Close()
	m = readModel(t, name)
	for range runs {
		_, err = run(t, func(s beam.Scope) {
			if err := cxrbeam.Score(s, data, name, dir); err != nil {
				t.Fatal(err)
			}
			if err := cxrbeam.Evaluate(s, &cxrbeam.EvaluateOptions{Data: data, Labels: labels, Model: name, Split: "test", Output: dir}); err != nil {
				t.Fatal(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	scores := map[string][]string{}
	files, _ := filepath.Glob(filepath.Join(dir, "scores-*.csv"))
	if len(files) != 3 {
		t.Errorf("%d files of scores, want 3", len(files))
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil || fmt.Sprint(lines[0]) != "[image_id EFFUSION OPACITY]" {
			t.Fatal(lines[0], err)
		}
		for _, l := range lines[1:] {
			scores[l[0]] = l[1:]
		}
	}
	if len(scores) != len(d.Examples) {
		t.Errorf("scores of %d films, want %d", len(scores), len(d.Examples))
	}
	for _, e := range d.Examples {
		want, err := m.Predict(e.Embedding)
		if err != nil {
			t.Fatal(err)
		}
		for k, text := range scores[e.Embedding.ID] {
			if got, err := strconv.ParseFloat(text, 64); err != nil || got != want[k] {
				t.Errorf("%s: %v, want %v", e.Embedding.ID, text, want[k])
			}
		}
	}
	r, err := report.Evaluate(m, test, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, cxrbeam.EvaluationFile))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 2 {
		t.Fatalf("evaluation: %s", text)
	}
	for k, line := range lines {
		var got struct {
			Finding               string
			AUC, Low, High, AUPRC float64
			Brier, LogLoss, ECE   float64
			Films, Positive       int
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		want := r.Findings[k]
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }
		if got.Finding != want.Finding || got.AUC != want.AUC.Value || !near(got.Low, want.AUC.Low) || !near(got.High, want.AUC.High) || !near(got.Brier, want.Brier) || !near(got.ECE, want.ECE) {
			t.Errorf("evaluation %+v, want AUC %+v, Brier %v, ECE %v", got, want.AUC, want.Brier, want.ECE)
		}
	}
}

func TestTrainingMistakes(t *testing.T) {
	if engine != nil {
		t.Skip("engines try twenty times what cannot be done")
	}
	data, labels, _ := problem(t, true)
	save := filepath.Join(t.TempDir(), "m.cxrhead")
	for want, o := range map[string]cxrbeam.TrainOptions{
		"are needed":      {Data: data},
		"no shards there": {Data: t.TempDir(), Labels: labels, Findings: []string{"EFFUSION"}, Save: save},
		"want none below": {Data: data, Labels: labels, Findings: []string{"EFFUSION"}, Save: save, C: -1},
		"want both":       {Data: data, Labels: labels, Findings: []string{"EFFUSION"}, Save: save, Split: "monday"},
		"take more steps": {Data: data, Labels: labels, Findings: []string{"EFFUSION"}, Save: save, Steps: 2},
		"PNEUMONIA":       {Data: data, Labels: labels, Findings: []string{"PNEUMONIA"}, Save: save},
	} {
		var built error
		_, err := run(t, func(s beam.Scope) { built = cxrbeam.Train(s, &o) })
		if built != nil {
			err = built
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", o, err, want)
		}
		if _, err := os.Stat(save); err == nil {
			t.Errorf("%v: there is a head", o)
		}
	}
}

func TestWeightsAreNoFilms(t *testing.T) {
	data, labels, d := problem(t, true)
	m, err := head.Linear{}.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "m.cxrhead")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := m.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	_, err = run(t, func(s beam.Scope) {
		if err := cxrbeam.Evaluate(s, &cxrbeam.EvaluateOptions{Data: data, Labels: labels, Model: name, Output: t.TempDir()}); err != nil {
			t.Fatal(err)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "films count equally here") {
		t.Errorf("error %v", err)
	}
}
