// Convert makes PNG files of chest radiographs, or checksums of their pixels.
//
//	go run ./examples/convert -out pngs folder
//	go run ./examples/convert -checksum -recipe upstream -views any archive.zip 'more/*.dcm'
//
// Every argument is a folder, a zip file, a film or a pattern of such. What a
// file is (DICOM, PNG, JPEG, TIFF), its content tells. For each film a line is
// printed, in order of paths within an argument, with the reason where it could
// not be converted; then the exit status is 1.
package main

import (
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, term.IsTerminal(int(os.Stderr.Fd())))
	os.Exit(status)
}

// run is the program. It returns the exit status: 0, 1 if a film failed, 2 if
// it was called wrongly.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, terminal bool) int {
	flags := flag.NewFlagSet("convert", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: convert [flags] folder|zip|film|pattern...")
		flags.PrintDefaults()
	}
	recipe := flags.String("recipe", "standard", "`name` of the recipe: standard, upstream, haidef or medsiglip")
	views := flags.String("views", "frontal", "`which` views to take: frontal or any")
	size := flags.String("size", "", "scale to `N` pixels on the longer side, or to WIDTHxHEIGHT")
	out := flags.String("out", "png", "`folder` for the PNG files")
	checksum := flags.Bool("checksum", false, "print SHA-256 sums of the pixels instead of writing files")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	o, err := options(*recipe, *views)
	if err == nil && flags.NArg() == 0 {
		err = errors.New("no folder, zip, film or pattern given")
	}
	var scale func(*cxr.Image) *cxr.Image
	if err == nil {
		scale, err = scaler(*size)
	}
	if err != nil {
		fmt.Fprintln(stderr, "convert:", err)
		return 2
	}
	var act action = &writer{dir: *out, written: map[string]bool{}}
	if *checksum {
		act = summer{}
	}
	r := &reporter{act: act, scale: scale, stdout: stdout, stderr: stderr, terminal: terminal}
	for _, arg := range flags.Args() {
		if err := r.convert(ctx, dicomconv.New(o), arg); err != nil {
			r.finish()
			fmt.Fprintln(stderr, "convert:", err)
			return 1
		}
	}
	r.finish()
	if r.failed > 0 {
		fmt.Fprintf(stderr, "convert: %d of %d films could not be converted\n", r.failed, r.films)
		return 1
	}
	return 0
}

func options(recipe, views string) (*dicomconv.Options, error) {
	o := &dicomconv.Options{}
	switch recipe {
	case "standard":
		o.Recipe = cxr.Standard
	case "upstream":
		o.Recipe = cxr.Upstream
	case "haidef":
		o.Recipe = cxr.HAIDEF
	case "medsiglip":
		o.Recipe = cxr.MedSigLIP
	default:
		return nil, fmt.Errorf("recipe %q, want standard, upstream, haidef or medsiglip", recipe)
	}
	switch views {
	case "frontal":
	case "any":
		o.Views = dicomconv.ViewsAny
	default:
		return nil, fmt.Errorf("views %q, want frontal or any", views)
	}
	return o, nil
}

// scaler is what -size asks for.
func scaler(size string) (func(*cxr.Image) *cxr.Image, error) {
	if size == "" {
		return func(m *cxr.Image) *cxr.Image { return m }, nil
	}
	w, h, both := strings.Cut(size, "x")
	width, err := side(w)
	if err != nil {
		return nil, err
	}
	if !both {
		return func(m *cxr.Image) *cxr.Image {
			long := max(m.Width, m.Height)
			fit := func(n int) int { return max(1, (n*width+long/2)/long) }
			return m.Resize(fit(m.Width), fit(m.Height), cxr.KernelArea)
		}, nil
	}
	height, err := side(h)
	if err != nil {
		return nil, err
	}
	return func(m *cxr.Image) *cxr.Image { return m.Resize(width, height, cxr.KernelArea) }, nil
}

func side(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1<<14 {
		return 0, fmt.Errorf("size %q, want a number of pixels up to %d", s, 1<<14)
	}
	return n, nil
}
