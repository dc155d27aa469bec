package cxrbeam

import (
	"slices"
	"testing"
)

// Sums that were cut up and come in any order add up as whole ones.
func TestPieces(t *testing.T) {
	whole := func(part int64) sums {
		o := sums{Part: part, Loss: []float64{1}, Total: []float64{2}, Gradient: []float64{3}, Curvature: make([]float64, 2*piece+5)}
		for i := range o.Curvature {
			o.Curvature[i] = float64(int64(i) * (part + 1))
		}
		return o
	}
	var all []sums
	for part := range int64(3) {
		whole(part).pieces(func(o sums) { all = append(all, o) })
	}
	slices.Reverse(all)
	got := total(func(o *sums) bool {
		if len(all) == 0 {
			return false
		}
		*o, all = all[0], all[1:]
		return true
	})
	if got.Loss[0] != 3 || got.Total[0] != 6 || got.Gradient[0] != 9 || len(got.Curvature) != 2*piece+5 {
		t.Errorf("%v, %v, %v and %d values", got.Loss, got.Total, got.Gradient, len(got.Curvature))
	}
	for i, v := range got.Curvature {
		if v != float64(6*i) {
			t.Fatalf("value %d is %v, want %v", i, v, 6*i)
		}
	}
}
