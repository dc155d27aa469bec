package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/examples/internal/progress"
)

const failuresFile = "failures.jsonl"

// A tally counts outcomes by their names in upstream's pipeline.
type tally struct {
	counts map[string]int
	failed []failure
	bar    *progress.Progress
}

// A failure is a line of the failures file.
type failure struct {
	ID    string `json:"id"`
	Bytes []byte `json:"id_bytes,omitempty"` // of an ID that is no text: JSON would not bring it back
	Event string `json:"event"`
	Error string `json:"error"`
}

func newFailure(film embed.Event) failure {
	f := failure{ID: film.ID, Event: film.Name(), Error: film.Err.Error()}
	if !utf8.ValidString(f.ID) {
		f.Bytes = []byte(f.ID)
	}
	return f
}

func (t *tally) add(v embed.Event) {
	t.counts[v.Name()]++
	if v.Err != nil && v.Name() != "non-frontal" {
		t.failed = append(t.failed, newFailure(v))
	}
	t.bar.Step()
}

func (t *tally) print(w io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(t.counts)) {
		fmt.Fprintf(w, "%s: %d\n", name, t.counts[name])
	}
	const most = 10 // the file names all
	for _, f := range t.failed[:min(len(t.failed), most)] {
		fmt.Fprintf(w, "  %s\n", f.Error)
	}
	if more := len(t.failed) - most; more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}

// write replaces the failures of an earlier run, but for those that were to be
// tried again and were not reached.
func (t *tally) write(ctx context.Context, f store.Folder, untried map[string]failure) error {
	lines := t.failed
	for _, id := range slices.Sorted(maps.Keys(untried)) {
		lines = append(lines, untried[id])
	}
	var b bytes.Buffer
	for _, l := range lines {
		if err := json.NewEncoder(&b).Encode(l); err != nil {
			return err
		}
	}
	return f.WriteFile(ctx, failuresFile, b.Bytes())
}

// readFailures is what write left, by id.
func readFailures(f fs.FS) (map[string]failure, error) {
	data, err := fs.ReadFile(f, failuresFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--retry_failed: no %s in the output_path; a run without the flag resumes where the last ended", failuresFile)
	}
	failed := map[string]failure{}
	for d := json.NewDecoder(bytes.NewReader(data)); err == nil; {
		var one failure
		if err = d.Decode(&one); err == nil {
			if one.Bytes != nil {
				one.ID = string(one.Bytes)
			}
			failed[one.ID] = one
		}
	}
	if err != io.EOF {
		return nil, fmt.Errorf("%s: %w", failuresFile, err)
	}
	return failed, nil
}
