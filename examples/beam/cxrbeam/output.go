package cxrbeam

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/bucket"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

// Options say how films are embedded, and where embeddings go. They travel to the
// workers.
type Options struct {
	Model Model

	// Output is the folder for the embeddings, which all workers see. Arrow needs a
	// folder, of one machine or a file system that workers share; TFRecord takes
	// buckets too.
	Output string
	Format string // "arrow", shards of many films, or "tfrecord", a file a film
	Shards int    // of arrow, the same in every run over a folder; 0: 16. A shard of 8,000 rows of 1792 values is 64 MiB

	Batch, Parallel int // as in [embed.Run], of each bundle; 0: 1 film, and as many calls as processors
}

func (o *Options) shards() int { return cmp.Or(o.Shards, 16) }

// layoutFile says into how many shards a folder is parted.
const layoutFile = "layout.json"

type layout struct {
	Shards int `json:"shards"`
}

// Prepare checks the options and makes the output folder ready. It is called
// once, by the program that builds the pipeline, and opens the model to know the
// space of its embeddings, which [WriteShards] wants.
func (o *Options) Prepare() (cxr.Space, error) {
	switch {
	case o.Output == "":
		return cxr.Space{}, errors.New("no output folder")
	case o.Format != "arrow" && o.Format != "tfrecord":
		return cxr.Space{}, fmt.Errorf("format %q, want arrow or tfrecord", o.Format)
	case o.Format == "arrow" && bucket.Is(o.Output):
		return cxr.Space{}, errors.New("arrow shards are for folders; mount the bucket, or write tfrecord")
	case o.shards() < 1 || o.shards() > 100_000:
		return cxr.Space{}, fmt.Errorf("%d shards, want 1 to 100000", o.Shards)
	}
	e, err := o.Model.open(context.Background())
	if err != nil {
		return cxr.Space{}, err
	}
	defer e.close()
	if o.Format == "arrow" {
		err = o.prepareLayout()
	}
	return e.space(), err
}

func (o *Options) prepareLayout() error {
	if err := os.MkdirAll(o.Output, 0o777); err != nil {
		return err
	}
	name := filepath.Join(o.Output, layoutFile)
	data, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if files, _ := filepath.Glob(filepath.Join(o.Output, "*.arrow")); len(files) > 0 {
			return errors.New("the output holds shards of another program; use another folder")
		}
		data, err = json.Marshal(layout{o.shards()})
		if err != nil {
			return err
		}
		return atomicfile.WriteFile(name, data)
	case err != nil:
		return err
	}
	var there layout
	if err := json.Unmarshal(data, &there); err != nil {
		return fmt.Errorf("%s: %w", layoutFile, err)
	}
	if there.Shards != o.shards() {
		return fmt.Errorf("%w: the output has %d shards, not %d", cxr.ErrMismatch, there.Shards, o.shards())
	}
	return nil
}

// shardOf is the number of the shard for a content, of so many: contents that are
// less are in shards of lower numbers, so that a folder is sorted by content.
func shardOf(content string, of int) (int64, error) {
	head, err := strconv.ParseUint(content[:min(8, len(content))], 16, 32)
	if err != nil {
		return 0, fmt.Errorf("%w: a key whose content is no SHA-256 in hex", cxr.ErrUnsupported)
	}
	return int64(head * uint64(of) >> 32), nil
}

// An output is where a bundle's embeddings go.
type output interface {
	embed.Store
	take(func(Row) error) error // what is for a shard since the last take
	close() error
}

func (o *Options) openOutput(ctx context.Context, space cxr.Space) (output, error) {
	if o.Format == "arrow" {
		r, err := shards.Read(o.Output)
		if errors.Is(err, fs.ErrNotExist) {
			return &rows{}, nil
		}
		if err == nil {
			err = r.Space().Match(space)
		}
		if err != nil {
			return nil, err
		}
		return &rows{there: r}, nil
	}
	folder, closer, err := openFolder(context.WithoutCancel(ctx), o.Output)
	if err != nil {
		return nil, err
	}
	d, err := store.OpenIn(ctx, folder, space, nil)
	if err != nil {
		return nil, errors.Join(err, closer())
	}
	return &files{d, closer}, nil
}

// openFolder opens a folder or a bucket.
func openFolder(ctx context.Context, name string) (store.Folder, func() error, error) {
	if bucket.Is(name) {
		b, err := bucket.Open(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		return b, b.Close, nil
	}
	if err := os.MkdirAll(name, 0o777); err != nil {
		return nil, nil, err
	}
	return store.Local(name), func() error { return nil }, nil
}

// files are an output of a file a film.
type files struct {
	dir    *store.Dir
	closer func() error
}

// fileKey is a film's key by its name, too: of films with the same pixels two
// workers may write at the same time, and neither may take the other's file.
func fileKey(k embed.Key) embed.Key {
	sum := sha256.Sum256([]byte(k.Content + "\x00" + k.ID))
	k.Content = hex.EncodeToString(sum[:])
	return k
}

// Get implements [embed.Store].
func (f *files) Get(ctx context.Context, k embed.Key) (*cxr.Embedding, error) {
	return f.dir.Get(ctx, fileKey(k))
}

// Put implements [embed.Store].
func (f *files) Put(ctx context.Context, k embed.Key, v *cxr.Embedding) error {
	return f.dir.Put(ctx, fileKey(k), v)
}

func (f *files) take(func(Row) error) error { return nil }
func (f *files) close() error               { return f.closer() }

// rows are an output that waits for its shards.
type rows struct {
	there *shards.Reader // what earlier runs have left; or nil

	mu  sync.Mutex
	new []Row
}

// Get implements [embed.Store]: the folder is sorted by content. Where a run was
// ended between writing a shard and removing its predecessor it may not be, and a
// film not be found: it is embedded again.
func (r *rows) Get(_ context.Context, k embed.Key) (*cxr.Embedding, error) {
	if r.there == nil {
		return nil, fs.ErrNotExist
	}
	n := r.there.Len()
	first := sort.Search(n, func(i int) bool { return r.there.Content(i) >= k.Content })
	if first == n || r.there.Content(first) != k.Content {
		return nil, fs.ErrNotExist
	}
	at := first
	for i := first; i < n && r.there.Content(i) == k.Content; i++ {
		if r.there.ID(i) == k.ID {
			at = i
		}
	}
	return r.there.Embedding(at), nil
}

// Put implements [embed.Store].
func (r *rows) Put(_ context.Context, k embed.Key, v *cxr.Embedding) error {
	if err := v.Check(k.Space); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.new = append(r.new, Row{k.ID, k.Content, toBytes(v.Values)})
	return nil
}

func (r *rows) take(each func(Row) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	new := r.new
	r.new = nil
	slices.SortFunc(new, less)
	for _, one := range new {
		if err := each(one); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) close() error {
	if r.there == nil {
		return nil
	}
	return r.there.Close()
}
