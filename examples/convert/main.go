// Convert makes PNG files of chest radiographs, or checksums of their pixels.
//
//	go run ./examples/convert -out pngs folder
//	go run ./examples/convert -checksum -recipe upstream -views any archive.zip 'more/*.dcm'
//	go run ./examples/convert -key secret.txt -modality CR,DX -report failures.csv -out pngs folder
//
// Every argument is a folder, a zip file, a film or a pattern of such. What a
// file is (DICOM, PNG, JPEG, TIFF), its content tells. For each film a line is
// printed, in order of paths within an argument, with the reason where it could
// not be converted; then the exit status is 1, and the reasons are counted.
//
// Files are written whole or not at all, and no file is ever overwritten: one that
// is there already and is another picture is the film's failure. With -key, files
// are named by keyed pseudonyms, a folder for each patient.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/input"
	"github.com/cxrkit/cxrkit/internal/printable"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, term.IsTerminal(int(os.Stderr.Fd())))
	os.Exit(status)
}

const usage = `Convert makes PNG files of chest radiographs, or checksums of their pixels. Without
films it draws some.

    convert -out pngs folder
    convert -checksum -recipe upstream -views any archive.zip 'more/*.dcm'
`

// run is the program. It returns the exit status: 0, 1 if a film failed, 2 if
// it was called wrongly.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, terminal bool) int {
	flags := cli.Flags("convert", usage, stderr)
	f := &settings{}
	flags.StringVar(&f.recipe, "recipe", "standard", "`name` of the recipe: standard, upstream, haidef or medsiglip")
	flags.StringVar(&f.views, "views", "frontal", "`which` views to take: frontal or any")
	flags.StringVar(&f.modalities, "modality", "", "take these modalities only, a `list` with commas: CR,DX")
	flags.StringVar(&f.bodyParts, "bodypart", "", "take films of these body parts only, a `list` with commas: CHEST")
	flags.IntVar(&f.depth, "depth", 16, "`bits` of a pixel by recipe standard: 8 or 16")
	flags.StringVar(&f.key, "key", "", "name films and their patients by pseudonyms, whose secret key is the content of this `file`")
	size := flags.String("size", "", "scale down to `N` pixels on the longer side, or to WIDTHxHEIGHT; nothing is enlarged")
	out := flags.String("out", "png", "`folder` for the PNG files")
	report := flags.String("report", "", "write the films that could not be converted, and why, to this CSV `file`")
	checksum := flags.Bool("checksum", false, "print SHA-256 sums of the pixels instead of writing files")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	wrong := func(err error) int {
		fmt.Fprintln(stderr, "convert:", err)
		return 2
	}
	for _, arg := range flags.Args() {
		if _, err := os.Lstat(arg); strings.HasPrefix(arg, "-") && err != nil {
			return wrong(fmt.Errorf("%s after a film: flags go before films and folders", printable.Name(arg)))
		}
	}
	if len(args) > 0 && flags.NArg() == 0 {
		return wrong(errors.New("no folder, zip, film or pattern given"))
	}
	o, err := f.options()
	if err != nil {
		return wrong(err)
	}
	scale, err := scaler(*size)
	if err != nil {
		return wrong(err)
	}
	var act action = summer{}
	if !*checksum {
		if act, err = newWriter(*out); err != nil {
			return wrong(fmt.Errorf("folder for the PNG files: %w", err))
		}
	}
	r := &reporter{act: act, scale: scale, stdout: stdout, stderr: stderr, terminal: terminal, paths: newNames(o)}
	if *report != "" { // found wrong now, not after an hour
		if err := r.writeFailures(*report); err != nil {
			return wrong(fmt.Errorf("report: %w", err))
		}
	}
	c := dicomconv.New(o)
	if terminal {
		r.count(ctx, c, flags.Args())
	}
	if len(args) == 0 {
		fmt.Fprintln(stderr, "no film given: these are synthetic")
		err = r.read(ctx, c, input.Phantoms()[0])
	}
	for _, arg := range flags.Args() {
		if err = r.convert(ctx, c, arg); err != nil {
			break
		}
	}
	r.finish()
	if *report != "" {
		err = errors.Join(err, r.writeFailures(*report))
	}
	if len(r.failures) > 0 {
		fmt.Fprintf(stderr, "convert: %d of %s could not be converted: %s\n", len(r.failures), cli.Films(r.films), r.reasons())
	}
	if err != nil {
		fmt.Fprintln(stderr, "convert:", err)
	}
	if err != nil || len(r.failures) > 0 {
		return 1
	}
	return 0
}

// settings are the flags that bear on how films are read.
type settings struct {
	recipe, views, modalities, bodyParts, key string
	depth                                     int
}

func (f *settings) options() (*dicomconv.Options, error) {
	o := &dicomconv.Options{Depth: f.depth}
	switch f.recipe {
	case "standard":
		o.Recipe = cxr.Standard
	case "upstream":
		o.Recipe = cxr.Upstream
	case "haidef":
		o.Recipe = cxr.HAIDEF
	case "medsiglip":
		o.Recipe = cxr.MedSigLIP
	default:
		return nil, fmt.Errorf("recipe %q, want standard, upstream, haidef or medsiglip", f.recipe)
	}
	switch f.views {
	case "frontal":
	case "any":
		o.Views = dicomconv.ViewsAny
	default:
		return nil, fmt.Errorf("views %q, want frontal or any", f.views)
	}
	if f.depth != 8 && f.depth != 16 {
		return nil, fmt.Errorf("depth %d, want 8 or 16", f.depth)
	}
	if f.depth != 16 && o.Recipe != cxr.Standard {
		return nil, fmt.Errorf("depth %d: recipe %s has a depth of its own", f.depth, f.recipe)
	}
	o.Modalities, o.BodyParts = list(f.modalities), list(f.bodyParts)
	if f.key == "" {
		return o, nil
	}
	key, err := os.ReadFile(f.key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if o.PseudonymKey = bytes.TrimSpace(key); len(o.PseudonymKey) < 16 {
		return nil, fmt.Errorf("key in %s of %d bytes, want 16 or more: shorter ones can be guessed", printable.Name(f.key), len(o.PseudonymKey))
	}
	return o, nil
}

// list is the values of a list with commas, nil if there are none.
func list(s string) []string {
	if s == "" {
		return nil
	}
	values := strings.Split(strings.ToUpper(s), ",")
	for i, v := range values {
		values[i] = strings.TrimSpace(v)
	}
	return values
}

// scaler is what -size asks for.
func scaler(size string) (func(*cxr.Image) (*cxr.Image, error), error) {
	if size == "" {
		return func(m *cxr.Image) (*cxr.Image, error) { return m, nil }, nil
	}
	w, h, both := strings.Cut(size, "x")
	width, err := side(w)
	if err != nil {
		return nil, err
	}
	if !both {
		return func(m *cxr.Image) (*cxr.Image, error) {
			long := max(m.Width, m.Height)
			if long <= width {
				return m, nil
			}
			fit := func(n int) int { return max(1, (n*width+long/2)/long) }
			return m.Resize(fit(m.Width), fit(m.Height), cxr.KernelArea), nil
		}, nil
	}
	height, err := side(h)
	if err != nil {
		return nil, err
	}
	return func(m *cxr.Image) (*cxr.Image, error) {
		if m.Width < width || m.Height < height {
			return nil, fmt.Errorf("%w: %d x %d pixels cannot be scaled down to %d x %d", errSmall, m.Width, m.Height, width, height)
		}
		return m.Resize(width, height, cxr.KernelArea), nil
	}, nil
}

var errSmall = errors.New("smaller than asked for")

func side(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1<<14 {
		return 0, fmt.Errorf("size %q, want a number of pixels up to %d", s, 1<<14)
	}
	return n, nil
}
