package cxrbeam_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/examples/beam/cxrbeam"
)

// A pipeline of films to Arrow shards. A program calls beam.Init first, as the
// tests here do.
func Example() {
	dir, err := os.MkdirTemp("", "films-*")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for i := range 3 {
		film := phantom.Film{Seed: uint64(i), Size: 64}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.dcm", i)), film.DICOM(), 0o666); err != nil {
			log.Fatal(err)
		}
	}

	o := &cxrbeam.Options{Model: cxrbeam.Model{Embedder: "local"}, Output: filepath.Join(dir, "embeddings"), Format: "arrow", Shards: 1}
	space, err := o.Prepare()
	if err != nil {
		log.Fatal(err)
	}
	p, s := beam.NewPipelineWithRoot()
	films, unfit := cxrbeam.Match(s, filepath.Join(dir, "*.dcm"))
	rows, failed := cxrbeam.Embed(s, films, o)
	cxrbeam.WriteShards(s, rows, space, o)
	cxrbeam.WriteFailures(s, o, unfit, failed)
	if _, err := prism.Execute(context.Background(), p); err != nil {
		log.Fatal(err)
	}

	r, err := shards.Read(o.Output)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	fmt.Println(r.Len(), "films,", r.Space().Dim, "values each")
	// Output: 3 films, 1792 values each
}
