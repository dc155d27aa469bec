// Package board is the workbench without its page: films and their thumbnails,
// embeddings that are made in the background, labels that are saved as they are
// given, and heads that learn from them.
//
// It opens no file by itself: films come from file systems, and what is to be kept
// goes to a store.Folder, so that it runs in a browser as well.
package board

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
)

// An Input is films within a file system.
type Input struct {
	FS     fs.FS
	Within []string // patterns; none: all
	Prefix string   // of the paths in FS, to make them those of the user
}

// Options say what is on a Board.
type Options struct {
	Inputs []Input
	Source cxr.Source   // more films, which come as they can and are kept in Folder; nil: none
	Table  *Table       // labels to begin with; nil: none
	Folder store.Folder // where labels are kept; nil: in memory

	// Model opens the encoder, in the background; nil: no film is embedded.
	Model func(ctx context.Context) (embed.Embedder, error)

	// Embeddings is where these are kept; nil: in memory.
	Embeddings store.Folder

	Thumbs int64 // bytes of thumbnails that are held; 0: 96 MiB
}

// A Board is films that are being labeled. It is safe for concurrent use.
type Board struct {
	o     Options
	key   []byte // of pseudonyms, by which films of a patient are found; of this process alone
	about context.Context
	end   context.CancelFunc
	work  sync.WaitGroup

	mu       sync.RWMutex
	inputs   []*input
	own      *input // of films that were dropped
	films    []film
	index    map[string]int // of films, by ID
	sorted   []int          // films in order of their IDs
	pairs    [][2]int       // that look alike
	paired   int            // ready and looked when they were looked for
	looked   int            // films whose look is known
	kin      kin
	labels   labels
	revision uint64 // of all that a page shows
	progress progress
	learned  map[string]*learned // by finding
	curves   map[string][]CurvePoint
	asked    map[string]time.Time // when a page asked for a finding last
	ready    int                  // films with an embedding
	wanted   chan struct{}        // has one if there may be something to learn
	more     chan struct{}        // likewise, to embed

	thumbs  *thumbs
	reading chan struct{} // how many films are read for eyes at once
	looking eyes
	saver   saver
	looks   looks
}

// An input is an Input with what reads it.
type input struct {
	Input
	converter *dicomconv.Converter // of what eyes see
}

// Open lists the films, and begins to embed them.
func Open(ctx context.Context, o Options) (*Board, error) {
	if o.Folder == nil {
		o.Folder = NewMemory()
	}
	if o.Thumbs == 0 {
		o.Thumbs = 96 << 20
	}
	b := &Board{o: o, key: make([]byte, 32), index: map[string]int{}, kin: kin{},
		learned: map[string]*learned{}, curves: map[string][]CurvePoint{}, asked: map[string]time.Time{}, wanted: make(chan struct{}, 1), more: make(chan struct{}, 1), thumbs: newThumbs(o.Thumbs), reading: make(chan struct{}, 4)}
	rand.Read(b.key) // never fails
	b.about, b.end = context.WithCancel(ctx)
	for _, in := range o.Inputs {
		if err := b.list(in); err != nil {
			return nil, err
		}
	}
	if err := b.readDropped(); err != nil {
		return nil, err
	}
	if len(b.films) == 0 && o.Source == nil {
		return nil, errors.New("no films there")
	}
	b.sortIDs()
	b.labels.grow(len(b.films))
	if o.Table != nil {
		if err := b.take(o.Table, false); err != nil {
			return nil, err
		}
	}
	if err := b.read(); err != nil {
		return nil, err
	}
	b.readCurves()
	b.work.Go(b.embedAll)
	b.work.Go(b.learnAll)
	if o.Source != nil {
		b.work.Go(b.retrieveAll)
	}
	return b, nil
}

// Close ends the work in the background.
func (b *Board) Close() {
	b.end()
	b.work.Wait()
}

// Revision changes with all that a page shows.
func (b *Board) Revision() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.revision
}
