// Package cohort finds the films of a folder or zip file that have a label.
package cohort

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/cxrkit/cxrkit/head"
)

// A Cohort is the labeled films of a file system.
type Cohort struct {
	FS     fs.FS
	Paths  []string // of the films with a known label, in order
	Labels *head.Labels

	closer io.Closer
}

// Close ends the use of the films.
func (c *Cohort) Close() error { return c.closer.Close() }

// Open finds films in a folder or zip file by a table of labels. Of findings, if
// any are given, only those count. limit samples the films by a fixed seed; 0 is
// all.
func Open(images, labels string, limit int, findings ...string) (*Cohort, error) {
	fsys, closer, err := openFS(images)
	if err != nil {
		return nil, err
	}
	table, err := os.Open(labels)
	if err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	defer table.Close()
	c, err := Find(fsys, table, limit, findings...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s, %s: %w", images, labels, err), closer.Close())
	}
	c.closer = closer
	return c, nil
}

// Find is Open for a file system and a table that are open.
func Find(fsys fs.FS, table io.Reader, limit int, findings ...string) (*Cohort, error) {
	labels, err := head.ReadLabels(table, &head.LabelOptions{Findings: findings})
	if err != nil {
		return nil, err
	}
	c := &Cohort{FS: fsys, Labels: labels, closer: io.NopCloser(nil)}
	files := 0
	err = fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		row, ok, err := labels.Find(path)
		if err == nil && ok && slices.ContainsFunc(labels.Rows[row].Labels, func(l head.Label) bool { return l != head.Missing }) {
			c.Paths = append(c.Paths, path)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case files == 0:
		return nil, errors.New("no files")
	case len(c.Paths) == 0:
		return nil, fmt.Errorf("none of %d files has a label", files)
	}
	if limit > 0 && limit < len(c.Paths) {
		const seed = 1
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(c.Paths), func(i, j int) { c.Paths[i], c.Paths[j] = c.Paths[j], c.Paths[i] })
		c.Paths = c.Paths[:limit]
		slices.Sort(c.Paths)
	}
	return c, nil
}

// openFS opens a folder or a zip file.
func openFS(path string) (fs.FS, io.Closer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return os.DirFS(path), io.NopCloser(nil), nil
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: neither a folder nor a zip file: %w", path, err)
	}
	return archive, archive, nil
}
