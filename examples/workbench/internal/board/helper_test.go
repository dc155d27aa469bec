package board

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/pixels"
)

// cohort is the films of some patients, with a plain effusion in every other one.
func cohort(patients int) []phantom.Film {
	var films []phantom.Film
	for p := range patients {
		for k := range 2 {
			f := phantom.Film{ID: fmt.Sprintf("case%03d/film%d", p, k), Patient: fmt.Sprintf("DOE%03d", p), Seed: uint64(8 * (2*p + k)), Anatomy: uint64(p), Size: 64}
			f.Has[phantom.Effusion] = p%2 == 1
			films = append(films, f)
		}
	}
	return films
}

// folderOf is films as files that are drawn once.
func folderOf(films []phantom.Film) fstest.MapFS {
	files := fstest.MapFS{}
	for _, f := range films {
		files[f.ID+".dcm"] = &fstest.MapFile{Data: f.DICOM()}
	}
	return files
}

func floor(context.Context) (embed.Embedder, error) { return pixels.Embedder{}, nil }

// oracle is an embedder that sees whose film it is: odd patients have the finding,
// and their films are like each other.
type oracle struct{}

func oracles(context.Context) (embed.Embedder, error) { return oracle{}, nil }

func (oracle) Space() cxr.Space { return cxr.Space{Model: "oracle", Tokens: 1, Dim: 8} }

func (o oracle) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, o.Space(), images, func(_ context.Context, m *cxr.Image) ([]float32, error) {
		var patient, k uint64
		if _, err := fmt.Sscanf(m.ID, "case%d/film%d.dcm", &patient, &k); err != nil {
			return nil, err
		}
		draw := rand.New(rand.NewPCG(patient, k))
		v := make([]float32, 8)
		for j := range v {
			v[j] = float32(draw.NormFloat64())
		}
		v[0] += 6 * float32(patient%2)
		return v, nil
	})
}

// open is a board of films in a folder.
func open(t *testing.T, o Options) *Board {
	t.Helper()
	b, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// wait waits until something is so.
func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// settle waits until all films have been looked at.
func settle(t *testing.T, b *Board) {
	t.Helper()
	wait(t, "all films were looked at", func() bool { p := b.Progress(); return p.Done+p.Failed == p.Total })
}

// effusions adds the finding, and labels films by the truth.
func effusions(t *testing.T, b *Board, films []phantom.Film, n int) {
	t.Helper()
	if err := b.AddFinding("effusion"); err != nil {
		t.Fatal(err)
	}
	for _, f := range films[:n] {
		value := Value(Absent)
		if f.Has[phantom.Effusion] {
			value = Present
		}
		i, ok := b.Find(f.ID + ".dcm")
		if !ok {
			t.Fatal(f.ID)
		}
		give(t, b, "effusion", value, i)
	}
}

func give(t *testing.T, b *Board, finding string, v Value, films ...int) {
	t.Helper()
	_, revision := b.Findings()
	if _, conflicts, err := b.Label(Change{Page: "test", Base: revision, Finding: finding, Films: films, Value: v}); err != nil {
		t.Fatal(err, conflicts)
	}
}

// judgedNow waits for what is learned of all labels.
func judgedNow(t *testing.T, b *Board, finding string) Learned {
	t.Helper()
	var l Learned
	wait(t, "all labels were learned", func() bool {
		var err error
		if l, err = b.Learned(finding); err != nil {
			t.Fatal(err)
		}
		return l.Current
	})
	return l
}

// A fullDisk is a folder in which there is no space while it is full.
type fullDisk struct {
	*Memory
	mu   sync.Mutex
	full bool
}

func (f *fullDisk) set(full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.full = full
}

func (f *fullDisk) WriteFile(ctx context.Context, name string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return &fs.PathError{Op: "write", Path: "/home/doe/.cxrkit-123", Err: syscall.ENOSPC}
	}
	return f.Memory.WriteFile(ctx, name, data)
}

func saved(t *testing.T, folder fs.FS) string {
	t.Helper()
	file, err := fs.ReadFile(folder, LabelsFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// table reads a table that is given as lines.
func table(t *testing.T, lines ...string) *Table {
	t.Helper()
	read, err := ReadTable(strings.NewReader(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return read
}
