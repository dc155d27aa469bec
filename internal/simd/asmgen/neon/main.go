// Neon writes the assembly of package simd for arm64. Run go generate there.
//
// Avo knows amd64 alone, and Go's assembler for arm64 has no names for most of
// NEON's arithmetic: such instructions are written as words, with what they say
// beside them.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("out", "", "file of the assembly")
	stubs := flag.String("stubs", "", "file of the declarations")
	flag.Parse()
	f := kernels()
	for name, text := range map[string]string{*out: f.assembly(), *stubs: f.declarations()} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "neon:", err)
			os.Exit(1)
		}
	}
}

func kernels() *file {
	f := &file{}
	for _, of := range []kind{floats, halves, bytes, signedBytes} {
		for rows := 1; rows <= tileRows; rows++ {
			of.tile(f, rows)
		}
	}
	for rows := 1; rows <= longRows; rows++ {
		long(f, rows)
	}
	depthwise(f, 1)
	depthwise(f, 4)
	activations(f)
	arithmetic(f)
	reductions(f)
	winograd(f)
	toHalf(f)
	pairRows(f)
	quantized(f)
	return f
}
