package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/testkit/pacs"
)

// The test binary is the program itself where a test kills it.
func TestMain(m *testing.M) {
	if os.Getenv("PACS_TEST_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const key = "0123456789abcdef\n"

// ward is a server of phantoms, a head, and the scores of the same films from disk.
type ward struct {
	server *pacs.Server
	args   []string
	out    string
	want   map[string]float64
}

func newWard(t *testing.T, n int, o *pacs.Options) *ward {
	t.Helper()
	files := pacs.Phantoms(n, 48)
	s, err := pacs.NewServer(files, o)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	folder := fstest.MapFS{}
	for i, file := range files {
		folder[fmt.Sprint(i)] = &fstest.MapFile{Data: file}
	}
	model, err := mini.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	films := dicomconv.New(&dicomconv.Options{PseudonymKey: []byte(key[:16])}).Files(folder)
	embeddings, _, err := embed.Run{}.Collect(t.Context(), model, films)
	if err != nil {
		t.Fatal(err)
	}
	d := &head.Dataset{Findings: []string{"effusion", "opacity"}}
	for i, e := range embeddings {
		d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: []head.Label{head.Negative + head.Label(i%2), head.Negative + head.Label(i/2%2)}})
	}
	classifier, err := head.Linear{}.Fit(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &ward{server: s, want: map[string]float64{}}
	for _, e := range embeddings {
		p, err := classifier.Predict(e)
		if err != nil {
			t.Fatal(err)
		}
		w.want[e.ID] = p[1]
	}
	dir := t.TempDir()
	var b bytes.Buffer
	if _, err := classifier.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"key": key, "head": b.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.out = filepath.Join(dir, "scores.csv")
	w.args = []string{"-url", h.URL + "/dicom-web", "-key", filepath.Join(dir, "key"), "-head", filepath.Join(dir, "head"), "-out", w.out}
	return w
}

// check compares the table with the scores from disk.
func (w *ward) check(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile(w.out)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil || strings.Join(rows[0], ",") != "film,effusion,opacity,refused" || len(rows) != len(w.want)+1 {
		t.Fatalf("%d lines, error %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		got, err := strconv.ParseFloat(row[2], 64)
		if want, ok := w.want[row[0]]; !ok || err != nil || row[3] != "" || got-want > 1e-5 || want-got > 1e-5 {
			t.Errorf("%q, want %v", row, want)
		}
		delete(w.want, row[0])
	}
	if strings.Contains(string(b), "2.25.") || strings.Contains(string(b), "DOE") {
		t.Error("a film's or patient's name is in the table")
	}
}

func TestScoresAreThoseFromDisk(t *testing.T) {
	w := newWard(t, 8, &pacs.Options{Dialect: pacs.Google})
	var out, errs strings.Builder
	if err := run(t.Context(), w.args, &out, &errs); err != nil {
		t.Fatal(err)
	}
	if out.String() != "scored 8 films, refused 0, had 0 before\n" || errs.String() != "" {
		t.Errorf("%q, %q", out.String(), errs.String())
	}
	out.Reset()
	if err := run(t.Context(), w.args, &out, &errs); err != nil || out.String() != "scored 0 films, refused 0, had 8 before\n" {
		t.Errorf("%q, error %v", out.String(), err)
	}
	if n := w.server.Retrieved(); n != 8 {
		t.Errorf("%d retrievals", n)
	}
	w.check(t)
	if err := os.WriteFile(w.out, []byte("film,other,refused\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), w.args, &out, &errs); err == nil || !strings.Contains(err.Error(), "not a table of scores by this head") {
		t.Error(err)
	}
}

// Killed at any moment, the same command goes on, and every film is there once.
func TestKilledAndResumed(t *testing.T) {
	w := newWard(t, 30, nil)
	kills := 0
	for kills < 3 {
		c := exec.Command(os.Args[0], w.args...)
		c.Env = append(os.Environ(), "PACS_TEST_PROGRAM=1")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		size := func() int64 {
			if info, err := os.Stat(w.out); err == nil {
				return info.Size()
			}
			return 0
		}
		for before, start := size(), time.Now(); size() < before+200 && time.Since(start) < 20*time.Second; {
			time.Sleep(time.Millisecond)
		}
		c.Process.Kill()
		c.Wait()
		kills++
		if b, err := os.ReadFile(w.out); err != nil || bytes.Count(b, []byte("\n")) > 30 {
			t.Fatalf("too late to kill it: %v", err)
		}
		f, err := os.OpenFile(w.out, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString("QXTORN,0.1") // as if a line was cut off
			f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), w.args, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := w.server.Retrieved(); n > 30+3*16 {
		t.Errorf("%d retrievals of 30 films", n)
	}
	w.check(t)
}

// A film that the server does not give is no line of the table, and tried again;
// one that is refused is a line.
func TestFilmsThatFail(t *testing.T) {
	down := true
	w := newWard(t, 6, &pacs.Options{Fault: func(r *http.Request, _ int) pacs.Fault {
		if down && strings.HasSuffix(r.URL.Path, "2") && strings.Contains(r.URL.Path, "/instances/") {
			return pacs.Fault{Status: http.StatusNotFound}
		}
		return pacs.Fault{}
	}})
	var out, errs strings.Builder
	err := run(t.Context(), w.args, &out, &errs)
	if err == nil || !strings.Contains(err.Error(), "films that the server did not give: 1") || strings.Contains(errs.String(), "2.25.") || !strings.Contains(errs.String(), "status 404") {
		t.Errorf("%v, %q, %q", err, out.String(), errs.String())
	}
	down = false
	if err := run(t.Context(), w.args, &out, &errs); err != nil {
		t.Error(err)
	}
	w.check(t)

	w = newWard(t, 4, nil)
	if err := run(t.Context(), append(w.args, "-modality", "DX", "-view", "AP"), &out, &errs); err != nil { // the stand-in tells it: none is asked for
		t.Error(err)
	}
	if n := w.server.Retrieved(); n != 0 {
		t.Errorf("%d retrievals", n)
	}
}

func TestFlags(t *testing.T) {
	for want, args := range map[string][]string{
		"are needed":           {},
		"is no flag":           {"-url", "u", "-key", "k", "-head", "h", "film"},
		`"tomorrow" is no day`: {"-url", "u", "-key", "k", "-head", "h", "-from", "tomorrow"},
		"no such file":         {"-url", "u", "-key", "k", "-head", "none"},
	} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", args, err, want)
		}
	}
	o, err := parse([]string{"-url", "u", "-key", "k", "-head", "h", "-from", "2026-01-31", "-to", "2026-01-31", "-bodypart", "CHEST"}, io.Discard)
	if err != nil || o.query.From.IsZero() || !o.query.From.Equal(o.query.To) || len(o.query.Modalities) != 2 || len(o.query.BodyParts) != 1 {
		t.Errorf("%+v, error %v", o, err)
	}
}
