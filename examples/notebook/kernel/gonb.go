package main

import (
	"io"
	"os"
	"path/filepath"
)

// buildGonb compiles gonb, the other kernel, and goimports, which it calls, into
// the folder of binary. Go itself must be on the PATH when gonb runs.
func buildGonb(binary string, stderr io.Writer) (spec, error) {
	dir := filepath.Dir(binary)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return spec{}, err
	}
	for name, path := range map[string]string{binary: "github.com/janpfeifer/gonb", filepath.Join(dir, "goimports"+executable()): "golang.org/x/tools/cmd/goimports"} {
		cmd := goCommand("build", "-v", "-trimpath", "-o", name, path)
		cmd.Stdout, cmd.Stderr = stderr, newCompiling(stderr)
		if err := cmd.Run(); err != nil {
			return spec{}, err
		}
	}
	return spec{
		Name: "gonb", DisplayName: "Go (gonb)", Language: "go", Interrupt: "message",
		Argv: []string{binary, "--kernel", "{connection_file}"},
		Env:  map[string]string{"PATH": dir + string(os.PathListSeparator) + "${PATH}"}, // Jupyter fills it in
	}, nil
}
