package cxrbeam

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
)

// Two workers have films of equal pixels at the same time.
func TestEqualPixelsOnTwoWorkers(t *testing.T) {
	o := &Options{Output: t.TempDir(), Format: "tfrecord"}
	space := cxr.Space{Model: "m", Recipe: "r", Tokens: 1, Dim: 2}
	type work struct {
		output
		key embed.Key
	}
	var all []work
	for _, id := range []string{"a.dcm", "b.dcm"} {
		out, err := o.openOutput(t.Context(), space)
		if err != nil {
			t.Fatal(err)
		}
		defer out.close()
		k := embed.Key{ID: id, Content: strings.Repeat("0", 64), Space: space}
		if _, err := out.Get(t.Context(), k); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error %v", id, err)
		}
		all = append(all, work{out, k})
	}
	for _, w := range all {
		if err := w.Put(t.Context(), w.key, &cxr.Embedding{ID: w.key.ID, Space: space, Values: []float32{1, 2}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range all {
		if v, err := w.Get(t.Context(), w.key); err != nil || v.ID != w.key.ID {
			t.Errorf("%s: %+v, error %v", w.key.ID, v, err)
		}
	}
	if list, err := store.Read(o.Output); err != nil || len(list) != 2 {
		t.Errorf("%d embeddings, error %v", len(list), err)
	}
}
