// Kernel builds the Jupyter kernel that runs this folder's notebooks and
// installs it for the current user:
//
//	go run ./kernel
//
// With -gonb it builds gonb instead, a kernel of another kind; docs/NOTEBOOKS.md
// compares them.
//
// The kernel is gophernotes, an interpreter of Go, with the packages of
// linked.go compiled in: once built it needs neither Go nor a network. To have
// a package of your own in cells, add it to linked.go, run "go get" for it and
// build again.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "kernel:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("kernel", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "Kernel builds the Jupyter kernel of the notebooks here and installs it.\n\n    go run ./kernel\n\nFlags:\n")
		flags.PrintDefaults()
	}
	checkOnly := flags.Bool("check", false, "tell what is missing, and build nothing")
	gonb := flags.Bool("gonb", false, "build gonb instead")
	binary := flags.String("o", "", "`file` for the kernel; empty: in the user's cache folder")
	data := flags.String("data", "", "Jupyter's data `folder`, where kernels are installed; empty: the user's")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	missing, err := check(lookup{runtime.Version(), runtime.GOOS, exec.LookPath})
	if err != nil {
		return err
	}
	for _, m := range missing {
		fmt.Fprintln(stdout, m)
	}
	if *checkOnly {
		if len(missing) == 0 {
			fmt.Fprintln(stdout, "nothing is missing; to build the kernel: go run ./kernel")
		}
		return nil
	}
	name, builder := "cxrkit-kernel", build
	if *gonb {
		name, builder = "gonb", buildGonb
	}
	if *binary == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		*binary = filepath.Join(cache, "cxrkit", name+executable())
	}
	if *data == "" {
		if *data, err = dataDir(runtime.GOOS, os.Getenv, os.UserHomeDir); err != nil {
			return err
		}
	}
	if *binary, err = filepath.Abs(*binary); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "building the kernel: several minutes the first time, seconds later")
	kernel, err := builder(*binary, stderr)
	if err != nil {
		return err
	}
	file, err := kernel.install(*data)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "built     %s\ninstalled %s\nnow: jupyter notebook, and choose kernel %q\n", *binary, file, kernel.DisplayName)
	return nil
}

func executable() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
