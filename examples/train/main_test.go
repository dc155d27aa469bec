package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
)

// problem writes embeddings and labels of a problem with a known answer.
func problem(t *testing.T, splits, inShards bool) (data, labels string) {
	t.Helper()
	dir := t.TempDir()
	data, labels = filepath.Join(dir, "embeddings"), filepath.Join(dir, "labels.csv")
	d := headtest.Gaussian{Seed: 1, Films: 300, Patients: 150, Dim: 8, Strength: 3, Findings: []string{"EFFUSION"}}.Make()
	model := cxr.Space{Model: "gaussian", Recipe: "none/1", Tokens: 1, Dim: 8}
	var s embed.Store
	var err error
	if inShards {
		var files *shards.Store
		if files, err = shards.Open(data, model, nil); err == nil {
			defer files.Close()
			s = files
		}
	} else {
		s, err = store.Open(data, model, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("image_id,patient,split,EFFUSION\n")
	for i, e := range d.Examples {
		key := embed.Key{ID: e.Embedding.ID, Content: fmt.Sprintf("%032d%032d", i, 0), Space: e.Embedding.Space}
		if err := s.Put(context.Background(), key, e.Embedding); err != nil {
			t.Fatal(err)
		}
		split := ""
		if splits {
			split = []string{"train", "train", "train", "tune", "test"}[i%150%5]
		}
		label := 0
		if e.Labels[0] == head.Positive {
			label = 1
		}
		fmt.Fprintf(&b, "%s,%s,%s,%d\n", e.Embedding.ID, e.Patient, split, label)
	}
	if err := os.WriteFile(labels, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return data, labels
}

func call(t *testing.T, args ...string) (string, string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), err
}

func TestTrains(t *testing.T) {
	for _, splits := range []bool{true, false} {
		data, labels := problem(t, splits, !splits)
		for _, kind := range []string{"linear", "mlp"} {
			save := filepath.Join(t.TempDir(), "m")
			out, errs, err := call(t, "--data_dir", data, "--labels_csv", labels, "--head_name", "EFFUSION", "--head", kind, "--save_model_name", save, "--num_epochs", "15")
			if err != nil || errs != "" || !strings.Contains(out, "EFFUSION  0.9") && !strings.Contains(out, "EFFUSION  1.00") || splits && !strings.HasPrefix(out, "180 films to train on, 60 to tune, 60 to test\n") {
				t.Errorf("%s: %s%s, error %v", kind, out, errs, err)
			}
			f, err := os.Open(save + ".cxrhead")
			if err != nil {
				t.Fatal(err)
			}
			m, err := head.ReadModel(f)
			f.Close()
			if err != nil || m.Spec().Training.Trainer != kind || m.Spec().Space.Model != "gaussian" || len(m.Spec().Calibrations) != 1 || len(m.Spec().Thresholds) != 1 {
				t.Errorf("the saved head: %v", err)
			}
			if page, err := os.ReadFile(save + ".html"); err != nil || !bytes.Contains(page, []byte("<svg")) {
				t.Errorf("the report: %v", err)
			}
		}
	}
}

// Films that tune are never reported as test films: without a test split the
// figures are those of a cross-validation.
func TestNoTestFilms(t *testing.T) {
	data, labels := problem(t, true, false)
	text, err := os.ReadFile(labels)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(labels, bytes.ReplaceAll(text, []byte(",test,"), []byte(",train,")), 0o666); err != nil {
		t.Fatal(err)
	}
	out, errs, err := call(t, "--data_dir", data, "--labels_csv", labels, "--head_name", "EFFUSION", "--head", "linear", "--save_model_name", filepath.Join(t.TempDir(), "m"))
	if err != nil || !strings.Contains(errs, "cross-validating: 25 of 25 heads") {
		t.Fatalf("%s%s, error %v", out, errs, err)
	}
	for _, want := range []string{"240 films to train on, 60 to tune, 0 to test\n", "no test films: cross-validating", "cross-validated by patient: 5 folds, dealt 5 times", "  300\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not told:\n%s", want, out)
		}
	}
}

// Without arguments films are real ones.
func TestWithoutArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	out, _, err := call(t, "--head", "linear")
	if err != nil || !strings.Contains(out, "NIH ChestX-ray14") || !strings.Contains(out, "abnormal  0.8") || !strings.HasSuffix(out, "wrote model.cxrhead and model.html\n") {
		t.Errorf("%s, error %v", out, err)
	}
}

func TestMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	data, labels := problem(t, true, false)
	strangers := filepath.Join(t.TempDir(), "strangers.csv")
	if err := os.WriteFile(strangers, []byte("image_id,EFFUSION\nx,1\ny,0\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"go together":                {"--data_dir", data},
		"no id matched: none of 300": {"--data_dir", data, "--labels_csv", strangers, "--head_name", "EFFUSION"},
		"there is no folder":         {"--data_dir", data, "--labels_csv", labels, "--head_name", "EFFUSION", "--save_model_name", "none/m"},
		`--head "forest"`:            {"--data_dir", data, "--labels_csv", labels, "--head_name", "EFFUSION", "--head", "forest"},
		`no film of split "monday"`:  {"--data_dir", data, "--labels_csv", labels, "--head_name", "EFFUSION", "--train_label", "monday"},
		`no film of split "none"`:    {"--data_dir", data, "--labels_csv", labels, "--head_name", "EFFUSION", "--validate_label", "none"},
		"PNEUMONIA":                  {"--data_dir", data, "--labels_csv", labels, "--head_name", "PNEUMONIA"},
		"no embeddings there":        {"--data_dir", t.TempDir(), "--labels_csv", labels, "--head_name", "EFFUSION"},
	} {
		if _, _, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}
