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

// A processor has all that lesser ones have, by which they get the same results.
func TestProductsOfLesserProcessors(t *testing.T) {
	i8mm, dotProd := hasI8MM, hasDotProd
	defer func() { hasI8MM, hasDotProd = i8mm, dotProd }()
	products := func(want string) {
		t.Run(want, func(t *testing.T) {
			if got := IntegerPath(); got != want {
				t.Fatalf("products of bytes run on %s", got)
			}
			t.Run("product", TestProductOfBytes)
			t.Run("convolution", TestConvolutionOfBytes)
		})
	}
	hasI8MM = false
	if i8mm && dotProd {
		products("NEON-DotProd")
	}
	hasDotProd = false
	if i8mm || dotProd {
		products("NEON")
	}
}
