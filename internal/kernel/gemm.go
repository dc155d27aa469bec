package kernel

// panel is the columns of b that a micro-kernel works on, by path.
func panel(p Path) int {
	if p == AVX512 {
		return 32
	}
	return 16
}

// A Packed is a matrix b of K x N laid out for [Gemm]: panels of columns, zeros
// behind the last. It is immutable, and shared by all that multiply with it.
type Packed struct {
	K, N int
	wide []float32 // panels of 32
	slim []float32 // panels of 16
	bias []float32 // N values and zeros up to a whole panel
}

// Pack lays out b, whose element (k, n) is at(k, n). bias has N values, or is
// nil for zeros. K and N are at least 1.
func Pack(k, n int, at func(k, n int) float32, bias []float32) *Packed {
	p := &Packed{K: k, N: n, bias: make([]float32, (n+31)/32*32)}
	copy(p.bias, bias)
	if best == AVX512 {
		p.wide = packPanels(k, n, 32, at)
	}
	p.slim = packPanels(k, n, 16, at)
	return p
}

func packPanels(k, n, width int, at func(k, n int) float32) []float32 {
	data := make([]float32, k*((n+width-1)/width)*width)
	i := 0
	for j := 0; j < n; j += width {
		for r := range k {
			for c := range width {
				if j+c < n {
					data[i] = at(r, j+c)
				}
				i++
			}
		}
	}
	return data
}

// rowBlock is how many rows of a stay in the cache while all panels pass.
const rowBlock = 96

// Gemm computes c = bias + a*b, and f of it. a is m x K with rows lda apart, c
// is m x N with rows ldc apart.
func Gemm(c []float32, ldc int, a []float32, lda, m int, b *Packed, f Activation) {
	if m == 0 {
		return
	}
	// Everything that the loops below will touch, checked once.
	_, _ = a[(m-1)*lda+b.K-1], c[(m-1)*ldc+b.N-1]
	path := current
	// Of few columns, the wider panel would be mostly padding.
	if path == AVX512 && b.N%32 != 0 && b.N%32 <= 16 && b.N < 64 {
		path = AVX2
	}
	width, data := panel(path), b.slim
	if path == AVX512 {
		data = b.wide
	}
	for i := 0; i < m; i += rowBlock {
		rows := min(rowBlock, m-i)
		for j := 0; j < b.N; j += width {
			block(path, c[i*ldc+j:], ldc, a[i*lda:], lda, rows, b.K, data[j*b.K:], b.bias[j:], min(width, b.N-j))
		}
		if f != None {
			for r := i; r < i+rows; r++ {
				f.Apply(c[r*ldc:][:b.N])
			}
		}
	}
}

// block multiplies some rows with one panel, of whose columns it stores n.
func block(path Path, c []float32, ldc int, a []float32, lda, rows, k int, b, bias []float32, n int) {
	width := panel(path)
	var edge [12 * 32]float32
	for row := 0; row < rows; {
		step := tileRows(path, rows-row)
		if n == width {
			tile(path, step, k, a[row*lda:], lda, b, c[row*ldc:], ldc, bias)
		} else {
			tile(path, step, k, a[row*lda:], lda, b, edge[:], width, bias)
			for r := range step {
				copy(c[(row+r)*ldc:][:n], edge[r*width:])
			}
		}
		row += step
	}
}

// genericTile is the micro-kernel in Go: one row at a time, sixteen columns.
func genericTile(k int, a, b, c, bias []float32) {
	sum := *(*[16]float32)(bias)
	for i, v := range a[:k] {
		row := (*[16]float32)(b[16*i:])
		for j, w := range row {
			sum[j] += v * w
		}
	}
	copy(c, sum[:])
}

// DynamicScratch is how many values of scratch memory [GemmDynamic] needs.
func DynamicScratch(k, n int) int { return (n + 31) / 32 * 32 * (k + 1) }

// GemmDynamic computes c = a*b of two matrices that are not known before, m x k
// and k x n, without gaps between rows. It packs b into scratch on the way.
func GemmDynamic(c, a, b []float32, m, k, n int, scratch []float32) {
	width := panel(current)
	columns := (n + width - 1) / width * width
	bias, data := scratch[:columns], scratch[columns:][:columns*k]
	clear(bias)
	for j := 0; j < n; j += width {
		dst := data[j*k:]
		for r := range k {
			row := dst[r*width:][:width]
			clear(row[copy(row, b[r*n+j:][:min(width, n-j)]):])
		}
	}
	for i := 0; i < m; i += rowBlock {
		rows := min(rowBlock, m-i)
		for j := 0; j < n; j += width {
			block(current, c[i*n+j:], n, a[i*k:], k, rows, k, data[j*k:], bias[j:], min(width, n-j))
		}
	}
}
