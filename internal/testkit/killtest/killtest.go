// Package killtest kills a run of films at random moments, resumes it, and
// counts what that cost.
package killtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// The run that is killed.
const (
	Films    = 500
	batch    = 4
	parallel = 3
	resumed  = 6 // times, before it may come to its end
)

// Space is that of the embeddings.
var Space = cxr.Space{Model: "killed", Recipe: "none/1", Tokens: 2, Dim: 3}

// An Open opens the store in a folder, and tells how to close it.
type Open func(dir string) (embed.Store, func() error, error)

const variable = "CXRKIT_KILLTEST_FOLDER"

// Main is the TestMain of a package with such a test: the tests, or within a
// process that Test starts the run.
func Main(m *testing.M, open Open) {
	dir := os.Getenv(variable)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := run(dir, open); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(dir string, open Open) error {
	log, err := os.OpenFile(dir+".log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	s, closer, err := open(dir)
	if err != nil {
		return err
	}
	r := embed.Run{Store: s, Parallel: parallel, Batch: batch}
	err = r.Do(context.Background(), embedder{log}, cxr.Images(films()...), func(embed.Event) error { return nil })
	return errors.Join(err, closer(), log.Close())
}

// An embedder writes a byte to the log for each film, which outlives the process.
type embedder struct{ log *os.File }

func (embedder) Space() cxr.Space { return Space }

func (e embedder) Embed(_ context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	var out []*cxr.Embedding
	for _, im := range images {
		time.Sleep(200 * time.Microsecond)
		if _, err := e.log.Write([]byte{1}); err != nil {
			return nil, err
		}
		out = append(out, embedding(im))
	}
	return out, nil
}

func embedding(im *cxr.Image) *cxr.Embedding {
	v := &cxr.Embedding{ID: im.ID, Space: Space}
	for k := range 6 {
		v.Values = append(v.Values, float32(10*int(im.Pix[0])+k))
	}
	return v
}

func films() []*cxr.Image {
	list := make([]*cxr.Image, Films)
	for i := range list {
		list[i] = &cxr.Image{ID: fmt.Sprintf("ward/%d.dcm", i), Width: 1, Height: 1, Depth: 16, Pix: []uint16{uint16(i)}, Recipe: "none/1"}
	}
	return list
}

// Test kills the run so many times. After each, a film that was done is done
// still and as it was, and at most the films of the calls under way have been
// embedded for nothing. A run that comes to its end embeds the others and no
// more. check looks at a copy of the folder, closed, that holds n films.
func Test(t *testing.T, kills int, open Open, check func(t *testing.T, dir string, n int)) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var dir string
	done := 0
	twice, within := 0, 0
	for k := range kills {
		if k%resumed == 0 {
			dir, done = filepath.Join(t.TempDir(), "store"), 0
		}
		before := embedded(t, dir)
		if done < Films && kill(t, dir, before, before+rng.IntN(Films-done)) {
			within++
		}
		now := count(t, dir, open, check)
		spent := embedded(t, dir) - before
		if now < done || spent-(now-done) > parallel*batch {
			t.Fatalf("kill %d: %d films done, then %d, and %d were embedded", k, done, now, spent)
		}
		twice, done = twice+spent-(now-done), now
		if k%resumed != resumed-1 && k != kills-1 {
			continue
		}
		before = embedded(t, dir)
		if out, err := start(dir).CombinedOutput(); err != nil {
			t.Fatalf("the last run: %v: %s", err, out)
		}
		if n, spent := count(t, dir, open, check), embedded(t, dir)-before; n != Films || spent != Films-done {
			t.Errorf("the last run embedded %d films where %d were done; at the end there are %d", spent, done, n)
		}
	}
	t.Logf("%d kills, %d before the run's end; %d films embedded twice, at most %d a kill allowed", kills, within, twice, parallel*batch)
}

func start(dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), variable+"="+dir)
	return cmd
}

// kill starts the run and kills it when so many films have been embedded in all.
// It tells whether the run was still going on.
func kill(t *testing.T, dir string, before, films int) bool {
	t.Helper()
	cmd := start(dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for tick := time.Tick(50 * time.Microsecond); ; <-tick {
		select {
		case err := <-ended: // before it could be killed
			if err != nil {
				t.Fatal(err)
			}
			return false
		default:
		}
		if films == before || embedded(t, dir) >= films {
			cmd.Process.Kill()
			return (<-ended) != nil
		}
	}
}

// embedded is how many films were embedded, in all runs into a folder.
func embedded(t *testing.T, dir string) int {
	t.Helper()
	info, err := os.Stat(dir + ".log")
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

// count is how many films a copy of the folder holds. It must be a copy: to open
// a store may mend it.
func count(t *testing.T, dir string, open Open, check func(t *testing.T, dir string, n int)) int {
	t.Helper()
	if _, err := os.Stat(dir); err != nil {
		return 0
	}
	other := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(other)
	s, closer, err := open(other)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, im := range films() {
		switch v, err := s.Get(t.Context(), embed.KeyOf(Space, im)); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			t.Fatal(err)
		case !reflect.DeepEqual(v, embedding(im)):
			t.Fatalf("of %s there is %v", im.ID, v)
		}
		n++
	}
	if err := closer(); err != nil {
		t.Fatal(err)
	}
	check(t, other, n)
	return n
}
