package simd

import (
	"sync"
	"unsafe"

	"github.com/cxrkit/cxrkit/internal/pages"
	"github.com/cxrkit/cxrkit/internal/parallel"
)

// A PackedBytes is a matrix of K x N signed bytes laid out for products with rows
// of unsigned ones: panels of 32 columns, in which four neighbors along the depth
// lie together; zeros after the last row and column. It is immutable and shared.
type PackedBytes struct {
	K, N   int
	groups int     // of four along the depth
	data   []int8  // panel by panel, groups x 32 x 4
	sums   []int32 // of the columns
	zeros  []int32 // zero points of the columns; nil: all are 0
}

const (
	panel    = 32 // columns
	sumsTile = rowBlock * panel
)

// NewPackedBytes is a matrix of zeros to [PackedBytes.Fill], with a zero point of
// each column, or nil.
func NewPackedBytes(k, n int, zeros []int32) *PackedBytes {
	p := &PackedBytes{K: k, N: n, groups: (k + 3) / 4}
	columns := (n + panel - 1) / panel * panel
	p.data, p.sums = pages.Zeros[int8](4*p.groups*columns), make([]int32, columns)
	for _, z := range zeros {
		if z != 0 {
			p.zeros = make([]int32, columns)
			copy(p.zeros, zeros)
			break
		}
	}
	return p
}

// Fill sets rows from..from+count, once; element (from+i, n) is src[i*kStep+n*nStep].
func (p *PackedBytes) Fill(from, count int, src []int8, kStep, nStep int) {
	panels := len(p.sums) / panel
	if count*p.N < worthParallel {
		for i := range panels {
			p.fill(i*panel, from, count, src, kStep, nStep)
		}
		return
	}
	parallel.Each(panels, func(i int) { p.fill(i*panel, from, count, src, kStep, nStep) })
}

// fill is Fill of the panel that begins at a column.
func (p *PackedBytes) fill(j, from, count int, src []int8, kStep, nStep int) {
	columns, sums := min(panel, p.N-j), p.sums[j:][:panel]
	data := p.data[4*p.groups*j:]
	if nStep == 1 {
		for i := range count {
			k := from + i
			row := data[k/4*4*panel+k%4:]
			for c, v := range src[i*kStep+j:][:columns] {
				row[4*c] = v
				sums[c] += int32(v)
			}
		}
		return
	}
	const block = 16 // rows of the panel that stay in the cache while all columns pass
	for first := 0; first < count; first += block {
		end := min(first+block, count)
		for c := range columns {
			at, i := (j+c)*nStep, first
			for ; from%4 == 0 && i+4 <= end; i += 4 {
				x := src[at+i*kStep:][:3*kStep+1]
				v0, v1, v2, v3 := x[0], x[kStep], x[2*kStep], x[3*kStep]
				to := (*[4]int8)(data[(from+i)*panel+4*c:])
				to[0], to[1], to[2], to[3] = v0, v1, v2, v3
				sums[c] += int32(v0) + int32(v1) + int32(v2) + int32(v3)
			}
			for ; i < end; i++ {
				k, v := from+i, src[at+i*kStep]
				data[k/4*4*panel+4*c+k%4] = v
				sums[c] += int32(v)
			}
		}
	}
}

// Depth is how many bytes a row of the first factor is read to.
func (p *PackedBytes) Depth() int { return 4 * p.groups }

// Columns is N up to a whole panel: the length of what is given by column.
func (p *PackedBytes) Columns() int { return len(p.sums) }

// Start sets start to what sums begin from: the bias of each column, or nil, and
// what the zero point of the first factor takes away.
func (p *PackedBytes) Start(start []int32, zero int32, bias []int32) {
	clear(start)
	copy(start, bias)
	taken := zero // by the column's sum
	if l := byteKernels(); l != nil && l.signed {
		taken -= 128
	}
	for j, s := range p.sums {
		start[j] -= taken * s
		if p.zeros != nil {
			start[j] += zero * p.zeros[j] * int32(p.K)
		}
	}
}

// A Product is a product of bytes: rows of a, lda bytes apart and read to Depth,
// with B. By-column values have B's Columns. It has a result of bytes or of floats.
type Product struct {
	B     *PackedBytes
	Start []int32   // by column, of [PackedBytes.Start]
	Scale []float32 // by column

	Zero   int32 // of a result of bytes: round(sum*Scale) + Zero
	Limits Limits

	Bias []float32 // by column, of a result of floats: f(sum*Scale + Bias)
	F    Activation
}

// Requantize computes a share of m rows of bytes, ldc apart.
func (p *Product) Requantize(c []uint8, ldc int, a []uint8, lda, m int, part Part) {
	p.check(len(c), ldc, len(a), lda, m)
	low, high := p.Limits.about(p.Zero)
	loops := byteKernels()
	p.each(a, lda, m, part, func(t *sumTile, r, j, rows int) {
		n, scale := min(panel, p.B.N-j), p.Scale[j:][:panel]
		to := c[r*ldc+j:]
		if loops != nil {
			if n == panel {
				loops.requantize(&to[0], ldc, &t.sums[0], rows, &scale[0], low, high, float32(p.Zero))
				return
			}
			loops.requantize(&t.bytes[0], panel, &t.sums[0], rows, &scale[0], low, high, float32(p.Zero))
			for i := range rows {
				copy(to[i*ldc:][:n], t.bytes[i*panel:])
			}
			return
		}
		for i := range rows {
			row, sums := to[i*ldc:][:n], t.sums[i*panel:]
			for k := range row {
				row[k] = uint8(nearest(float32(sums[k])*scale[k], low, high) + p.Zero)
			}
		}
	})
}

// Rescale computes a share of m rows of floats, ldc apart.
func (p *Product) Rescale(c []float32, ldc int, a []uint8, lda, m int, part Part) {
	p.check(len(c), ldc, len(a), lda, m)
	loops := byteKernels()
	p.each(a, lda, m, part, func(t *sumTile, r, j, rows int) {
		n, scale, bias := min(panel, p.B.N-j), p.Scale[j:][:panel], p.Bias[j:][:panel]
		to := c[r*ldc+j:]
		switch {
		case loops != nil && n == panel:
			loops.rescale(&to[0], 4*ldc, &t.sums[0], rows, &scale[0], &bias[0])
		case loops != nil:
			loops.rescale(&t.floats[0], 4*panel, &t.sums[0], rows, &scale[0], &bias[0])
			for i := range rows {
				copy(to[i*ldc:][:n], t.floats[i*panel:])
			}
		default:
			for i := range rows {
				row, sums := to[i*ldc:][:n], t.sums[i*panel:]
				for k := range row {
					row[k] = float32(float32(sums[k])*scale[k]) + bias[k]
				}
			}
		}
		if p.F != None {
			for i := range rows {
				p.F.Apply(to[i*ldc:][:n])
			}
		}
	})
}

func (p *Product) check(c, ldc, a, lda, m int) {
	columns := p.B.Columns()
	if m > 0 && (a < (m-1)*lda+p.B.Depth() || c < (m-1)*ldc+p.B.N) || len(p.Start) < columns || len(p.Scale) < columns {
		panic("kernel: matrices of bytes too short")
	}
}

// A sumTile is what one tile works on.
type sumTile struct {
	sums, start [sumsTile]int32
	bytes       [sumsTile]uint8
	floats      [sumsTile]float32
	rows        [unitBlock]int32 // sums of rows of a
}

var sumTiles = sync.Pool{New: func() any { return new(sumTile) }}

// each computes sums of a share, and calls use with the tile of rows from r and the
// columns of the panel from j.
func (p *Product) each(a []uint8, lda, m int, part Part, use func(t *sumTile, r, j, rows int)) {
	b := p.B
	rows, columns := extent{0, m}, extent{0, b.N}
	if m >= 24*part.Of {
		rows = part.of(rows)
	} else {
		columns.first, columns.end = part.Span(b.N, panel)
	}
	if rows.n() == 0 || columns.n() <= 0 {
		return
	}
	t := sumTiles.Get().(*sumTile)
	defer sumTiles.Put(t)
	loops := byteKernels()
	most, highest := rowBlock, 12
	var unit *matrixUnit
	switch {
	case loops != nil && loops.unit != nil:
		unit, most, highest = loops.unit, unitBlock, rowBlock
	case loops != nil:
		highest = len(loops.dots)
	}
	for i := range pieces(rows, most) {
		some := piece(rows, most, i, unit)
		if b.zeros != nil {
			for r := range some.n() {
				t.rows[r] = sumBytes(a[(some.first+r)*lda:][:b.K])
			}
		}
		for j := columns.first; j < columns.end; j += panel {
			for k := range pieces(some, highest) {
				e := piece(some, highest, k, unit)
				start, lds := p.Start[j:][:panel], 0
				if b.zeros != nil {
					start, lds = p.skewed(t, e, some.first, j), panel
				}
				b.sum(loops, t, a[e.first*lda:], lda, e.n(), j, start, lds)
				use(t, e.first, j, e.n())
			}
		}
	}
}

// skewed is what sums of some rows start from where weights have zero points, of
// which the sums of the rows tell how much they take away.
func (p *Product) skewed(t *sumTile, rows extent, first, j int) []int32 {
	for r := range rows.n() {
		sum := t.rows[rows.first-first+r]
		for c, z := range p.B.zeros[j:][:panel] {
			t.start[r*panel+c] = p.Start[j+c] - z*sum
		}
	}
	return t.start[:]
}

// sum sets the tile's sums of some rows and the panel from column j.
func (b *PackedBytes) sum(loops *byteLoops, t *sumTile, a []uint8, lda, rows, j int, start []int32, lds int) {
	data := b.data[4*b.groups*j:][:4*b.groups*panel]
	if loops == nil {
		for r := range rows {
			genericDot(b.groups, a[r*lda:], data, t.sums[r*panel:], start[r*lds:])
		}
		return
	}
	if loops.unit != nil {
		loops.unit.multiply(b.groups, rows, operands{
			a: unsafe.Pointer(&a[0]), b: unsafe.Pointer(&data[0]), c: unsafe.Pointer(&t.sums[0]), start: unsafe.Pointer(&start[0]),
			lda: lda, ldc: panelRow, lds: 4 * lds, next: uintptr(unsafe.Pointer(&data[0])) + uintptr(panelRow*b.groups),
		})
		return
	}
	for c := 0; c < panel; c += loops.width {
		loops.dots[rows-1](b.groups, &a[0], lda, &data[4*c], &t.sums[c], &start[c], 4*lds)
	}
}

// genericDot is the micro-kernel in Go: one row, a panel.
func genericDot(groups int, a []uint8, b []int8, c, start []int32) {
	sum := *(*[panel]int32)(start)
	for g := range groups {
		x := a[4*g:][:4]
		x0, x1, x2, x3 := int32(x[0]), int32(x[1]), int32(x[2]), int32(x[3])
		row := (*[4 * panel]int8)(b[4*panel*g:])
		for j := range sum {
			sum[j] += x0*int32(row[4*j]) + x1*int32(row[4*j+1]) + x2*int32(row[4*j+2]) + x3*int32(row[4*j+3])
		}
	}
	copy(c, sum[:])
}

func sumBytes(x []uint8) (sum int32) {
	for _, v := range x {
		sum += int32(v)
	}
	return sum
}
