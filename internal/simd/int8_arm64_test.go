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

// integerFeatures are nothing, and then what products of bytes run on, from the
// fastest, each of which is taken from this processor until it is restored. A
// processor has all that lesser ones have.
var integerFeatures = []func() (restore func()){
	func() (restore func()) { return func() {} },
	func() (restore func()) { return without(&hasI8MM) },
	func() (restore func()) { return without(&hasDotProd) },
}

func without(feature *bool) (restore func()) {
	before := *feature
	*feature = false
	return func() { *feature = before }
}
