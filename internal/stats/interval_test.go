package stats

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Table I of Newcombe, "Two-sided confidence intervals for the single
// proportion" (Statistics in Medicine 17, 1998), method 3.
func TestWilson(t *testing.T) {
	for _, test := range []struct {
		successes, n int
		want         string
	}{
		{81, 263, "0.2553 0.3662"}, {15, 148, "0.0624 0.1605"}, {0, 20, "0.0000 0.1611"}, {1, 29, "0.0061 0.1718"},
		{20, 20, "0.8389 1.0000"}, {0, 0, "0.0000 1.0000"},
	} {
		low, high := Wilson(test.successes, test.n)
		if got := fmt.Sprintf("%.4f %.4f", low, high); got != test.want {
			t.Errorf("%d of %d: %s, want %s", test.successes, test.n, got, test.want)
		}
	}
}

func TestWilsonCoverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	const rounds, n, truth = 2000, 120, 0.85
	covered := 0
	for range rounds {
		hits := 0
		for range n {
			if rng.Float64() < truth {
				hits++
			}
		}
		if low, high := Wilson(hits, n); low <= truth && truth <= high {
			covered++
		}
	}
	if share := float64(covered) / rounds; share < 0.93 || share > 0.97 {
		t.Errorf("intervals held the truth in %.1f %% of samples", 100*share)
	}
}
