package simd

import (
	"sync"
	"unsafe"

	"github.com/cxrkit/cxrkit/internal/pages"
	"github.com/cxrkit/cxrkit/internal/parallel"
)

// A Packed is a matrix b of K x N laid out for [Gemm]: panels of columns, zeros
// after the last. It is shared by all that multiply with it, the first of whom packs
// it.
type Packed struct {
	K, N  int
	loops *loops
	tile  []tile      // of loops, for the precision
	half  bool        // elements are bfloat16, two neighbors of a column in the place of one float32
	unit  *matrixUnit // in place of tiles; nil: none
	rows  int         // of data: K, or half of it
	width int         // columns of a panel
	last  int         // columns of the last panel: width, or half of it
	data  []float32   // panel by panel, each rows x width
	bias  []float32   // N values and zeros up to a whole panel
	later *later      // makes data; nil: they are there, or a convolution makes them
}

const (
	maxTile  = rowBlock * 32
	rowBlock = 96  // rows of a that stay in the cache while all panels pass
	maxDepth = 512 // of a and b that is multiplied at once, to stay in the cache; even
)

// newPacked is a matrix without its data, with a bias of N values, or nil for zeros.
// K and N are at least 1.
func newPacked(k, n int, bias []float32, precision Precision) *Packed {
	p := &Packed{K: k, N: n, loops: current, tile: current.tiles, rows: k}
	if precision == BFloat16 && BFloat16.Available() {
		p.halve(unitOfHalves())
	}
	p.bias = make([]float32, p.layOut())
	copy(p.bias, bias)
	return p
}

// halve makes it one of bfloat16, for a unit or, by nil, for tiles.
func (p *Packed) halve(unit *matrixUnit) {
	p.half, p.unit, p.tile, p.rows = true, unit, p.loops.half, (p.K+1)/2
}

// clear makes data of zeros, to fill.
func (p *Packed) clear() { p.data = pages.Zeros[float32](p.Values()) }

// layOut sets the widths of panels and returns how many columns they have.
func (p *Packed) layOut() (columns int) {
	if p.loops.settle != nil {
		p.loops.settle()
	}
	p.width, p.last = p.loops.width, p.loops.width
	if rest := p.N % p.width; p.loops.slim != nil && !p.half && rest > 0 && rest <= p.width/2 { // half the last panel would be zeros
		p.last = p.width / 2
	}
	return (p.N-1)/p.width*p.width + p.last
}

// across is how many columns the panel that begins at column j has.
func (p *Packed) across(j int) int {
	if j+p.width >= p.N {
		return p.last
	}
	return p.width
}

// Pack is a matrix whose element (k, n) is src[k*kStep+n*nStep]. It keeps src, which
// must not change, until it is first multiplied with.
func Pack(k, n int, src []float32, kStep, nStep int, bias []float32, precision Precision) *Packed {
	if len(src) <= (k-1)*kStep+(n-1)*nStep {
		panic("kernel: matrix too short")
	}
	p := newPacked(k, n, bias, precision)
	p.later = &later{do: func() {
		p.clear()
		p.fillRows(0, k, src, kStep, nStep)
	}}
	return p
}

// fillRows sets rows from..from+count; element (from+i, n) is src[i*kStep+n*nStep].
func (p *Packed) fillRows(from, count int, src []float32, kStep, nStep int) {
	panels := (p.N + p.width - 1) / p.width
	if count*p.N < worthParallel {
		for i := range panels {
			p.fill(i*p.width, from, count, src, kStep, nStep)
		}
		return
	}
	parallel.Each(panels, func(i int) { p.fill(i*p.width, from, count, src, kStep, nStep) })
}

// worthParallel is how many values outweigh waking other threads.
const worthParallel = 1 << 16

// fill is fillRows of the panel that begins at a column.
func (p *Packed) fill(j, from, count int, src []float32, kStep, nStep int) {
	width := p.across(j)
	columns := min(width, p.N-j)
	if p.half {
		p.fillHalf(j, columns, from, count, src, kStep, nStep)
		return
	}
	panel := p.data[j*p.K+from*width:]
	if nStep == 1 {
		for i := range count {
			copy(panel[i*width:][:columns], src[i*kStep+j:])
		}
		return
	}
	const block = 16 // rows of the panel that stay in the cache while all columns pass
	for first := 0; first < count; first += block {
		end := min(first+block, count)
		for c := range columns {
			at := (j + c) * nStep
			for i := first; i < end; i++ {
				panel[i*width+c] = src[at+i*kStep]
			}
		}
	}
}

// Values is how many values a matrix of single precision takes, packed.
func (p *Packed) Values() int { return p.rows * len(p.bias) }

// Times is the matrix with its rows multiplied by a value each, in memory of
// [Packed.Values], of single precision.
func (p *Packed) Times(rows, memory []float32) Packed {
	p.later.ready()
	q := *p
	q.data = memory[:len(p.data)]
	for j := 0; j < p.N; j += p.width {
		width := p.across(j)
		from, to := p.data[j*p.K:], q.data[j*p.K:]
		for k, v := range rows[:p.K] {
			Mul.Scalar(to[k*width:][:width], from[k*width:][:width], v)
		}
	}
	return q
}

// Gemm computes c = bias + a*b, and f of it. a is m x K with rows lda apart, c
// is m x N with rows ldc apart.
func Gemm(c []float32, ldc int, a []float32, lda, m int, b *Packed, f Activation) {
	GemmPart(c, ldc, a, lda, m, b, f, Whole)
}

// GemmPart is a share of Gemm: some rows, or where there are few, some columns.
func GemmPart(c []float32, ldc int, a []float32, lda, m int, b *Packed, f Activation, part Part) {
	if m == 0 {
		return
	}
	// Everything that the loops below will touch, checked once.
	// It may not be read for it: other parts write to c.
	if len(a) < (m-1)*lda+b.K || len(c) < (m-1)*ldc+b.N {
		panic("kernel: matrices too short")
	}
	b.later.ready()
	rows, columns := b.split(m, part)
	if b.splitsBetter(m, part) {
		rows, columns = extent{0, m}, b.columns(part)
	}
	most, depth := rowBlock, maxDepth
	if b.unit != nil {
		most, depth = unitBlock, unitRounded
	}
	for i := range pieces(rows, most) {
		r := piece(rows, most, i, b.unit)
		for k := 0; k < b.K; k += depth {
			b.multiply(c[r.first*ldc:], ldc, a[r.first*lda+k:], lda, r.n(), k, min(depth, b.K-k), columns)
		}
		b.apply(c[r.first*ldc:], ldc, r.n(), f, columns)
	}
}

// An extent is some neighboring rows or columns.
type extent struct{ first, end int }

func (e extent) n() int { return e.end - e.first }

// of is a share of an extent; shares differ by at most one.
func (p Part) of(e extent) extent {
	first, end := p.Span(e.n(), 1)
	return extent{e.first + first, e.first + end}
}

// split is the rows and columns of c that a part computes.
func (p *Packed) split(m int, part Part) (rows, columns extent) {
	rows, columns = extent{0, m}, extent{0, p.N}
	if m >= 24*part.Of {
		return part.of(rows), columns
	}
	return rows, p.columns(part)
}

// splitsBetter reports whether to split b, by columns, in place of the rows, of which
// there are enough: where b is the larger, so that each part reads less of both. What
// is rounded to bfloat16 would be so by each part.
func (p *Packed) splitsBetter(m int, part Part) bool {
	return part.Of > 1 && !p.half && 2*m <= p.N && p.N >= 8*p.width*part.Of
}

// columns is a share of the columns, in whole panels.
func (p *Packed) columns(part Part) extent {
	first, end := part.Span(p.N, p.width)
	return extent{first, end}
}

func (p *Packed) apply(c []float32, ldc, rows int, f Activation, columns extent) {
	if f == None || columns.n() == 0 {
		return
	}
	for r := range rows {
		f.Apply(c[r*ldc+columns.first : r*ldc+columns.end])
	}
}

// multiply adds a part of the depth, from k0, to some columns of c; the first
// part starts from the bias.
func (p *Packed) multiply(c []float32, ldc int, a []float32, lda, rows, k0, depth int, columns extent) {
	if p.half {
		pairs := (depth + 1) / 2
		step := pairs
		pool := &halfRows
		if p.unit != nil {
			pool, step = &unitHalves, pairs+unitSide // rows in other sets of the cache
		}
		rounded := pool.Get().(*[]float32)
		defer pool.Put(rounded)
		for r := range rows {
			toHalf((*rounded)[r*step:][:pairs], a[r*lda:][:depth])
		}
		a, lda, k0, depth = *rounded, step, k0/2, pairs
	}
	for j := columns.first; j < columns.end; j += p.width {
		width := p.across(j)
		panel := p.data[j*p.rows+k0*width:][:depth*width]
		start, lds := p.bias[j:], 0
		if k0 > 0 {
			start, lds = c[j:], ldc
		}
		if n := min(width, p.N-j); n < width {
			p.edge(c[j:], ldc, n, width, a, lda, rows, depth, panel, start, lds)
			continue
		}
		p.tiles(c[j:], ldc, width, a, lda, rows, depth, panel, start, lds)
	}
}

// tiles multiplies some rows with one whole panel.
func (p *Packed) tiles(c []float32, ldc, width int, a []float32, lda, rows, depth int, panel, start []float32, lds int) {
	if p.unit != nil {
		p.unit.multiply(depth, rows, operands{
			a: unsafe.Pointer(&a[0]), b: unsafe.Pointer(&panel[0]), c: unsafe.Pointer(&c[0]), start: unsafe.Pointer(&start[0]),
			lda: 4 * lda, ldc: 4 * ldc, lds: 4 * lds, next: uintptr(unsafe.Pointer(&panel[0])) + uintptr(panelRow*p.rows),
		})
		return
	}
	if p.loops == &none {
		for r := range rows {
			genericTile(depth, a[r*lda:], panel, c[r*ldc:], start[r*lds:])
		}
		return
	}
	tile := p.tile
	if width < p.width {
		tile = p.loops.slim
	}
	// Tiles of even heights, without a division for each: where the depth is small,
	// that would show.
	count := (rows + len(tile) - 1) / len(tile)
	height, higher := rows/count, rows%count // the first ones have a row more
	for r := 0; r < rows; higher-- {
		n := height
		if higher > 0 {
			n++
		}
		tile[n-1](depth, &a[r*lda], 4*lda, &panel[0], &c[r*ldc], 4*ldc, &start[r*lds], 4*lds)
		r += n
	}
}

// edges are whole tiles, for panels of which c has only some columns.
var edges = sync.Pool{New: func() any { return new([maxTile]float32) }}

// edge is tiles for the last panel, of whose columns c has n.
func (p *Packed) edge(c []float32, ldc, n, width int, a []float32, lda, rows, depth int, panel, start []float32, lds int) {
	whole := edges.Get().(*[maxTile]float32)
	defer edges.Put(whole)
	most := 12
	if p.unit != nil {
		most = rowBlock
	}
	for r := 0; r < rows; r += most {
		m := min(most, rows-r)
		from, step := start, lds
		if lds > 0 { // of c, which is not a whole tile
			for i := range m {
				copy(whole[i*width:][:n], c[(r+i)*ldc:])
			}
			from, step = whole[:], width
		}
		p.tiles(whole[:], width, width, a[r*lda:], lda, m, depth, panel, from, step)
		for i := range m {
			copy(c[(r+i)*ldc:][:n], whole[i*width:])
		}
	}
}

// DynamicScratch is how many values of scratch memory [GemmDynamic] needs.
func DynamicScratch(k, n int) int { return (n + 31) / 32 * 32 * (k + 1) }

// GemmDynamic computes c = a*b of two matrices that are not known before: a of m x k,
// with rows lda apart, and b of k x n, whose element (i, j) is at b[i*kStep+j*nStep]; c
// is without gaps. It packs b into scratch on the way. Products are of bfloat16 only
// where a matrix unit repays that b is rounded for one use.
func GemmDynamic(c, a []float32, lda int, b []float32, m, k, n, kStep, nStep int, scratch []float32, precision Precision) {
	p := packDynamic(k, n, b, kStep, nStep, scratch, precision)
	GemmPart(c, n, a, lda, m, &p, None, Whole)
}

// packDynamic lays out a matrix in scratch, where packedDynamic finds it again.
func packDynamic(k, n int, b []float32, kStep, nStep int, scratch []float32, precision Precision) Packed {
	p := packedDynamic(k, n, scratch, precision)
	clear(p.bias)
	if len(p.bias) > n { // zeros after the last column
		clear(p.data[(len(p.bias)-p.last)*p.rows:])
	}
	p.fillRows(0, k, b, kStep, nStep)
	return p
}

// packedDynamic is the matrix that packDynamic laid out.
func packedDynamic(k, n int, scratch []float32, precision Precision) Packed {
	p := Packed{K: k, N: n, loops: current, tile: current.tiles, rows: k}
	if precision == BFloat16 && BFloat16.Available() {
		if unit := unitOfHalves(); unit != nil {
			p.halve(unit)
		}
	}
	columns := p.layOut()
	p.bias, p.data = scratch[:columns], scratch[columns:][:columns*p.rows]
	return p
}
