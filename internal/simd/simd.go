// Package simd is the arithmetic of local inference: float32 matrix products,
// convolutions and what goes between them, on row-major data with channels last
// (NHWC).
//
// On amd64 the inner loops are assembly (AVX2 with FMA, or AVX-512), and on arm64
// (NEON); everywhere else, and on older processors, they are Go. Results of the
// paths differ by rounding only: sums run in another order. Activations and what
// softmax takes are approximations within 3e-7 on each. Products of bytes are exact.
//
// Functions run on the calling goroutine and panic if a slice is too short.
package simd

import "slices"

//go:generate sh -c "cd asmgen && go run . -out ../simd_amd64.s -stubs ../stubs_amd64.go -pkg simd"
//go:generate sh -c "cd asmgen && go run ./neon -out ../simd_arm64.s -stubs ../stubs_arm64.go"

// A Path is a set of inner loops.
type Path int

// Paths.
const (
	Generic Path = iota // Go
	AVX2                // amd64 with AVX2 and FMA
	AVX512              // amd64 with AVX-512 F
	NEON                // arm64
)

func (p Path) String() string { return [...]string{"generic", "AVX2", "AVX-512", "NEON"}[p] }

// Paths are those that this processor has, from the one that runs everywhere to
// the fastest.
func Paths() []Path { return slices.Clone(paths) }

// Current is the path in use, at first the fastest.
func Current() Path { return current.path }

var (
	paths   = detect()
	current = assembly[paths[len(paths)-1]]
)

// Use makes all later calls take a path, which the processor must have, and
// returns a function that undoes it. What was packed before must not be used
// under it. For tests: it must not run beside other calls.
func Use(p Path) (restore func()) {
	if !slices.Contains(paths, p) {
		panic("kernel: this processor does not have " + p.String())
	}
	before := current
	current = assembly[p]
	return func() { current = before }
}

// A Part is a share of a piece of work that several goroutines do together.
type Part struct{ Index, Of int }

// Whole is all of the work.
var Whole = Part{0, 1}

// Span is the share of n things, in whole groups of the given size.
func (p Part) Span(n, group int) (first, end int) {
	groups := (n + group - 1) / group
	return min(p.Index*groups/p.Of*group, n), min((p.Index+1)*groups/p.Of*group, n)
}
