package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/examples/internal/input"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

// An action is what is done with a film: its line, or an error.
type action interface {
	do(path string, m *cxr.Image) (line string, err error) // m.ID is the path within the argument
	failure(path string, err error) (line string)
}

// A reporter converts films and prints a line for each, beside a progress bar
// where somebody watches.
type reporter struct {
	act            action
	scale          func(*cxr.Image) *cxr.Image
	stdout, stderr io.Writer
	terminal       bool
	bar            *progressbar.ProgressBar
	films, failed  int
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
			return fmt.Errorf("%s: %w", arg, err)
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
			r.print(r.act.failure(in.Prefix+bad.ID, bad.Err))
			r.failed++
		case err != nil:
			return err
		default:
			path := in.Prefix + m.ID
			line, err := r.act.do(path, r.scale(m))
			if err != nil {
				line = r.act.failure(path, err)
				r.failed++
			}
			r.print(line)
		}
		r.films++
	}
}

// print prints a line and moves the progress bar.
func (r *reporter) print(line string) {
	if r.terminal && r.bar == nil {
		r.bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(r.stderr),
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

// A writer writes PNG files.
type writer struct {
	dir     string
	written map[string]bool
}

// do writes the PNG file of m into w.dir, in folders as they are in the
// argument.
func (w *writer) do(path string, m *cxr.Image) (string, error) {
	stem := m.ID
	if ext := filepath.Ext(stem); slices.Contains([]string{".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}, strings.ToLower(ext)) {
		stem = strings.TrimSuffix(stem, ext)
	}
	name := filepath.Join(w.dir, filepath.FromSlash(stem)+".png")
	if w.written[name] {
		return "", errors.New("another film has the same name")
	}
	w.written[name] = true
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return "", err
	}
	err := atomicfile.Write(filepath.Dir(name), func(f *os.File) (string, error) {
		return filepath.Base(name), m.EncodePNG(f, nil)
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s, %d x %d, %d bits", path, name, m.Width, m.Height, m.Depth), nil
}

func (w *writer) failure(path string, err error) string { return fmt.Sprintf("%s: %v", path, err) }

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
	return fmt.Sprintf("%x  %s", sha256.Sum256(b), path), nil
}

func (summer) failure(path string, err error) string { return fmt.Sprintf("-  %s: %v", path, err) }
