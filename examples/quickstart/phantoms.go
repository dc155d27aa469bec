package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/cxrkit/cxrkit/internal/phantom"
)

// The synthetic cohort: enough patients for an interval worth printing, films
// small enough for a few seconds.
const (
	cohortSeed       = 2022
	cohortPatients   = 160
	cohortDifficulty = 0.3
	cohortSize       = 300
)

// writePhantoms fills dir with a cohort of synthetic patients as DICOM files
// and a labels.csv, as a hospital's export would look.
func writePhantoms(ctx context.Context, dir string, stderr io.Writer) error {
	films := phantom.Cohort(cohortSeed, cohortPatients, cohortDifficulty)
	bar := newProgress(stderr, "drawing", len(films))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var mu sync.Mutex
	for _, film := range films {
		group.Go(func() error {
			film.Size = cohortSize
			if err := errors.Join(ctx.Err(), writeFilm(filepath.Join(dir, filepath.FromSlash(film.ID)+".dcm"), film)); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			bar.step()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "labels.csv"), labelsCSV(films), 0o600)
}

func writeFilm(path string, film phantom.Film) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
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

func labelsCSV(films []phantom.Film) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "image_id,patient,%s\n", strings.Join(phantom.Findings(), ","))
	for _, f := range films {
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
