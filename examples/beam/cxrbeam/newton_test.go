package cxrbeam

import (
	"slices"
	"strings"
	"testing"
)

// Sums that were cut up, sent, and come in any order add up as whole ones; one
// that is missing is no zero.
func TestPieces(t *testing.T) {
	const n, size, parts = 2, 60, 3
	byNumber := map[int64][]piece{}
	for part := range int64(parts) {
		o := newSums(n, size)
		for i := range o.Values {
			o.Values[i] = float64(int64(i) * (part + 1))
		}
		o.pieces(part, func(p piece) {
			data, err := encodePiece(p)
			if err != nil {
				t.Fatal(err)
			}
			if p, err = decodePiece(data); err != nil {
				t.Fatal(err)
			}
			byNumber[p.Number] = append([]piece{p}, byNumber[p.Number]...)
		})
	}
	if len(byNumber) < 3 {
		t.Fatalf("%d pieces, want several", len(byNumber))
	}
	var total []piece
	for _, all := range byNumber {
		(&sumFn{}).ProcessElement(0, each(all), func(_ int64, p piece) { total = append(total, p) })
	}
	o := newSums(n, size)
	if err := o.join(each(total)); err != nil {
		t.Fatal(err)
	}
	if got := slices.Concat(o.Loss, o.Total, o.Gradient, o.Curvature); len(got) != n*(2+size+triangle(size)) || !slices.Equal(got, o.Values) {
		t.Errorf("the fields have %d values", len(got))
	}
	for i, v := range o.Values {
		if v != float64(6*i) {
			t.Fatalf("value %d is %v, want %v", i, v, 6*i)
		}
	}
	if err := o.join(each(total[1:])); err == nil || !strings.Contains(err.Error(), "pieces of sums, want") {
		t.Errorf("without a piece: %v", err)
	}
	if err := o.join(each([]piece{{Number: 9}})); err == nil {
		t.Error("a piece from beyond the end is taken")
	}
	if _, err := decodePiece(make([]byte, 17)); err == nil {
		t.Error("17 bytes are a piece")
	}
}

// each gives pieces as engines do.
func each(all []piece) func(*piece) bool {
	return func(p *piece) bool {
		if len(all) == 0 {
			return false
		}
		*p, all = all[0], all[1:]
		return true
	}
}
