//go:build unix

package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
)

//go:embed onnx_ort.py
var ortPythonScript string

// filesPart times model files of one's own on one thread: ours of the first beside
// ours of the others, as where they are quantized, and ONNX Runtime's of each.
func filesPart(b *bench, args []string) error {
	f := flag.NewFlagSet("files", flag.ContinueOnError)
	side := f.Int("side", 224, "of a film, in pixels")
	times := f.Int("times", 20, "films of each round")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() == 0 || *side < 1 || *times < 1 {
		return errors.New("files: want ONNX files, and a side and times of at least 1")
	}
	numbers := []string{fmt.Sprint(*side), "1", "1", fmt.Sprint(*times)}
	ours := func(file string) contender {
		return contender{name: "ours, " + base(file), command: append(append(b.child("infer", file), numbers...), b.file("out")), times: *times}
	}
	var peers []contender
	for _, file := range f.Args()[1:] {
		peers = append(peers, ours(file))
	}
	if python, ok := b.python("onnxruntime", "python3-pip, then pip install onnxruntime"); ok {
		for _, file := range f.Args() {
			command := append([]string{python, "-c", ortPythonScript, file}, numbers...)
			peers = append(peers, contender{name: "ONNX Runtime, " + base(file), command: command, times: *times})
		}
	}
	return b.compare(base(f.Arg(0)), ours(f.Arg(0)), peers...)
}

func base(file string) string { return strings.TrimSuffix(filepath.Base(file), ".onnx") }
