package standard

import (
	"math"
	"testing"
)

func TestFeaturesHaveMean0AndDeviation1(t *testing.T) {
	rows := [][]float32{{1, 0.1, 5}, {2, 0.1, 5}, {6, 0.1, 8}, {1000, 1000, 1000}}
	weights := []float64{1, 2, 1, 0} // the last is as good as absent
	mean, scale := Fit(rows, func(i int) float64 { return weights[i] }, 3)
	for j := range 3 {
		var sum, squares float64
		for i, row := range rows {
			z := (float64(row[j]) - mean[j]) * scale[j]
			sum, squares = sum+weights[i]*z, squares+weights[i]*z*z
		}
		want := 4.0 // of a feature that varies
		if j == 1 {
			want = 0 // one that never does is left out, however its mean is rounded
		}
		if math.Abs(sum) > 1e-12 || math.Abs(squares-want) > 1e-12 {
			t.Errorf("feature %d: sum %v and squares %v, want 0 and %v", j, sum, squares, want)
		}
	}
}

func TestRawIsAsItIs(t *testing.T) {
	if mean, scale := Raw(2); mean[1] != 0 || scale[1] != 1 {
		t.Errorf("(x-%v)*%v", mean, scale)
	}
}
