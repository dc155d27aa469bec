package simd

import (
	"flag"
	"fmt"
	"testing"
)

var instructions = flag.String("instructions", "", "what products of bytes, and the least precise ones of floats, must run on here")

// What the processor has is found: CI tells what that is of those it emulates.
func TestInstructions(t *testing.T) {
	if *instructions == "" {
		t.Skip("nothing is asked for by -instructions")
	}
	precision := Single
	if BFloat16.Available() {
		precision = BFloat16
	}
	if got := fmt.Sprintf("%s, %v", IntegerPath(), precision); got != *instructions {
		t.Errorf("products run on %q, want %q", got, *instructions)
	}
}

// A processor that has instructions for signed and unsigned bytes has those for
// signed ones alone, by which others get the same results.
func TestProductsOfSignedBytes(t *testing.T) {
	if !hasI8MM {
		t.Skip("the other tests of products run on them, or on Go")
	}
	hasI8MM = false
	defer func() { hasI8MM = true }()
	if got := IntegerPath(); got != "NEON-DotProd" {
		t.Fatalf("products of bytes run on %s", got)
	}
	t.Run("product", TestProductOfBytes)
	t.Run("convolution", TestConvolutionOfBytes)
}
