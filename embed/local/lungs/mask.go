package lungs

// A Mask says which cells of the film belong to something: Grid x Grid, row by
// row.
type Mask struct{ Cells []bool }

func newMask() *Mask { return &Mask{make([]bool, Grid*Grid)} }

// At is whether the cell in that column and row belongs; none does beyond the
// film.
func (m *Mask) At(column, row int) bool {
	return column >= 0 && row >= 0 && column < Grid && row < Grid && m.Cells[row*Grid+column]
}

// Area is the share of the film, 0..1.
func (m *Mask) Area() float64 {
	n := 0
	for _, v := range m.Cells {
		if v {
			n++
		}
	}
	return float64(n) / (Grid * Grid)
}

// row is the first and the last column of the mask in a row.
func (m *Mask) row(row int) (first, last int, ok bool) {
	first = -1
	for c := range Grid {
		if m.Cells[row*Grid+c] {
			if first < 0 {
				first = c
			}
			last = c
		}
	}
	return first, last, first >= 0
}

// extent is the box of the mask in cells, its upper bounds exclusive.
func (m *Mask) extent() (x0, y0, x1, y1 int) {
	x0, y0 = Grid, Grid
	for r := range Grid {
		if first, last, ok := m.row(r); ok {
			x0, x1 = min(x0, first), max(x1, last+1)
			y0, y1 = min(y0, r), r+1
		}
	}
	return x0, y0, x1, y1
}

// union has the cells of both.
func union(a, b *Mask) *Mask {
	u := newMask()
	for i := range u.Cells {
		u.Cells[i] = a.Cells[i] || b.Cells[i]
	}
	return u
}

// largest is the largest connected piece of the cells of probability over a
// half.
func largest(p []float32) *Mask {
	seen, best := make([]bool, len(p)), []int(nil)
	for start := range p {
		if seen[start] || p[start] <= 0.5 {
			continue
		}
		piece := []int{start}
		seen[start] = true
		for k := 0; k < len(piece); k++ {
			at := piece[k]
			column := at % Grid
			for _, n := range [4]int{at - 1, at + 1, at - Grid, at + Grid} {
				wrapped := n == at-1 && column == 0 || n == at+1 && column == Grid-1
				if n < 0 || n >= len(p) || wrapped || seen[n] || p[n] <= 0.5 {
					continue
				}
				seen[n] = true
				piece = append(piece, n)
			}
		}
		if len(piece) > len(best) {
			best = piece
		}
	}
	m := newMask()
	for _, i := range best {
		m.Cells[i] = true
	}
	return m
}
