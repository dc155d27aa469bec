package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const assembly = "../../amx_amd64.s"

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

// The assembly of package simd is what this program writes.
func TestGeneratedIsCommitted(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made.s")
	if out, err := exec.Command("go", "run", ".", "-out", made).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if afterCommand(t, made) != afterCommand(t, assembly) {
		t.Errorf("%s is of another generator: run go generate in internal/simd", assembly)
	}
}

// All bytes of the assembly are what LLVM makes of the comment before them.
func TestBytesEqualLLVMs(t *testing.T) {
	mc, err := exec.LookPath("llvm-mc")
	if err != nil {
		t.Skip("no llvm-mc here")
	}
	instructions := regexp.MustCompile(`// (\w.*)\n((?:\tBYTE +\$0x..\n)+)`).FindAllStringSubmatch(afterCommand(t, assembly), -1)
	if len(instructions) < 50 {
		t.Fatalf("%d instructions", len(instructions))
	}
	var texts strings.Builder
	for _, m := range instructions {
		texts.WriteString(m[1] + "\n")
	}
	c := exec.Command(mc, "--arch=x86-64", "--x86-asm-syntax=intel", "--show-encoding", "-mattr=+amx-tile,+amx-bf16,+amx-int8")
	c.Stdin = strings.NewReader(texts.String())
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	encodings := regexp.MustCompile(`encoding: \[(.*)\]`).FindAllStringSubmatch(string(out), -1)
	if len(encodings) != len(instructions) {
		t.Fatalf("%d encodings of %d instructions", len(encodings), len(instructions))
	}
	for i, m := range instructions {
		got := strings.Join(regexp.MustCompile(`0x..`).FindAllString(m[2], -1), ",")
		if got != encodings[i][1] {
			t.Errorf("%s: %s, LLVM has %s", m[1], got, encodings[i][1])
		}
	}
}
