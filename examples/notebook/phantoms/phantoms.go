// Package phantoms writes synthetic chest radiographs as DICOM files, for the
// notebooks to have films that anybody may see. They look like films and say
// nothing about disease: figures measured on them measure the software.
package phantoms

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/cxrkit/cxrkit/cxr/phantom"
)

// A Cohort says which patients to draw, with one to three films each.
type Cohort struct {
	Patients   int
	Seed       uint64
	Difficulty float64 // 0: findings are plain; 1: they are barely there
	Size       int     // height of the films in pixels; 0: 256
}

// Findings names what the films may show, in the order of the columns.
func Findings() []string { return phantom.Findings() }

// Write draws the films into dir, a folder for each patient with a file for
// each film, and labels.csv with the columns image_id, patient and a column of
// 0 and 1 for each finding. It gives the number of films.
func (c *Cohort) Write(dir string) (films int, err error) {
	if c.Patients < 1 || c.Difficulty < 0 || c.Difficulty > 1 || c.Size < 0 {
		return 0, fmt.Errorf("phantoms: %d patients, difficulty %g, size %d", c.Patients, c.Difficulty, c.Size)
	}
	cohort := phantom.Cohort(c.Seed, c.Patients, c.Difficulty)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, film := range cohort {
		film.Size = c.Size
		if film.Size == 0 {
			film.Size = 256
		}
		group.Go(func() error {
			return write(filepath.Join(dir, filepath.FromSlash(film.ID)+".dcm"), film)
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return len(cohort), os.WriteFile(filepath.Join(dir, "labels.csv"), table(cohort), 0o666)
}

func write(path string, film phantom.Film) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	if err := film.Draw().WriteDICOM(w, film, film.Encoding()); err != nil {
		return err
	}
	return w.Flush()
}

// table is labels.csv.
func table(cohort []phantom.Film) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "image_id,patient,%s\n", strings.Join(phantom.Findings(), ","))
	for _, f := range cohort {
		fmt.Fprintf(&b, "%s.dcm,%s", f.ID, f.Patient)
		for _, has := range f.Has {
			if has {
				b.WriteString(",1")
			} else {
				b.WriteString(",0")
			}
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}
