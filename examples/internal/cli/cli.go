// Package cli is what the example programs have in common: how they begin and
// end, their help, and checks that come before work.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

// Main runs a program until it is done or interrupted, and ends the process: with 0
// if all went well or help was asked for, otherwise with 1 after a line that says
// why.
func Main(name string, run func(ctx context.Context, args []string, stdout, stderr io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// Flags are a program's. Their help begins with usage: what the program is for,
// and examples.
func Flags(name, usage string, stderr io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintf(stderr, "%s\nFlags:\n", usage)
		f.PrintDefaults()
	}
	return f
}

// Parse parses the arguments of a program that takes flags alone.
func Parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return nil
}

// CanWrite reports why the file of a name could not be written, so that this is
// known before an hour's work and not after it.
func CanWrite(name string) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return fmt.Errorf("%s: a folder, want the name of a file", name)
	}
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, atomicfile.Prefix)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no folder %s", name, dir)
	case err != nil:
		return fmt.Errorf("%s: cannot be written: %w", name, errors.Unwrap(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// CanFill makes a folder if needed, and reports why files could not be written to
// it.
func CanFill(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return CanWrite(filepath.Join(dir, "file"))
}

// Films is "1 film", "2 films".
func Films(n int) string { return Count(n, "film") }

// Count is so many of something, whose plural ends in s.
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}
