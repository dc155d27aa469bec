package cxrbeam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/examples/internal/input"
)

func init() {
	beam.RegisterType(reflect.TypeFor[Row]())
	register.DoFn4x1[context.Context, Film, func(int64, Row), func(string), error](&embedFn{})
	register.DoFn5x1[context.Context, int64, func(*Film) bool, func(int64, Row), func(string), error](&laneFn{})
	register.DoFn1x2[Film, int64, Film](&dealFn{})
	register.Emitter2[int64, Row]()
}

// chunk is how many films are read and embedded together.
const chunk = 64

// A Row is the embedding of a film on its way to a shard.
type Row struct {
	ID, Content string
	Values      []byte // float32, little-endian
}

// Embed reads films, normalizes them and embeds them, on whichever worker has
// them: pictures, a hundred times the size of what is made of them, are nowhere
// kept. Films that are in the output already are not embedded again. It gives the
// rows for [WriteShards], by number of the shard, and the lines of the films that
// failed for [WriteFailures]. Of a TFRecord output the rows are empty: each film's
// file is written at once.
//
// Films that could not be stored because there is no room, and all else that is
// not about one film, fail the bundle, which engines try again.
func Embed(s beam.Scope, films beam.PCollection, o *Options) (rows, failures beam.PCollection) {
	s = s.Scope("Embed")
	w := worker{Options: *o}
	if o.Model.inLanes() {
		lanes := beam.ParDo(s, &dealFn{Lanes: o.Model.lanes()}, films)
		return beam.ParDo2(s, &laneFn{Worker: w}, beam.GroupByKey(s, lanes))
	}
	return beam.ParDo2(s, &embedFn{Worker: w}, films)
}

// An embedFn embeds films in chunks of a bundle.
type embedFn struct {
	Worker worker
	films  []Film
}

// StartBundle forgets what a failed bundle has left.
func (f *embedFn) StartBundle(context.Context, func(int64, Row), func(string)) error {
	f.films = nil
	return nil
}

// ProcessElement waits for a chunk.
func (f *embedFn) ProcessElement(ctx context.Context, film Film, row func(int64, Row), fail func(string)) error {
	f.films = append(f.films, film)
	if len(f.films) < chunk {
		return nil
	}
	return f.FinishBundle(ctx, row, fail)
}

// FinishBundle embeds what waits.
func (f *embedFn) FinishBundle(ctx context.Context, row func(int64, Row), fail func(string)) error {
	films := f.films
	f.films = nil
	if len(films) == 0 {
		return nil
	}
	e, err := f.Worker.Options.Model.shared()
	if err != nil {
		return err
	}
	return f.Worker.embed(ctx, e, films, row, fail)
}

// Teardown closes the output.
func (f *embedFn) Teardown() error { return f.Worker.close() }

// A dealFn gives films a lane.
type dealFn struct{ Lanes int64 }

// ProcessElement deals by name.
func (f *dealFn) ProcessElement(film Film) (int64, Film) {
	h := fnv.New64a()
	h.Write([]byte(film.ID))
	return int64(h.Sum64() % uint64(f.Lanes)), film
}

// A laneFn embeds the films of a lane, at the lane's rate.
type laneFn struct{ Worker worker }

// ProcessElement embeds a whole lane, with a client of its own.
func (f *laneFn) ProcessElement(ctx context.Context, _ int64, films func(*Film) bool, row func(int64, Row), fail func(string)) error {
	e, err := f.Worker.Options.Model.open(ctx)
	if err != nil {
		return err
	}
	defer e.close()
	var some []Film
	for film := (Film{}); films(&film); {
		if some = append(some, film); len(some) == chunk {
			if err := f.Worker.embed(ctx, e, some, row, fail); err != nil {
				return err
			}
			some = nil
		}
	}
	return f.Worker.embed(ctx, e, some, row, fail)
}

// Teardown closes the output.
func (f *laneFn) Teardown() error { return f.Worker.close() }

// A worker embeds films. Bundles have one each.
type worker struct {
	Options Options
	out     output
}

func (w *worker) close() error {
	if w.out == nil {
		return nil
	}
	defer func() { w.out = nil }()
	return w.out.close()
}

// embed embeds films as one machine does, by [embed.Run].
func (w *worker) embed(ctx context.Context, e *engine, films []Film, row func(int64, Row), fail func(string)) (err error) {
	if len(films) == 0 {
		return nil
	}
	if w.out == nil {
		if w.out, err = w.Options.openOutput(ctx, e.space()); err != nil {
			return err
		}
	}
	inputs, gone, err := find(ctx, films)
	if err != nil {
		return err
	}
	for _, f := range gone {
		if err := deadLetter(ctx, fail, missing(f, fs.ErrNotExist)); err != nil {
			return err
		}
	}
	r := embed.Run{Batch: w.Options.Batch, Parallel: w.Options.Parallel, Store: w.out}
	err = r.Do(ctx, e.embedder, input.NewFilms(e.converter, 0, inputs), func(ev embed.Event) error {
		if ev.Err == nil {
			counters[ev.Name()].Inc(ctx, 1)
			return nil
		}
		if ev.Name() == "failed-output" { // try again, and lose nothing
			return ev.Err
		}
		return deadLetter(ctx, fail, ev)
	})
	if err != nil && !errors.Is(err, embed.ErrAllFailed) { // a chunk of bad films is none
		return err
	}
	return w.out.take(func(r Row) error {
		number, err := shardOf(r.Content, w.Options.shards())
		if err == nil {
			row(number, r)
		}
		return err
	})
}

// find opens the places of films. Films that are gone are told apart.
func find(ctx context.Context, films []Film) (inputs []input.Input, gone []Film, err error) {
	byPlace := map[string][]string{}
	var places []string
	for _, f := range films {
		if byPlace[f.Place] == nil {
			places = append(places, f.Place)
		}
		byPlace[f.Place] = append(byPlace[f.Place], f.ID)
	}
	there := map[string]bool{}
	for _, place := range places {
		some, err := input.Find(ctx, place)
		if err == nil {
			some, err = input.Only(some, byPlace[place])
		}
		if err != nil {
			return nil, nil, fmt.Errorf("films listed in one of the places: %w", err)
		}
		for _, in := range some {
			for _, name := range in.Within {
				there[in.Prefix+name] = true
			}
		}
		inputs = append(inputs, some...)
	}
	for _, f := range films {
		if !there[f.ID] {
			gone = append(gone, f)
		}
	}
	return inputs, gone, nil
}

// less orders rows of a shard.
func less(a, b Row) int {
	return bytes.Compare([]byte(a.Content+"\x00"+a.ID), []byte(b.Content+"\x00"+b.ID))
}
