package store_test

import (
	"context"
	"fmt"
	"os"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store"
)

// The second run finds what the first has stored.
func Example() {
	dir, err := os.MkdirTemp("", "embeddings")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	e := &sums{} // any embedder
	kept, err := store.Open(dir, e.Model(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		counts := map[string]int{}
		run := &embed.Run{Store: kept, OnItem: func(v embed.Event) { counts[v.Name()]++ }}
		if err := run.Do(context.Background(), e, cxr.Images(films(3)...), func(*cxr.Embedding) error { return nil }); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(counts)
	}
	// Output:
	// map[successful-inference:3]
	// map[output-file-exists:3]
}
