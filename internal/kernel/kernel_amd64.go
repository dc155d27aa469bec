package kernel

import "golang.org/x/sys/cpu"

func detect() Path {
	switch {
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return AVX512
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return AVX2
	}
	return Generic
}

// tileRows is the height of the next tile when so many rows are left.
func tileRows(path Path, left int) int {
	steps := []int{1}
	switch path {
	case AVX512:
		steps = []int{12, 8, 4, 2, 1}
	case AVX2:
		steps = []int{6, 4, 2, 1}
	}
	for _, s := range steps {
		if s <= left {
			return s
		}
	}
	return 1
}

type micro func(k int, a *float32, lda int, b *float32, c *float32, ldc int, bias *float32)

func tile(path Path, rows, k int, a []float32, lda int, b, c []float32, ldc int, bias []float32) {
	if path == Generic {
		genericTile(k, a, b, c, bias)
		return
	}
	var f micro
	switch path {
	case AVX512:
		switch rows {
		case 12:
			f = gemm512_12x32
		case 8:
			f = gemm512_8x32
		case 4:
			f = gemm512_4x32
		case 2:
			f = gemm512_2x32
		default:
			f = gemm512_1x32
		}
	default:
		switch rows {
		case 6:
			f = gemm256_6x16
		case 4:
			f = gemm256_4x16
		case 2:
			f = gemm256_2x16
		default:
			f = gemm256_1x16
		}
	}
	f(k, &a[0], 4*lda, &b[0], &c[0], 4*ldc, &bias[0])
}

// eights is the part of n that assembly does, eight values at a time.
func eights(n int) int {
	if current == Generic {
		return 0
	}
	return n &^ 7
}

func rectify(x []float32) int {
	n := eights(len(x))
	if n > 0 {
		rectify256(&x[0], n)
	}
	return n
}

func add(dst, src []float32) int {
	n := eights(len(dst))
	if n > 0 {
		add256(&dst[0], &src[0], n)
	}
	return n
}

func addRectify(dst, src []float32) int {
	n := eights(len(dst))
	if n > 0 {
		addRectify256(&dst[0], &src[0], n)
	}
	return n
}

func sigmoid(x []float32) int {
	n := eights(len(x))
	if n > 0 {
		sigmoid256(&x[0], n)
	}
	return n
}

func swish(x []float32) int {
	n := eights(len(x))
	if n > 0 {
		swish256(&x[0], n)
	}
	return n
}

func depthwisePixel(out, bias, x, w []float32, xOffsets, wOffsets []int) int {
	n := eights(len(out))
	if n > 0 && len(xOffsets) > 0 {
		depthwise256(&out[0], &bias[0], &x[0], &w[0], &xOffsets[0], &wOffsets[0], len(xOffsets), n)
		return n
	}
	return 0
}
