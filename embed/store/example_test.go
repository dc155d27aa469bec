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
	kept, err := store.Open(dir, e.Space(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		counts := map[string]int{}
		err := embed.Run{Store: kept}.Do(context.Background(), e, cxr.Images(films(3)...), func(film embed.Event) error {
			counts[film.Name()]++
			return nil
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(counts)
	}
	// Output:
	// map[successful-inference:3]
	// map[output-file-exists:3]
}
