package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The assembly and declarations of package simd are what these programs write.
func TestGeneratedIsCommitted(t *testing.T) {
	for program, files := range map[string][2]string{
		".":      {"simd_amd64.s", "stubs_amd64.go"},
		"./int8": {"int8_amd64.s", "int8_stubs_amd64.go"},
		"./amx":  {"amx_amd64.s", "amx_stubs_amd64.go"},
	} {
		dir := t.TempDir()
		made := [2]string{filepath.Join(dir, "made.s"), filepath.Join(dir, "made.go")}
		if out, err := exec.Command("go", "run", program, "-out", made[0], "-stubs", made[1], "-pkg", "simd").CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", program, err, out)
		}
		for i, name := range files {
			if afterCommand(t, made[i]) != afterCommand(t, filepath.Join("..", name)) {
				t.Errorf("%s is of another generator: run go generate in internal/simd", name)
			}
		}
	}
}

// afterCommand is what follows the first line, which tells how a file was made.
func afterCommand(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	return rest
}
