//go:build !race

// Not with the race detector: all of it is of one thread, and takes many times as long.

package simd

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// emulated is a function of AMX's blocks, run by a machine of which it may touch what
// its documentation says.
func emulated(f blocks) blocks {
	code := codeOf(f)
	return func(steps int, a *uint8, lda int, b, c *uint8, ldc int, start *uint8, lds int, config *uint8, count int, next uintptr) {
		shape := unsafe.Slice(config, 64)
		rows := (count-1)*unitRows + int(shape[48]) + int(shape[50])
		depth := int(shape[16+2*4]) // bytes of a row of a
		m := machine{memory: []region{
			regionOf("a", unsafe.Pointer(a), (rows-1)*lda+depth*steps, false),
			regionOf("b", unsafe.Pointer(b), panelRow*(depth/4)*steps, false),
			regionOf("c", unsafe.Pointer(c), (rows-1)*ldc+panelRow, true),
			regionOf("start", unsafe.Pointer(start), (rows-1)*lds+panelRow, false),
			regionOf("config", unsafe.Pointer(config), 64, false),
		}}
		address := func(p *uint8) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }
		m.run(code, uint64(steps), address(a), uint64(lda), address(b), address(c), uint64(ldc), address(start), uint64(lds), address(config), uint64(count), uint64(next))
	}
}

// emulateAMX makes this a processor with AMX.
func emulateAMX() (restore func()) {
	features, may, half, bytes, without := cpu.X86, mayUseAMX, halfUnit, byteUnit, withoutAMX
	cpu.X86.HasAMXTile, cpu.X86.HasAMXBF16, cpu.X86.HasAMXInt8 = true, true, true
	mayUseAMX, withoutAMX = func() bool { return true }, false
	halfUnit, byteUnit = matrixUnit{emulated(half.tall), emulated(half.low)}, matrixUnit{emulated(bytes.tall), emulated(bytes.low)}
	return func() {
		cpu.X86, mayUseAMX, halfUnit, byteUnit, withoutAMX = features, may, half, bytes, without
	}
}

// Blocks of AMX, emulated and where the processor has them natively, are what plain
// Go makes of them, at the edges of tiles; they touch nothing else.
func TestMatrixUnit(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	units := map[string]func() (half, bytes *matrixUnit){
		"emulated": func() (*matrixUnit, *matrixUnit) {
			return &matrixUnit{emulated(amxHalf_32x32), emulated(amxHalf_16x32)}, &matrixUnit{emulated(amxBytes_32x32), emulated(amxBytes_16x32)}
		},
		"native": func() (half, bytes *matrixUnit) { return unitOfHalves(), unitOfBytes() },
	}
	var before [][]float32 // results of bfloat16 of the unit before
	for _, name := range []string{"emulated", "native"} {
		t.Run(name, func(t *testing.T) {
			half, bytes := units[name]()
			if half == nil || bytes == nil {
				t.Skip("this processor has no AMX")
			}
			rng = rand.New(rand.NewPCG(9, 9))
			var results [][]float32
			for _, rows := range []int{1, 15, 16, 17, 31, 32, 33, 63, 96, 97} {
				for _, depth := range []int{1, 2, 15, 16, 17, 31, 32, 33, 257, 513} {
					if rows > 33 && depth > 33 && (rows != 97 || depth != 513) {
						continue // for time
					}
					for _, own := range []bool{false, true} { // a start of each row's own
						results = append(results, tryHalves(t, half, rng, rows, depth, own))
						tryBytes(t, bytes, rng, rows, depth, own)
					}
				}
			}
			if before != nil {
				for i, r := range results {
					if !slices.Equal(r, before[i]) {
						t.Fatal("the processor's sums of bfloat16 are not those of Intel's definition, bit by bit")
					}
				}
			}
			before = results
		})
	}
}

// guarded is memory of so many values that lie between others.
func guarded[T any](n int, value func() T, mark T) (all, inside []T) {
	all = slices.Repeat([]T{mark}, n+64)
	for i := range n {
		all[32+i] = value()
	}
	return all, all[32 : 32+n : 32+n]
}

func tryHalves(t *testing.T, unit *matrixUnit, rng *rand.Rand, rows, depth int, own bool) []float32 {
	t.Helper()
	lda, ldc, lds := depth+rng.IntN(3), panel+rng.IntN(3), 0
	if own {
		lds = panel + rng.IntN(3)
	}
	value := func() float32 { return float32(rng.NormFloat64()) }
	pairs := func() float32 { return math.Float32frombits(uint32(round(value()))<<16 | uint32(round(value()))) }
	nan := float32(math.NaN())
	_, a := guarded((rows-1)*lda+depth, pairs, nan)
	_, b := guarded(depth*panel, pairs, nan)
	_, start := guarded((rows-1)*lds+panel, value, nan)
	all, c := guarded((rows-1)*ldc+panel, func() float32 { return mark }, mark)
	unit.multiply(depth, rows, operands{
		a: unsafe.Pointer(&a[0]), b: unsafe.Pointer(&b[0]), c: unsafe.Pointer(&c[0]), start: unsafe.Pointer(&start[0]),
		lda: 4 * lda, ldc: 4 * ldc, lds: 4 * lds,
	})
	half := func(v float32, second int) float64 {
		return float64(math.Float32frombits(math.Float32bits(v) >> (16 * second) << 16))
	}
	var out []float32
	for i, got := range all {
		r, j := (i-32)/ldc, (i-32)%ldc
		if i < 32 || r >= rows || j >= panel {
			if got != mark {
				t.Fatalf("%d rows, depth %d: wrote outside its memory", rows, depth)
			}
			continue
		}
		want := float64(start[r*lds+j])
		for k := range depth {
			x, y := a[r*lda+k], b[k*panel+j]
			want += half(x, 0)*half(y, 0) + half(x, 1)*half(y, 1)
		}
		if !near(got, float32(want), float64(2*depth)) {
			t.Fatalf("%d rows, depth %d: row %d, column %d is %v, want %v", rows, depth, r, j, got, want)
		}
		out = append(out, got)
	}
	return out
}

func tryBytes(t *testing.T, unit *matrixUnit, rng *rand.Rand, rows, depth int, own bool) {
	t.Helper()
	lda, ldc, lds := 4*depth+rng.IntN(9), panel, 0
	if own {
		lds = panel + rng.IntN(3)
	}
	_, a := guarded((rows-1)*lda+4*depth, func() uint8 { return uint8(rng.Uint32()) }, 255)
	_, b := guarded(4*depth*panel, func() int8 { return int8(rng.Uint32()) }, 127)
	_, start := guarded((rows-1)*lds+panel, func() int32 { return int32(rng.Uint32()) }, 1<<30)
	all, c := guarded((rows-1)*ldc+panel, func() int32 { return 0 }, 77)
	unit.multiply(depth, rows, operands{
		a: unsafe.Pointer(&a[0]), b: unsafe.Pointer(&b[0]), c: unsafe.Pointer(&c[0]), start: unsafe.Pointer(&start[0]),
		lda: lda, ldc: 4 * ldc, lds: 4 * lds,
	})
	for i, got := range all {
		r, j := (i-32)/ldc, (i-32)%ldc
		want := int32(77)
		if i >= 32 && r < rows && j < panel {
			want = start[r*lds+j]
			for k := range 4 * depth {
				want += int32(a[r*lda+k]) * int32(b[k/4*4*panel+4*j+k%4])
			}
		}
		if got != want {
			t.Fatalf("%d rows, depth %d of four bytes: row %d, column %d is %d, want %d", rows, depth, r, j, got, want)
		}
	}
}

// emulatedDot is a dot of AVX-VNNI of so many rows, run by a machine as emulated is.
func emulatedDot(f dot, rows int) dot {
	code := codeOf(f)
	return func(k int, a *uint8, lda int, b *int8, c, start *int32, lds int) {
		m := machine{memory: []region{
			regionOf("a", unsafe.Pointer(a), (rows-1)*lda+4*k, false),
			regionOf("b", unsafe.Pointer(b), panelRow*(k-1)+64, false),
			regionOf("c", unsafe.Pointer(c), (rows-1)*panelRow+64, true),
			regionOf("start", unsafe.Pointer(start), (rows-1)*lds+64, false),
		}}
		at := func(i int) uint64 { return m.memory[i].at }
		m.run(code, uint64(k), at(0), uint64(lda), at(1), at(2), at(3), uint64(lds))
	}
}

// Dots of AVX-VNNI, emulated and where the processor has it natively, are exact.
func TestDotsOfAVXVNNI(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for i, f := range bytesVNNI.dots {
		rows := i + 1
		dots := []dot{emulatedDot(f, rows)}
		if hasAVXVNNI {
			dots = append(dots, f)
		}
		for _, f := range dots {
			for _, depth := range []int{1, 2, 3, 16, 33} {
				for _, lds := range []int{0, panel + 1} {
					tryDot(t, f, rng, rows, depth, lds)
				}
			}
		}
	}
}

func tryDot(t *testing.T, f dot, rng *rand.Rand, rows, depth, lds int) {
	t.Helper()
	lda := 4*depth + rng.IntN(3)
	_, a := guarded((rows-1)*lda+4*depth, func() uint8 { return uint8(rng.Uint32()) }, 255)
	_, b := guarded(4*panel*(depth-1)+64, func() int8 { return int8(rng.Uint32()) }, 127)
	_, start := guarded((rows-1)*lds+16, func() int32 { return int32(rng.Uint32()) }, 1<<30)
	all, c := guarded((rows-1)*panel+16, func() int32 { return 77 }, 77)
	f(depth, &a[0], lda, &b[0], &c[0], &start[0], 4*lds)
	for i, got := range all {
		r, j := (i-32)/panel, (i-32)%panel
		want := int32(77)
		if i >= 32 && r < rows && j < 16 {
			want = start[r*lds+j]
			for k := range 4 * depth {
				want += int32(a[r*lda+k]) * int32(b[k/4*4*panel+4*j+k%4])
			}
		}
		if got != want {
			t.Fatalf("%d rows, depth %d: row %d, column %d is %d, want %d", rows, depth, r, j, got, want)
		}
	}
}

// All that multiplies in bfloat16 and bytes does so with AMX, emulated, too.
func TestOnAMX(t *testing.T) {
	if !slices.Contains(Paths(), AVX512) || !hasVNNI || !hasBFloat16 {
		t.Skip("this processor has not what comes with AMX")
	}
	defer emulateAMX()()
	if BFloat16Path() != "AMX" || IntegerPath() != "AMX" {
		t.Fatalf("products run on %s and %s", BFloat16Path(), IntegerPath())
	}
	t.Run("products of bfloat16", testGemmOfBFloat16)
	t.Run("convolutions of bfloat16", testConvOfBFloat16)
	t.Run("products of a run", testDynamicOfBFloat16)
	t.Run("attention", testAttentionOfBFloat16)
	t.Run("products of bytes", testProductOfBytes)
	t.Run("convolutions of bytes", testConvolutionOfBytes)
}

// So does a processor with AVX-VNNI and without AVX-512.
func TestOnAVXVNNI(t *testing.T) {
	if !slices.Contains(Paths(), AVX2) {
		t.Skip("this processor has not what comes with AVX-VNNI")
	}
	defer Use(AVX2)()
	dots, has := bytesVNNI.dots, hasAVXVNNI
	defer func() { bytesVNNI.dots, hasAVXVNNI = dots, has }()
	bytesVNNI.dots, hasAVXVNNI = nil, true
	for i, f := range dots {
		bytesVNNI.dots = append(bytesVNNI.dots, emulatedDot(f, i+1))
	}
	if IntegerPath() != "AVX-VNNI" {
		t.Fatalf("products run on %s", IntegerPath())
	}
	t.Run("products", testProductOfBytes)
	t.Run("convolutions", testConvolutionOfBytes)
}

// Signals that come in the middle, and other goroutines, leave tiles as they are.
func TestTilesAmongSignals(t *testing.T) {
	if unitOfHalves() == nil {
		t.Skip("this processor has no AMX")
	}
	const m, k, n = 64, 512, 320
	rng := rand.New(rand.NewPCG(8, 8))
	a, w, want := random(rng, m*k), random(rng, k*n), make([]float32, m*n)
	p := Pack(k, n, w, n, 1, nil, BFloat16)
	Gemm(want, n, a, k, m, p, None)
	until := time.Now().Add(200 * time.Millisecond)
	var all sync.WaitGroup
	for range 4 * runtime.GOMAXPROCS(0) {
		all.Go(func() {
			c := make([]float32, m*n)
			for time.Now().Before(until) {
				clear(c)
				if Gemm(c, n, a, k, m, p, None); !slices.Equal(c, want) {
					t.Error("another result")
					return
				}
			}
		})
	}
	for time.Now().Before(until) {
		runtime.GC() // stops all, by signals
	}
	all.Wait()
}
