package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// All bytes of the assembly of AMX and of AVX-VNNI are what LLVM makes of the comment
// before them.
func TestBytesEqualLLVMs(t *testing.T) {
	mc, err := exec.LookPath("llvm-mc")
	if err != nil {
		t.Skip("no llvm-mc here")
	}
	var instructions [][]string
	var texts strings.Builder
	for _, name := range []string{"../../amx_amd64.s", "../../int8_amd64.s"} {
		assembly, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		some := regexp.MustCompile(`// (\S.*)\n((?:\tBYTE +\$0x..\n)+)`).FindAllStringSubmatch(string(assembly), -1)
		commented := 0
		for _, m := range some {
			texts.WriteString(m[1] + "\n")
			commented += strings.Count(m[2], "BYTE")
		}
		if all := strings.Count(string(assembly), "\tBYTE "); all == 0 || commented != all {
			t.Errorf("%s: %d bytes, %d of them below a comment", name, all, commented)
		}
		instructions = append(instructions, some...)
	}
	c := exec.Command(mc, "--arch=x86-64", "--x86-asm-syntax=intel", "--show-encoding", "-mattr=+amx-tile,+amx-bf16,+amx-int8,+avxvnni")
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
