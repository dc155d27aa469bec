package shards

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
)

// Shards written one by one are a folder like another, and written twice are the
// same files.
func TestShardsWrittenOneByOne(t *testing.T) {
	dir := t.TempDir()
	space := cxr.Space{Model: "m", Digest: "d", Recipe: "r", Tokens: 1, Dim: 2}
	content := func(i int) string { return fmt.Sprintf("%064x", i) }
	var names []string
	for range 2 {
		for number := range 2 {
			name, err := Write(dir, number, space, []Row{
				{ID: fmt.Sprint(number, "a"), Content: content(2 * number), Values: []float32{float32(number), 1}},
				{ID: fmt.Sprint(number, "b"), Content: content(2*number + 1), Values: []float32{float32(number), 2}},
			})
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.arrow"))
	if err != nil || len(files) != 2 || names[0] != names[2] || names[1] != names[3] {
		t.Fatalf("%v and %v, error %v", files, names, err)
	}
	r, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Verify(); err != nil || r.Len() != 4 || r.Space() != space {
		t.Errorf("%d rows of %v, error %v", r.Len(), r.Space(), err)
	}
	for i := range r.Len() {
		if r.Content(i) != content(i) || r.ID(i) != fmt.Sprint(i/2, string("ab"[i%2])) || !slices.Equal(r.Values(i), []float32{float32(i / 2), float32(i%2 + 1)}) {
			t.Errorf("row %d: %s %s %v", i, r.ID(i), r.Content(i), r.Values(i))
		}
	}
	one, err := ReadFiles(dir, names[1])
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	if one.Len() != 2 || one.ID(0) != r.ID(2) {
		t.Errorf("%d rows", one.Len())
	}
}

func TestRowsThatAreNoShard(t *testing.T) {
	dir := t.TempDir()
	space := cxr.Space{Model: "m", Recipe: "r", Tokens: 1, Dim: 2}
	good := Row{ID: "a", Content: strings.Repeat("0", 64), Values: []float32{1, 2}}
	for _, c := range []struct {
		number int
		change func(*Row)
		want   error
	}{
		{-1, func(*Row) {}, cxr.ErrUnsupported},
		{1e6, func(*Row) {}, cxr.ErrUnsupported},
		{0, func(r *Row) { r.Content = "00" }, cxr.ErrUnsupported},
		{0, func(r *Row) { r.ID = "\xff" }, cxr.ErrUnsupported},
		{0, func(r *Row) { r.ID = strings.Repeat("a", maxID+1) }, cxr.ErrTooLarge},
		{0, func(r *Row) { r.Values = r.Values[:1] }, cxr.ErrEmbedding},
	} {
		row := good
		c.change(&row)
		if _, err := Write(dir, c.number, space, []Row{row}); !errors.Is(err, c.want) {
			t.Errorf("shard %d of %.80q: error %v, want %v", c.number, fmt.Sprint(row), err, c.want)
		}
	}
	if _, err := Write(dir, 0, space, nil); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("no row: error %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("%d files, error %v", len(files), err)
	}
}
