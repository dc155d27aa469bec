package headtest_test

import (
	"fmt"

	"github.com/cxrkit/cxrkit/head/headtest"
)

// A learning problem whose best AUC is known.
func ExampleGaussian() {
	problem := headtest.Gaussian{Seed: 1, Films: 200, Dim: 8, Strength: 2, Findings: []string{"effusion"}}
	fmt.Println(problem.Make())
	fmt.Printf("no head can have an AUC above %.2f\n", problem.Bayes())
	// Output:
	// 200 films of 200 patients, 1 x 8 by gaussian, recipe none/1; effusion: 86 positive, 114 negative, 0 missing
	// no head can have an AUC above 0.92
}
