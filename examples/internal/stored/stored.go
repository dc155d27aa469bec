// Package stored reads embeddings that a program has kept, and their labels.
package stored

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/bucket"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/head"
)

// Read reads the embeddings of a file or folder of this machine, or of a folder of
// a bucket.
func Read(ctx context.Context, name string) ([]*cxr.Embedding, error) {
	if !bucket.Is(name) {
		if files, err := filepath.Glob(filepath.Join(name, "*.arrow")); err == nil && len(files) > 0 {
			return readShards(name)
		}
		return store.Read(name)
	}
	b, err := bucket.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return store.ReadFS(b, ".")
}

func readShards(name string) ([]*cxr.Embedding, error) {
	r, err := shards.Read(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	all := make([]*cxr.Embedding, r.Len())
	for i := range all {
		all[i] = r.Embedding(i)
	}
	return all, nil
}

// Label joins embeddings and a table of labels, of some findings or of all, and
// tells what has no counterpart. That nothing has one is an error.
func Label(embeddings []*cxr.Embedding, table string, findings []string, stderr io.Writer) (*head.Dataset, error) {
	file, err := os.Open(table)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	labels, err := head.ReadLabels(file, &head.LabelOptions{Findings: findings})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", table, err)
	}
	d, left, err := labels.Join(embeddings)
	if err != nil {
		return nil, err
	}
	if len(d.Examples) == 0 {
		return nil, fmt.Errorf("%s: no id matched: none of %s is named by one of %s; embeddings are named as their films were, the first %q, so rows must name the paths or the last parts of them",
			table, cli.Count(len(embeddings), "embedding"), cli.Count(len(labels.Rows), "row"), embeddings[0].ID)
	}
	if n, m := len(left.Embeddings), len(left.Rows); n+m > 0 {
		fmt.Fprintf(stderr, "%s without labels, %s without embeddings: left out\n", cli.Count(n, "embedding"), cli.Count(m, "label"))
	}
	return d, nil
}
