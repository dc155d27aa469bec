package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// assembler are the arguments of llvm-mc.
var assembler = []string{"--arch=aarch64", "-mattr=+dotprod,+i8mm,+bf16", "--show-encoding"}

// What LLVM's assembler makes of the text (llvm-mc 14, with the flags of assembler).
func TestEncodings(t *testing.T) {
	for _, c := range []struct {
		got  word
		want uint32
	}{
		{encodeThree("FADD", 1, 2, 3), 0x4e23d441},
		{encodeThree("FSUB", 31, 30, 29), 0x4ebdd7df},
		{encodeThree("FMUL", 16, 15, 8), 0x6e28ddf0},
		{encodeThree("FDIV", 0, 31, 1), 0x6e21ffe0},
		{encodeThree("FMAX", 5, 17, 9), 0x4e29f625},
		{encodeThree("FMIN", 18, 3, 24), 0x4eb8f472},
		{encodeThree("FMLA", 10, 20, 30), 0x4e3ece8a},
		{encodeThree("FMLS", 21, 11, 1), 0x4ea1cd75},
		{encodeThree("FADDP", 4, 4, 4), 0x6e24d484},
		{encodeThree("FMAXP", 28, 27, 26), 0x6e3af77c},
		{encodeThree("CMGT", 7, 6, 31), 0x4ebf34c7},
		{encodeTwo("FRINTN", 12, 13), 0x4e2189ac},
		{encodeTwo("FCVTNS", 31, 0), 0x4e21a81f},
		{encodeTwo("FNEG", 2, 19), 0x6ea0fa62},
		{encodeThree("FMINP", 11, 9, 16), 0x6eb0f52b},
		{encodeThree("FMAXNM", 3, 22, 14), 0x4e2ec6c3},
		{encodeThree("FCMGT", 29, 4, 23), 0x6eb7e49d},
		{encodeTwo("SCVTF", 18, 25), 0x4e21db32},
		{encodeLane("FMLA", 1, 2, 3, 0), 0x4f831041},
		{encodeLane("FMLA", 30, 15, 31, 1), 0x4fbf11fe},
		{encodeLane("FMLA", 9, 24, 16, 2), 0x4f901b09},
		{encodeLane("FMLA", 17, 8, 7, 3), 0x4fa71911},
		{encodeLane("BFDOT", 9, 24, 16, 2), 0x4f50fb09},
		{encodeLane("BFDOT", 30, 15, 31, 1), 0x4f7ff1fe},
		{encodeLane("SDOT", 17, 8, 7, 3), 0x4fa7e911},
		{encodeLane("SDOT", 5, 26, 19, 0), 0x4f93e345},
		{encodeLane("SUDOT", 12, 31, 20, 2), 0x4f14fbec},
		{encodeLane("SUDOT", 1, 2, 3, 1), 0x4f23f041},
		{encodeLong(14, 23, 5, false), 0x0e25c2ee},
		{encodeLong(29, 2, 18, true), 0x4e32c05d},
		{encodePairs(11, 26), 0x4e606b4b},
		{encodeRound(6, 21, false), 0x0ea16aa6},
		{encodeRound(27, 10, true), 0x4ea1695b},
	} {
		if c.got.bits != c.want {
			t.Errorf("%s: %#08x, want %#08x", c.got.text, c.got.bits, c.want)
		}
	}
}

// The assembly of package simd is what this program writes.
func TestGeneratedIsCommitted(t *testing.T) {
	f := kernels()
	for name, want := range map[string]string{"simd_arm64.s": f.assembly(), "stubs_arm64.go": f.declarations()} {
		got, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is of another generator: run go generate in internal/simd", name)
		}
	}
}

// Every word of the assembly is what LLVM makes of the text beside it.
func TestWordsEqualLLVMs(t *testing.T) {
	mc, err := exec.LookPath("llvm-mc")
	if err != nil {
		t.Skip("no llvm-mc here")
	}
	want := map[string]string{} // of a text, the word
	var texts strings.Builder
	for _, m := range regexp.MustCompile(`WORD \$0x([0-9a-f]{8}) // (.*)`).FindAllStringSubmatch(kernels().assembly(), -1) {
		if _, known := want[m[2]]; !known {
			want[m[2]] = m[1]
			texts.WriteString(m[2] + "\n")
		}
	}
	if len(want) < 100 {
		t.Fatalf("%d different words", len(want))
	}
	c := exec.Command(mc, assembler...)
	c.Stdin = strings.NewReader(texts.String())
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	encodings := regexp.MustCompile(`encoding: \[0x(..),0x(..),0x(..),0x(..)\]`).FindAllStringSubmatch(string(out), -1)
	if len(encodings) != len(want) {
		t.Fatalf("%d encodings of %d instructions", len(encodings), len(want))
	}
	for i, text := range strings.Split(strings.TrimSpace(texts.String()), "\n") {
		e := encodings[i]
		if got := fmt.Sprint(e[4], e[3], e[2], e[1]); strings.ReplaceAll(got, " ", "") != want[text] {
			t.Errorf("%s: %s, LLVM has %s", text, want[text], got)
		}
	}
}
