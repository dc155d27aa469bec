package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/schollz/progressbar/v3"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/examples/internal/input"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
	"github.com/cxrkit/cxrkit/internal/printable"
)

// An action is what is done with a film: its line, or an error.
type action interface {
	do(path string, m *cxr.Image) (line string, err error) // m.ID is the film's name
	failure(path string, err error) (line string)
}

// A failure is a film that could not be converted.
type failure struct {
	path string
	op   string
	err  error
}

// A reporter converts films and prints a line for each, beside a progress bar
// where somebody watches.
type reporter struct {
	act            action
	scale          func(*cxr.Image) (*cxr.Image, error)
	stdout, stderr io.Writer
	terminal       bool
	bar            *progressbar.ProgressBar
	total          int // films to come, if somebody watches
	paths          *names
	films          int
	failures       []failure
}

// count counts the films of all arguments, for the time that is left. What is wrong
// with an argument is told when its turn comes.
func (r *reporter) count(ctx context.Context, c *dicomconv.Converter, args []string) {
	for _, arg := range args {
		all, err := input.Find(ctx, arg)
		if err != nil {
			continue
		}
		for _, in := range all {
			source := c.Files(in.FS, in.Within...)
			r.total += source.Len()
			source.Close()
			in.Close()
		}
	}
}

// convert converts the films of one argument. Its error ends the program.
func (r *reporter) convert(ctx context.Context, c *dicomconv.Converter, arg string) error {
	all, err := input.Find(ctx, arg)
	if err != nil {
		return err
	}
	for _, in := range all {
		defer in.Close()
	}
	for _, in := range all {
		if err := r.read(ctx, c, in); err != nil {
			return fmt.Errorf("%s: %w", printable.Name(arg), err)
		}
	}
	return nil
}

// read converts the films of one input.
func (r *reporter) read(ctx context.Context, c *dicomconv.Converter, in input.Input) error {
	source := c.Files(in.FS, in.Within...)
	defer source.Close()
	before := r.films
	for {
		m, err := source.Next(ctx)
		var bad *cxr.ItemError
		switch {
		case err == io.EOF && r.films == before:
			return errors.New("no files")
		case err == io.EOF:
			return nil
		case errors.As(err, &bad):
			r.fail(in.Prefix+bad.Path, bad.Op, bad.Err)
		case err != nil:
			return err
		default:
			path := in.Prefix + r.paths.path(m.ID)
			if err := r.film(path, m); errors.Is(err, syscall.ENOSPC) { // so would all others
				return err
			}
		}
		r.films++
	}
}

// film does with a film what is to be done.
func (r *reporter) film(path string, m *cxr.Image) error {
	m, err := r.scale(m)
	if err != nil {
		return r.fail(path, "scale", err)
	}
	line, err := r.act.do(path, m)
	if err != nil {
		return r.fail(path, "write", err)
	}
	r.print(line)
	return nil
}

// fail keeps and prints why a film could not be converted.
func (r *reporter) fail(path, op string, err error) error {
	r.failures = append(r.failures, failure{path, op, err})
	r.print(r.act.failure(path, err))
	return err
}

// print prints a line and moves the progress bar.
func (r *reporter) print(line string) {
	if r.terminal && r.bar == nil {
		r.bar = progressbar.NewOptions(max(r.total, 1), progressbar.OptionSetWriter(r.stderr), progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetDescription("films"), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("films"), progressbar.OptionClearOnFinish())
	}
	if r.bar != nil {
		r.bar.Clear() // the line takes its place
	}
	fmt.Fprintln(r.stdout, line)
	if r.bar != nil {
		r.bar.Add(1)
	}
}

func (r *reporter) finish() {
	if r.bar != nil {
		r.bar.Finish()
	}
}

// reasons counts why films failed, the most frequent reason first: by what
// programs can branch on, else in the error's own words.
func (r *reporter) reasons() string {
	count := map[string]int{}
	for _, f := range r.failures {
		count[reason(f.err)]++
	}
	all := slices.Collect(maps.Keys(count))
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(count[b]-count[a], strings.Compare(a, b)) })
	for i, s := range all {
		all[i] = fmt.Sprintf("%d %s", count[s], s)
	}
	return strings.Join(all, ", ")
}

func reason(err error) string {
	for _, kind := range []error{cxr.ErrNotFrontal, cxr.ErrBurnedIn, cxr.ErrColor, cxr.ErrMultiFrame, cxr.ErrModality, cxr.ErrBodyPart,
		cxr.ErrUnsupported, cxr.ErrTooLarge, cxr.ErrTruncated, cxr.ErrCorrupt, cxr.ErrDuplicate, errSmall, errTaken, fs.ErrPermission, fs.ErrNotExist} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return err.Error()
}

// writeFailures writes a table of the films that could not be converted.
func (r *reporter) writeFailures(name string) error {
	return atomicfile.Write(filepath.Dir(name), func(f *os.File) (string, error) {
		w := csv.NewWriter(f)
		w.Write([]string{"path", "step", "reason", "error"})
		for _, f := range r.failures {
			w.Write([]string{f.path, f.op, reason(f.err), f.err.Error()})
		}
		w.Flush()
		return filepath.Base(name), w.Error()
	})
}

// A writer writes PNG files.
type writer struct {
	dir     string
	written map[string]bool // in small letters, as some disks have them
}

var errTaken = errors.New("the PNG file is there already, and is another picture")

// newWriter makes sure that files can be written.
func newWriter(dir string) (*writer, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	probe, err := os.CreateTemp(dir, atomicfile.Prefix)
	if err != nil {
		return nil, err
	}
	return &writer{dir: dir, written: map[string]bool{}}, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// do writes the PNG file of m into w.dir, in folders as they are in the
// argument.
func (w *writer) do(path string, m *cxr.Image) (string, error) {
	stem := m.ID
	if ext := filepath.Ext(stem); slices.Contains([]string{".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}, strings.ToLower(ext)) {
		stem = strings.TrimSuffix(stem, ext)
	}
	name := filepath.Join(w.dir, filepath.FromSlash(stem)+".png")
	if folded := strings.ToLower(name); w.written[folded] {
		return "", fmt.Errorf("%w: %s", cxr.ErrDuplicate, printable.Name(name))
	} else {
		w.written[folded] = true
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return "", err
	}
	if err := w.write(name, m.PNG()); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s, %d x %d, %d bits", printable.Name(path), printable.Name(name), m.Width, m.Height, m.Depth), nil
}

// write writes a file that is not there, or is the same already.
func (w *writer) write(name string, png []byte) error {
	switch old, err := os.ReadFile(name); {
	case err == nil && bytes.Equal(old, png):
		return nil
	case err == nil:
		return fmt.Errorf("%w: %s", errTaken, printable.Name(name))
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return atomicfile.Write(filepath.Dir(name), func(f *os.File) (string, error) {
		_, err := f.Write(png)
		return filepath.Base(name), err
	})
}

func (w *writer) failure(path string, err error) string {
	return fmt.Sprintf("%s: %v", printable.Name(path), err)
}

// A summer makes checksums.
type summer struct{}

// do sums the pixels, row-major, a byte each or two, little endian.
func (summer) do(path string, m *cxr.Image) (string, error) {
	b := make([]byte, 0, 2*len(m.Pix))
	for _, v := range m.Pix {
		b = append(b, byte(v))
		if m.Depth == 16 {
			b = append(b, byte(v>>8))
		}
	}
	return fmt.Sprintf("%x  %s", sha256.Sum256(b), printable.Name(path)), nil
}

func (summer) failure(path string, err error) string {
	return fmt.Sprintf("-  %s: %v", printable.Name(path), err)
}
