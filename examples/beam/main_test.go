package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/examples/beam/internal/alone"
)

func TestMain(m *testing.M) {
	flag.Parse()
	alone.Enter()
	beam.Init()
	os.Exit(m.Run())
}

// call runs the program with flags, which a process has once.
func call(t *testing.T, verb string, flags ...string) (string, error) {
	t.Helper()
	for i := 0; i < len(flags); i += 2 {
		name, before := flags[i], flag.Lookup(flags[i]).Value.String()
		if err := flag.Set(name, flags[i+1]); err != nil {
			t.Fatal(err)
		}
		defer flag.Set(name, before)
	}
	var out bytes.Buffer
	err := run(t.Context(), verb, &out)
	return out.String(), err
}

// chest is the folder of films that developers have beside the project.
const chest = "../../../shared/dicom/chest"

// films draws films and writes the table of their labels.
func films(t *testing.T, dir string) (folder, labels string) {
	t.Helper()
	folder, labels = filepath.Join(dir, "films"), filepath.Join(dir, "labels.csv")
	table := "image_id,split,EFFUSION\n"
	for i := range 60 {
		film := phantom.Film{ID: fmt.Sprintf("%03d", i), Seed: uint64(i), Anatomy: uint64(i), Size: 96}
		film.Has[phantom.Effusion] = i%2 == 1
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, film.ID+".dcm"), film.DICOM(), 0o666); err != nil {
			t.Fatal(err)
		}
		table += fmt.Sprintf("%s.dcm,%s,%d\n", film.ID, []string{"train", "train", "test"}[i/2%3], i%2)
	}
	if err := os.WriteFile(labels, []byte(table), 0o666); err != nil {
		t.Fatal(err)
	}
	return folder, labels
}

type step struct {
	want, verb string
	flags      []string
}

// steps go from a folder of films to an evaluation.
func steps(films, labels, out string) []step {
	embeddings, head := filepath.Join(out, "embeddings"), filepath.Join(out, "effusion")
	return []step{
		{"successful-inference: 60\n", "embed", []string{"input_path", films, "output_path", embeddings, "shards", "2"}},
		{"output-file-exists: 60\n", "embed", []string{"input_path", films, "output_path", embeddings, "shards", "2"}},
		{"trained-on: 40\n", "train", []string{"data_dir", embeddings, "labels_csv", labels, "head_name", "EFFUSION", "split", "train", "save_model_name", head}},
		{"scored: 60\n", "score", []string{"data_dir", embeddings, "model", head + ".cxrhead", "output_path", out}},
		{"evaluated: 20\n", "evaluate", []string{"data_dir", embeddings, "labels_csv", labels, "model", head + ".cxrhead", "split", "test", "output_path", out}},
	}
}

// From a folder of films to a head that has learned something.
func TestFromFilmsToAnEvaluation(t *testing.T) {
	dir := t.TempDir()
	films, labels := films(t, dir)
	for _, s := range steps(films, labels, dir) {
		if text, err := call(t, s.verb, s.flags...); err != nil || text != s.want {
			t.Fatalf("%s: %s, error %v, want %s", s.verb, text, err, s.want)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "evaluation.jsonl"))
	var got struct{ AUC float64 }
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || got.AUC < 0.7 { // of 40 films to train on
		t.Errorf("%s, error %v", text, err)
	}
}

// The help has this program's flags before Beam's.
func TestHelp(t *testing.T) {
	var out bytes.Buffer
	flag.CommandLine.SetOutput(&out)
	defer flag.CommandLine.SetOutput(nil)
	usage()
	ours, beams, ok := strings.Cut(out.String(), "Beam and its runners")
	if !ok || !strings.Contains(ours, "-labels_csv") || strings.Contains(ours, "-worker_binary") || !strings.Contains(beams, "-worker_binary") {
		t.Error(out.String())
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		`"fly", want`:     {"fly"},
		"are needed":      {"embed"},
		`format "csv"`:    {"embed", "input_path", "x", "output_path", t.TempDir(), "format", "csv"},
		"train: data":     {"train"},
		"score: data":     {"score"},
		"evaluate: data,": {"evaluate"},
		"give the whole":  {"score", "data_dir", "embeddings", "runner", "flink"},
	} {
		if _, err := call(t, args[0], args[1:]...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}
