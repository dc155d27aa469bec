package cxrbeam

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/cxrkit/cxrkit/embed"
)

// FailuresFile names the films that failed, as runinference's does.
const FailuresFile = "failures.jsonl"

func init() {
	register.DoFn3x1[context.Context, int64, func(*string) bool, error](&failuresFn{})
	register.Function1x2(toOne)
	register.Iter1[string]()
	register.Emitter2[int64, string]()
}

// A failure is a line of the failures file.
type failure struct {
	ID    string `json:"id"`
	Bytes []byte `json:"id_bytes,omitempty"` // of an ID that is no text
	Event string `json:"event"`
	Error string `json:"error"`
}

// counters are upstream's, by the names that events have.
var counters = func() map[string]beam.Counter {
	all := map[string]beam.Counter{}
	for _, name := range []string{"successful-inference", "output-file-exists", "non-frontal", "failed-inference", "failed-output", "failed-example-creation"} {
		all[name] = beam.NewCounter("cxrkit", name)
	}
	return all
}()

// deadLetter counts a film that failed, and emits its line.
func deadLetter(ctx context.Context, fail func(string), e embed.Event) error {
	counters[e.Name()].Inc(ctx, 1)
	f := failure{ID: e.ID, Event: e.Name(), Error: e.Err.Error()}
	if !utf8.ValidString(f.ID) {
		f.Bytes = []byte(f.ID)
	}
	line, err := json.Marshal(f)
	if err == nil {
		fail(string(line))
	}
	return err
}

// WriteFailures writes the lines of all films that failed, sorted, to
// [FailuresFile] in the output: an empty file if there are none. One worker holds
// them all.
func WriteFailures(s beam.Scope, o *Options, failures ...beam.PCollection) {
	s = s.Scope("WriteFailures")
	none := beam.Create(s, "") // so that there is a file
	lines := beam.ParDo(s, toOne, beam.Flatten(s, append(failures, none)...))
	beam.ParDo0(s, &failuresFn{Output: o.Output}, beam.GroupByKey(s, lines))
}

func toOne(line string) (int64, string) { return 0, line }

// A failuresFn writes the file.
type failuresFn struct{ Output string }

// ProcessElement writes all lines.
func (f *failuresFn) ProcessElement(ctx context.Context, _ int64, lines func(*string) bool) error {
	return (&linesFile{f.Output, FailuresFile}).write(ctx, lines)
}

// A linesFile is a file of sorted lines.
type linesFile struct{ folder, name string }

// write writes the file, without empty lines.
func (f *linesFile) write(ctx context.Context, lines func(*string) bool) error {
	var all []string
	for line := ""; lines(&line); {
		if line != "" {
			all = append(all, line+"\n")
		}
	}
	slices.Sort(all)
	folder, closer, err := openFolder(ctx, f.folder)
	if err != nil {
		return err
	}
	defer closer()
	return folder.WriteFile(ctx, f.name, []byte(strings.Join(slices.Compact(all), "")))
}
