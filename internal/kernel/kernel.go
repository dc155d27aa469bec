// Package kernel is the arithmetic of local inference: float32 matrix products,
// convolutions and what goes between them, on row-major data with channels last
// (NHWC).
//
// On amd64 the inner loops are assembly (AVX2 with FMA, and AVX-512 for matrix
// products); everywhere else, and on older processors, they are Go. Results of
// the paths differ by rounding only: sums run in another order.
//
// Functions run on the calling goroutine and panic if a slice is too short.
package kernel

//go:generate sh -c "cd asmgen && go run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg kernel"

// A Path is a set of inner loops.
type Path int

// Paths, from the one that runs everywhere.
const (
	Generic Path = iota // Go
	AVX2                // amd64 with AVX2 and FMA
	AVX512              // amd64 with AVX-512 F
)

func (p Path) String() string { return [...]string{"generic", "AVX2", "AVX-512"}[p] }

// Best is the fastest path this processor has.
func Best() Path { return best }

var (
	best    = detect()
	current = best
)

// Use makes all later calls take a path, which the processor must have, and
// returns a function that undoes it. For tests: it must not run beside other
// calls.
func Use(p Path) (restore func()) {
	if p > best {
		panic("kernel: this processor does not have " + p.String())
	}
	before := current
	current = p
	return func() { current = before }
}
