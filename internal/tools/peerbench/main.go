//go:build unix

// Command peerbench measures this library beside the programs that people use
// today, on the same machine, in one run:
//
//	go run ./internal/tools/peerbench dicom
//
// It makes its own input, finds the peers that are installed and names the
// package of those that are not. Contenders take turns, each in a process of
// its own, and are compared by CPU time, which a busy machine disturbs least.
// It is not part of the tests.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
)

// parts are the comparisons, by subcommand; children are what they run of
// ours in processes of their own.
var (
	parts    = map[string]func(b *bench, args []string) error{"dicom": dicomPart, "onnx": onnxPart, "files": filesPart, "head": headPart}
	children = map[string]func(args []string) error{
		"convert": convert, "decode": decode, "decodeht": decodeHT, "resize": resize,
		"probe": probe, "nearest": nearest, "readmemory": readMemory, "largeprobe": largeProbe,
		"infer": infer, "stock": stock, "mlp": trainMLP,
	}
)

func main() {
	rounds := flag.Int("rounds", 7, "how often each contender runs")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: peerbench [-rounds N] dicom [-node_modules FOLDER] [16-BIT-FILM.dcm ...] | onnx [-models FOLDER] [-node_modules FOLDER] [-only NAMES] | files [-side PIXELS] FILE.onnx ... | head")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*rounds, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "peerbench:", err)
		os.Exit(1)
	}
}

func run(rounds int, args []string) error {
	if len(args) > 0 && children[args[0]] != nil {
		return children[args[0]](args[1:])
	}
	if len(args) == 0 || parts[args[0]] == nil || rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	dir, err := os.MkdirTemp("", "peerbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Printf("%s %s/%s, %d CPUs; medians of %d rounds, CPU time\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), rounds)
	b := &bench{rounds: rounds, dir: dir, self: self}
	if err := parts[args[0]](b, args[1:]); err != nil {
		return err
	}
	return b.report(os.Stdout)
}
