package cxrbeam

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/examples/internal/input"
)

func init() {
	beam.RegisterType(reflect.TypeFor[Film]())
	register.DoFn3x1[context.Context, argument, func(string, Film), error](&listFn{})
	register.DoFn5x1[context.Context, string, func(*Film) bool, func(Film), func(string), error](&distinctFn{})
	register.Emitter2[string, Film]()
	register.Emitter1[Film]()
	register.Emitter1[string]()
	register.Iter1[Film]()
	beam.RegisterType(reflect.TypeFor[argument]())
}

// A Film is a file that was found: not its pixels.
type Film struct {
	Place string // folder, zip file, pattern or bucket in which it was found
	ID    string // its whole path
	Order int64  // of the place among all
}

type argument struct {
	Place string
	Order int64
}

// Match finds films: folders, zip files, films and patterns of them, also in
// buckets. Each place is listed by one worker: many folders are listed at once.
// Places must look the same from every worker. It gives films, each once, and the
// lines for [WriteFailures] of those whose name, but for capitals, another has.
func Match(s beam.Scope, places ...string) (films, failures beam.PCollection) {
	s = s.Scope("Match")
	all := make([]argument, len(places))
	for i, p := range places {
		all[i] = argument{p, int64(i)}
	}
	listed := beam.ParDo(s, &listFn{}, beam.Reshuffle(s, beam.CreateList(s, all)))
	return beam.ParDo2(s, &distinctFn{}, beam.GroupByKey(s, listed))
}

// A listFn lists a place.
type listFn struct{}

// ProcessElement emits films by their names in small letters.
func (*listFn) ProcessElement(ctx context.Context, a argument, emit func(string, Film)) error {
	inputs, err := input.Find(ctx, a.Place)
	if err != nil {
		return err
	}
	c := dicomconv.New(nil)
	for _, in := range inputs {
		for _, path := range c.Files(in.FS, in.Within...).Paths() {
			id := in.Prefix + path
			emit(strings.ToLower(id), Film{a.Place, id, a.Order})
		}
		err = errors.Join(err, in.Close())
	}
	return err
}

// A distinctFn takes one film of each name.
type distinctFn struct{}

// ProcessElement takes the first film, in the order in which one machine would
// come upon them.
func (*distinctFn) ProcessElement(ctx context.Context, _ string, films func(*Film) bool, emit func(Film), fail func(string)) error {
	var first, film Film
	for n := 0; films(&film); n++ {
		switch {
		case n == 0:
			first = film
			continue
		case film.Order < first.Order || film.Order == first.Order && film.ID < first.ID:
			first, film = film, first
		}
		if err := deadLetter(ctx, fail, embed.Event{ID: film.ID, Err: &cxr.ItemError{ID: film.ID, Path: film.ID, Op: "name", Err: cxr.ErrDuplicate}}); err != nil {
			return err
		}
	}
	emit(first)
	return nil
}

// missing is the failure of a film that was listed and is gone.
func missing(f Film, err error) embed.Event {
	return embed.Event{ID: f.ID, Err: &cxr.ItemError{ID: f.ID, Path: f.ID, Op: "read", Err: fmt.Errorf("gone since it was listed: %w", err)}}
}
