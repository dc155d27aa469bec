package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
	"github.com/cxrkit/cxrkit/head"
)

// The lines say what the workbench says: the same AUC and interval of the same
// labels.
func TestTheLinesLearnTheSame(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{folder, folder + "/embeddings"} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	films := phantom.Cohort{Patients: 24, Seed: 3, Size: 64}.FS()
	file, err := films.Open(phantom.LabelsFile)
	if err != nil {
		t.Fatal(err)
	}
	table, err := board.ReadTable(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := board.Open(t.Context(), board.Options{
		Inputs: []board.Input{{FS: films}}, Table: table, Folder: store.Local(folder), Embeddings: store.Local(folder + "/embeddings"),
		Model: func(context.Context) (embed.Embedder, error) { return pixels.Embedder{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var l board.Learned
	for p := b.Progress(); !l.Current || p.Done < p.Total || l.Films < p.Total; p = b.Progress() {
		if l, err = b.Learned(finding); err != nil {
			t.Fatal(err)
		}
	}
	if l.Report == nil {
		t.Fatal(l.Problem, l.Unjudged)
	}
	if _, _, err := b.Label(board.Change{Finding: finding, Films: []int{0}, Value: board.Unsure}); err != nil { // so that labels are saved: with what was so
		t.Fatal(err)
	}
	if _, err := b.Undo(""); err != nil {
		t.Fatal(err)
	}
	if s := b.Save(t.Context(), false); s.Error != "" {
		t.Fatal(s)
	}
	printed := output(t, main)
	auc := l.Report.Findings[0].AUC
	if want := fmt.Sprintf("%.2f  %.2f to %.2f", auc.Value, auc.Low, auc.High); !strings.Contains(printed, want) {
		t.Errorf("the workbench says %s, the lines\n%s", want, printed)
	}
	saved, err := os.Open(finding + ".cxrhead")
	if err != nil {
		t.Fatal(err)
	}
	defer saved.Close()
	m, err := head.ReadModel(saved)
	if err != nil || m.Spec().Training.Films != l.Films {
		t.Error(m, err)
	}
}

// output is what a function prints.
func output(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = stdout }()
	printed := make(chan string)
	go func() {
		text, _ := io.ReadAll(r)
		printed <- string(text)
	}()
	f()
	w.Close()
	return <-printed
}
