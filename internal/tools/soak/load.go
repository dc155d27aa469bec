package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/mlp"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// A load is what lives as long as the process, as in a server: one encoder,
// films, sets of embeddings.
type load struct {
	dir    string
	shared embed.Embedder
	folder fs.FS // of good films and damaged ones
	bad    int   // how many of those are damaged
	total  int
	images []*cxr.Image
	want   [][]float32 // embeddings of the images
	bytes  [][]byte    // DICOM files
	train  *head.Dataset
}

const films = 12

func newLoad(dir string) (*load, error) {
	l := &load{dir: dir}
	encoder, err := mini.Open(nil)
	if err != nil {
		return nil, err
	}
	l.shared = encoder
	files := fstest.MapFS{}
	for _, f := range (phantom.Cohort{Patients: films, Seed: 3, Size: 256}).Films()[:films] {
		file := f.DICOM()
		l.bytes = append(l.bytes, file)
		files["good/"+strings.ReplaceAll(f.ID, "/", "_")+".dcm"] = &fstest.MapFile{Data: file}
		m, err := dicomconv.New(nil).Normalize(bytes.NewReader(file))
		if err != nil {
			return nil, err
		}
		m.ID = f.ID
		l.images = append(l.images, m)
	}
	for name, file := range dicomtest.Hostile() {
		if len(file) < 1<<20 { // 40 MB of zeros again and again would be a test of the allocator
			files["hostile/"+name+".dcm"] = &fstest.MapFile{Data: file}
		}
	}
	l.folder = files
	l.total = len(files)
	for _, m := range l.images {
		v, err := l.shared.Embed(context.Background(), m)
		if err != nil {
			return nil, err
		}
		l.want = append(l.want, v[0].Values)
	}
	l.train = headtest.Gaussian{Seed: 5, Films: 160, Patients: 80, Dim: 64, Strength: 1}.Make()

	src := dicomconv.New(nil).Files(l.folder, "*/*.dcm")
	if err := (embed.Run{}).Do(context.Background(), still(l.shared.Space()), src, func(e embed.Event) error {
		if e.Err != nil {
			l.bad++
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if l.bad == 0 || l.total-l.bad < films {
		return nil, fmt.Errorf("%d of %d files are bad", l.bad, l.total)
	}
	return l, nil
}

// still gives every film the same embedding.
type stillEmbedder cxr.Space

func still(s cxr.Space) embed.Embedder { return stillEmbedder(s) }

func (s stillEmbedder) Space() cxr.Space { return cxr.Space(s) }

func (s stillEmbedder) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, cxr.Space(s), images, func(context.Context, *cxr.Image) ([]float32, error) {
		return make([]float32, s.Tokens*s.Dim), nil
	})
}

// A round is one thing that a server does.
type round struct {
	name string
	do   func(l *load, ctx context.Context, rng *rand.Rand) error
}

var all = []round{
	{"films embedded", (*load).embed},
	{"films embedded under a deadline", (*load).deadline},
	{"films embedded under a deadline", (*load).deadline},
	{"an encoder opened and dropped", (*load).open},
	{"a linear head", (*load).linear},
	{"a network given up", (*load).network},
	{"damaged files", (*load).damaged},
	{"a run left in the middle", (*load).leave},
	{"a caller that panics", (*load).panics},
	{"a folder of embeddings", (*load).tfrecords},
	{"shards closed under use", (*load).shards},
	{"a head's report", (*load).report},
}

func (l *load) embed(ctx context.Context, rng *rand.Rand) error {
	k := rng.IntN(len(l.images))
	got, err := l.shared.Embed(ctx, l.images[k])
	if err != nil {
		return err
	}
	if !slices.Equal(got[0].Values, l.want[k]) {
		return errors.New("the embedding of a film changed")
	}
	return nil
}

// deadline embeds under a deadline that the call may meet or miss: either is
// right, a wrong vector is not.
func (l *load) deadline(ctx context.Context, rng *rand.Rand) error {
	for range 20 {
		k := rng.IntN(len(l.images))
		short, cancel := context.WithTimeout(ctx, time.Duration(rng.IntN(25_000))*time.Microsecond)
		got, err := l.shared.Embed(short, l.images[k])
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		if err == nil && !slices.Equal(got[0].Values, l.want[k]) {
			return errors.New("the embedding of a film changed")
		}
	}
	return nil
}

func (l *load) open(ctx context.Context, rng *rand.Rand) error {
	e, err := mini.Open(nil)
	if err != nil {
		return err
	}
	_, err = e.Embed(ctx, l.images[rng.IntN(len(l.images))])
	return err
}

func (l *load) linear(ctx context.Context, rng *rand.Rand) error {
	m, err := head.Linear{C: []float64{0.01, 0.1, 1, 10}[rng.IntN(4)]}.Fit(ctx, l.train, nil)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if _, err := m.WriteTo(&file); err != nil {
		return err
	}
	_, err = head.ReadModel(&file)
	return err
}

func (l *load) network(ctx context.Context, rng *rand.Rand) error {
	short, cancel := context.WithTimeout(ctx, time.Duration(rng.IntN(300))*time.Millisecond)
	defer cancel()
	_, err := mlp.Trainer{Hidden: []int{32, 16}, Epochs: 20, Seed: rng.Uint64()}.Fit(short, l.train, nil)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// damaged reads the folder, and mutants of a good file.
func (l *load) damaged(ctx context.Context, rng *rand.Rand) error {
	bad, seen := 0, 0
	src := dicomconv.New(nil).Files(l.folder, "*/*.dcm")
	err := embed.Run{Batch: 1 + rng.IntN(4)}.Do(ctx, still(l.shared.Space()), src, func(e embed.Event) error {
		seen++
		if e.Err != nil {
			bad++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if bad != l.bad || seen != l.total {
		return fmt.Errorf("%d of %d files are bad, were %d of %d", bad, seen, l.bad, l.total)
	}
	for range 20 {
		file := slices.Clone(l.bytes[rng.IntN(len(l.bytes))])
		for range 1 + rng.IntN(8) {
			file[rng.IntN(min(len(file), 2000))] = byte(rng.Uint32())
		}
		dicomconv.New(nil).Normalize(bytes.NewReader(file[:rng.IntN(len(file)+1)])) // an error or a film: either is right
	}
	return nil
}

var errEnough = errors.New("enough")

// leave ends a run by an error of the caller, by the end of its context or by
// leaving the loop.
func (l *load) leave(ctx context.Context, rng *rand.Rand) error {
	src := dicomconv.New(nil).Files(l.folder, "*/*.dcm")
	n, way := rng.IntN(l.total), rng.IntN(3)
	short, cancel := context.WithCancel(ctx)
	defer cancel()
	r := embed.Run{Parallel: 1 + rng.IntN(4)}
	if way == 0 {
		for e, err := range r.All(ctx, still(l.shared.Space()), src) {
			if err != nil || e.Index == n {
				return err
			}
		}
	}
	err := r.Do(short, still(l.shared.Space()), src, func(e embed.Event) error {
		switch {
		case e.Index < n:
		case way == 1:
			return errEnough
		default:
			cancel()
		}
		return nil
	})
	if way == 1 && !errors.Is(err, errEnough) || way == 2 && err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("left by way %d: %w", way, err)
	}
	return nil
}

// panics has a caller's function panic, which is the caller's to see, and
// nothing of the run may stay behind.
func (l *load) panics(ctx context.Context, rng *rand.Rand) (err error) {
	defer func() {
		if got := recover(); got != "the caller's" {
			err = fmt.Errorf("a caller's panic became %v", got)
		}
	}()
	src := dicomconv.New(nil).Files(l.folder, "*/*.dcm")
	n := rng.IntN(l.total)
	return embed.Run{}.Do(ctx, still(l.shared.Space()), src, func(e embed.Event) error {
		if e.Index == n {
			panic("the caller's")
		}
		return nil
	})
}

func (l *load) tfrecords(ctx context.Context, rng *rand.Rand) error {
	dir, err := os.MkdirTemp(l.dir, "folder")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	space := l.shared.Space()
	format := []store.Format{store.TFRecord, store.NPZ}[rng.IntN(2)]
	for range 2 { // the second finds all
		s, err := store.Open(dir, space, &store.Options{Format: format})
		if err != nil {
			return err
		}
		if _, _, err := (embed.Run{Store: s}).Collect(ctx, still(space), cxr.Images(l.images...)); err != nil {
			return err
		}
	}
	return nil
}

// shards closes a store while others read and write it.
func (l *load) shards(ctx context.Context, rng *rand.Rand) error {
	dir, err := os.MkdirTemp(l.dir, "shards")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	space := l.shared.Space()
	s, err := shards.Open(dir, space, &shards.Options{Bytes: 1 << 14})
	if err != nil {
		return err
	}
	done := make(chan error)
	go func() {
		for k := range l.images {
			v := &cxr.Embedding{ID: l.images[k].ID, Space: space.For(l.images[k]), Values: l.want[k]}
			err := s.Put(ctx, embed.KeyOf(space, l.images[k]), v)
			if errors.Is(err, fs.ErrClosed) {
				break
			}
			if err != nil {
				done <- err
				return
			}
		}
		close(done)
	}()
	time.Sleep(time.Duration(rng.IntN(3000)) * time.Microsecond)
	err = errors.Join(s.Close(), <-done)
	if err != nil {
		return err
	}
	r, err := shards.Read(dir)
	if errors.Is(err, fs.ErrNotExist) { // closed before the first film
		return nil
	}
	if err != nil {
		return err
	}
	return r.Close()
}

func (l *load) report(ctx context.Context, _ *rand.Rand) error {
	train, test, err := head.Split(l.train, 0.4, 1)
	if err != nil {
		return err
	}
	m, err := head.Linear{}.Fit(ctx, train, nil)
	if err != nil {
		return err
	}
	r, err := report.Evaluate(m, test, nil)
	if err != nil {
		return err
	}
	_, err = io.WriteString(io.Discard, r.HTML())
	return err
}
