package cxrbeam_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	beamlog "github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
	"github.com/cxrkit/cxrkit/examples/beam/cxrbeam"
	"github.com/cxrkit/cxrkit/examples/beam/internal/alone"
	"github.com/cxrkit/cxrkit/examples/beam/internal/cluster"
	"github.com/cxrkit/cxrkit/examples/internal/input"
)

func init() {
	register.DoFn3x1[context.Context, cxrbeam.Film, func(cxrbeam.Film), error](&troubleFn{})
}

func TestMain(m *testing.M) {
	id := flag.String("worker_id", "", "")
	provision := flag.String("provision_endpoint", "", "")
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "--id=") { // started by the runner
		os.Args = append([]string{os.Args[0], "--worker_id=" + strings.TrimPrefix(os.Args[1], "--id=")}, os.Args[2:]...)
		flag.Parse()
		fmt.Fprintln(os.Stderr, cxrbeam.Work(*id, *provision))
		os.Exit(1)
	}
	flag.Parse()
	alone.Enter() // Prism listens on every interface: here there is but the loopback
	slog.SetDefault(slog.New(slog.DiscardHandler))
	beamlog.SetLogger(&beamlog.Standard{Level: beamlog.SevFatal})
	beam.Init()
	os.Exit(onEngine(m))
}

// A troubleFn passes films on, and fails or dies at some of them, each time at
// one that is further on.
type troubleFn struct {
	Dir      string // of a file for each trouble, with the process that had it
	Every    int
	Times    int // 0: 2
	Kill     bool
	Machines []int // with Kill: also that of these processes on which it runs
}

var seen atomic.Int64

func (f *troubleFn) ProcessElement(_ context.Context, film cxrbeam.Film, emit func(cxrbeam.Film)) error {
	if n := seen.Add(1); f.Every > 0 && n%int64(f.Every) == 0 {
		if troubles, _ := filepath.Glob(filepath.Join(f.Dir, "*")); len(troubles) < cmp.Or(f.Times, 2) {
			name := filepath.Join(f.Dir, fmt.Sprint(len(troubles)))
			if err := os.WriteFile(name, []byte(fmt.Sprint(os.Getpid())), 0o666); err != nil {
				return err
			}
			if len(f.Machines) > 0 {
				if err := cluster.KillMachineOf(os.Getpid(), f.Machines); err != nil {
					return err
				}
			}
			if f.Kill {
				return syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			return errors.New("injected failure")
		}
	}
	emit(film)
	return nil
}

// stuck is the time that a job is given.
var stuck = 2 * time.Minute

// run runs a pipeline on Prism, or on the engine that -cluster names, and gives its
// counters.
func run(t *testing.T, build func(beam.Scope)) (map[string]int64, error) {
	t.Helper()
	p, s := beam.NewPipelineWithRoot()
	build(s)
	type result struct {
		beam.PipelineResult
		error
	}
	done := make(chan result, 1)
	go func() {
		r, err := execute(context.Background(), p)
		done <- result{r, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-time.After(stuck):
		return nil, errors.New("the job does not end") // Prism sometimes does not notice that a worker is gone
	}
	err := r.error
	counts := map[string]int64{}
	if err == nil {
		for _, c := range r.Metrics().AllMetrics().Counters() {
			if c.Namespace() == "cxrkit" {
				counts[c.Name()] += c.Result()
			}
		}
	}
	return counts, err
}

// pipeline is the whole, with trouble in its middle.
func pipeline(t *testing.T, o *cxrbeam.Options, trouble *troubleFn, places ...string) func(beam.Scope) {
	t.Helper()
	space, err := o.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	return func(s beam.Scope) {
		films, unfit := cxrbeam.Match(s, places...)
		if trouble != nil {
			films = beam.ParDo(s, trouble, films)
		}
		rows, failed := cxrbeam.Embed(s, films, o)
		cxrbeam.WriteShards(s, rows, space, o)
		cxrbeam.WriteFailures(s, o, unfit, failed)
	}
}

// phantoms are n films, one of which has another's pixels, beside a file that is
// no film and two whose names differ but for a capital.
func phantoms(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		film := phantom.Film{Seed: uint64(i), Anatomy: uint64(i), Size: 128}
		film.Has[phantom.Effusion] = i%2 == 1
		write(fmt.Sprintf("p%d/%03d.dcm", i%3, i), film.DICOM())
	}
	same := phantom.Film{Size: 128}.DICOM()
	write("p0/same.dcm", same)
	write("p1/case.dcm", same)
	write("p1/CASE.dcm", same)
	write("p2/bad.dcm", []byte("no film"))
	return dir
}

// One machine's embeddings, by id, and the ids of films that fail.
func oneMachine(t *testing.T, places ...string) (embeddings map[string]*cxr.Embedding, failed []string) {
	t.Helper()
	e, err := mini.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	var inputs []input.Input
	for _, p := range places {
		some, err := input.Find(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, some...)
	}
	embeddings = map[string]*cxr.Embedding{}
	err = embed.Run{}.Do(t.Context(), e, input.NewFilms(dicomconv.New(&dicomconv.Options{Recipe: cxr.Standard}), 0, inputs), func(ev embed.Event) error {
		if ev.Err != nil {
			failed = append(failed, ev.ID)
		} else {
			embeddings[ev.ID] = ev.Embedding
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(failed)
	return embeddings, failed
}

// equal compares an output with one machine's, bit for bit.
func equal(t *testing.T, out string, want map[string]*cxr.Embedding, failed []string) {
	t.Helper()
	var list []*cxr.Embedding
	if files, _ := filepath.Glob(filepath.Join(out, "*.arrow")); len(files) > 0 {
		r, err := shards.Read(out)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.Verify(); err != nil {
			t.Error(err)
		}
		for i := range r.Len() {
			if i > 0 && r.Content(i) < r.Content(i-1) {
				t.Error("not sorted by content")
			}
			list = append(list, r.Embedding(i))
		}
	} else {
		var err error
		if list, err = store.Read(out); err != nil {
			t.Fatal(err)
		}
	}
	if len(list) != len(want) {
		t.Errorf("%d embeddings, want %d", len(list), len(want))
	}
	for _, got := range list {
		w := want[got.ID]
		if w == nil || !slices.Equal(got.Values, w.Values) || got.Space != w.Space {
			t.Errorf("%s differs from one machine's", got.ID)
		}
	}
	data, err := os.ReadFile(filepath.Join(out, cxrbeam.FailuresFile))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for d := json.NewDecoder(bytes.NewReader(data)); d.More(); {
		var f struct{ ID, Event, Error string }
		if err := d.Decode(&f); err != nil {
			t.Fatal(err)
		}
		if f.Error == "" || f.Event == "" {
			t.Errorf("failure without reason: %+v", f)
		}
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	if !slices.Equal(ids, failed) {
		t.Errorf("failed films %v, want %v", ids, failed)
	}
}

// contents are the files of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(data)
	}
	return all
}

func TestEqualsOneMachine(t *testing.T) {
	in := phantoms(t, 12)
	want, failed := oneMachine(t, in)
	for _, format := range []string{"arrow", "tfrecord"} {
		t.Run(format, func(t *testing.T) {
			o := &cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local"}, Output: t.TempDir(), Format: format, Shards: 3}
			counts, err := run(t, pipeline(t, o, nil, in))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, o.Output, want, failed)
			if n := counts["successful-inference"] + counts["output-file-exists"]; n != 14 || counts["failed-example-creation"] != 2 || len(failed) != 2 {
				t.Errorf("counters %v, failed %v", counts, failed)
			}
			before := contents(t, o.Output)
			counts, err = run(t, pipeline(t, o, nil, in))
			if err != nil || !maps.Equal(counts, map[string]int64{"output-file-exists": 14, "failed-example-creation": 2}) {
				t.Errorf("again: counters %v, error %v", counts, err)
			}
			if after := contents(t, o.Output); !maps.Equal(before, after) {
				t.Errorf("again: files changed: %v, were %v", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
			}
		})
	}
}

// Films come in two runs, which overlap.
func TestRunsAddUp(t *testing.T) {
	in := phantoms(t, 9)
	want, failed := oneMachine(t, in)
	o := &cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local"}, Output: t.TempDir(), Format: "arrow", Shards: 2}
	if _, err := run(t, pipeline(t, o, nil, filepath.Join(in, "p1"), filepath.Join(in, "p2", "00*.dcm"))); err != nil {
		t.Fatal(err)
	}
	counts, err := run(t, pipeline(t, o, nil, in))
	if err != nil || counts["output-file-exists"] < 7 || counts["successful-inference"] < 2 {
		t.Errorf("counters %v, error %v", counts, err)
	}
	equal(t, o.Output, want, failed)
}

// Prism ends a job at its first failing bundle; a user runs it again. Engines do so
// themselves.
func again(t *testing.T, build func(beam.Scope)) (failures int) {
	t.Helper()
	for {
		_, err := run(t, build)
		if err == nil {
			return failures
		}
		if failures++; failures > 6 {
			t.Fatal(err)
		}
	}
}

func TestFailingBundles(t *testing.T) {
	in := phantoms(t, 12)
	want, failed := oneMachine(t, in)
	for _, format := range []string{"arrow", "tfrecord"} {
		o := &cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local"}, Output: t.TempDir(), Format: format, Shards: 3}
		if n := again(t, pipeline(t, o, &troubleFn{Dir: t.TempDir(), Every: 5}, in)); n != jobsLost(2) {
			t.Errorf("%s: %d jobs failed, want %d", format, n, jobsLost(2))
		}
		equal(t, o.Output, want, failed)
	}
}

// Workers are processes, of which two are killed.
func TestKilledWorkers(t *testing.T) {
	in := phantoms(t, 12)
	want, failed := oneMachine(t, in)
	if engine == nil {
		stuck = 10 * time.Second
		defer func() { stuck = 2 * time.Minute }()
	}
	undo, err := asProcesses("{}")
	if err != nil {
		t.Fatal(err)
	}
	defer undo()
	for _, format := range []string{"arrow", "tfrecord"} {
		o := &cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local"}, Output: t.TempDir(), Format: format, Shards: 3}
		trouble := &troubleFn{Dir: t.TempDir(), Every: 5, Kill: true}
		again(t, pipeline(t, o, trouble, in))
		if n := len(contents(t, trouble.Dir)); n != 2 {
			t.Errorf("%s: %d workers were killed, want 2", format, n)
		}
		for _, pid := range contents(t, trouble.Dir) {
			if pid == fmt.Sprint(os.Getpid()) {
				t.Error("films went through this process, not a worker's")
			}
		}
		equal(t, o.Output, want, failed)
	}
}

// The films that developers have beside the project.
func TestSharedFilms(t *testing.T) {
	chest, err := filepath.Abs("../../../../shared/dicom/chest") // workers may have another working folder
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(chest); err != nil {
		t.Skip("no ../shared/dicom/chest beside the project")
	}
	want, failed := oneMachine(t, chest)
	o := &cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local"}, Output: t.TempDir(), Format: "arrow"}
	if _, err := run(t, pipeline(t, o, nil, chest)); err != nil {
		t.Fatal(err)
	}
	equal(t, o.Output, want, failed)
}

// The rate of a hosted model holds however many work on the films.
func TestHostedModelAtARate(t *testing.T) {
	s, err := vertextest.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	in := phantoms(t, 24)
	o := &cxrbeam.Options{Output: t.TempDir(), Format: "tfrecord", Batch: 1, Model: cxrbeam.Model{
		Embedder: "v1", Project: "p", Location: "l", Endpoint: vertextest.V1, Host: s.Addr(), Insecure: true, Rate: 12, Lanes: 4,
	}}
	start := time.Now()
	counts, err := run(t, pipeline(t, o, nil, in))
	took := time.Since(start)
	if n := counts["successful-inference"] + counts["output-file-exists"]; err != nil || n != 26 {
		t.Fatalf("counters %v, error %v", counts, err)
	}
	// Each lane may begin with one request at once; the rest is at the rate.
	if least := time.Duration(float64(26-2*4) / 12 * float64(time.Second)); took < least {
		t.Errorf("took %v, want at least %v", took, least)
	}
	before := contents(t, o.Output)
	if counts, err := run(t, pipeline(t, o, nil, in)); err != nil || counts["output-file-exists"] != 26 || !maps.Equal(before, contents(t, o.Output)) {
		t.Errorf("again: counters %v, error %v", counts, err)
	}
}

func TestMistakes(t *testing.T) {
	there := t.TempDir()
	if err := os.WriteFile(filepath.Join(there, "000000-x.arrow"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	parted := t.TempDir()
	if _, err := (&cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local"}, Output: parted, Format: "arrow", Shards: 4}).Prepare(); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]cxrbeam.Options{
		"no output":            {Format: "arrow"},
		`format "csv"`:         {Output: there, Format: "csv"},
		"mount the bucket":     {Output: "gs://b/x", Format: "arrow"},
		"of another program":   {Output: there, Format: "arrow"},
		"has 4 shards, not 16": {Output: parted, Format: "arrow"},
		"-1 shards":            {Output: parted, Format: "arrow", Shards: -1},
		"a model file is for":  {Output: parted, Format: "arrow", Model: cxrbeam.Model{Embedder: "v1", File: "x"}},
		`embedder "v3"`:        {Output: parted, Format: "arrow", Model: cxrbeam.Model{Embedder: "v3"}},
		"no such file":         {Output: parted, Format: "arrow", Model: cxrbeam.Model{Embedder: "local", File: "none.onnx"}},
		"-2 requests a second": {Output: parted, Format: "arrow", Model: cxrbeam.Model{Embedder: "v1", Rate: -2}},
	} {
		if o.Model == (cxrbeam.Model{}) {
			o.Model.Embedder = "local"
		}
		if _, err := o.Prepare(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", o, err, want)
		}
	}
}
