package shards_test

import (
	"context"
	"fmt"
	"os"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/store/shards"
)

// A run into shards, which are then read where they lie.
func Example() {
	dir, err := os.MkdirTemp("", "embeddings")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	e := &sums{} // any embedder
	kept, err := shards.Open(dir, e.Space(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = embed.Run{Store: kept}.Do(context.Background(), e, cxr.Images(images(1000)...), func(embed.Event) error { return nil })
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := kept.Close(); err != nil { // or what waits for a full shard stays in the journal
		fmt.Println(err)
		return
	}
	r, err := shards.Read(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	fmt.Println(r.Len(), "films:", r.Space())
	for i := range r.Len() { // in the order in which films were done
		if r.ID(i) == "ward/7.dcm" {
			fmt.Println(r.Values(i))
		}
	}
	// Output:
	// 1000 films: 2 x 3 by sums, recipe none/1
	// [70 71 72 73 74 75]
}
