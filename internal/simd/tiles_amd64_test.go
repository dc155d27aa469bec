//go:build !race

package simd

import (
	"encoding/binary"
	"fmt"
	"math"
)

// tiles are the state of AMX.
type tiles struct {
	configured bool
	rows       [8]int
	bytes      [8]int // of a row
	data       [8][16][64]byte
}

// configure is LDTILECFG.
func (t *tiles) configure(config []byte) {
	*t = tiles{configured: true}
	var reserved byte
	for _, part := range [][]byte{config[1:16], config[32:48], config[56:64]} {
		for _, v := range part {
			reserved |= v
		}
	}
	if config[0] != 1 || reserved != 0 {
		panic(fmt.Sprintf("a configuration of other than palette 1: %x", config))
	}
	for i := range 8 {
		t.bytes[i], t.rows[i] = int(binary.LittleEndian.Uint16(config[16+2*i:])), int(config[48+i])
		if t.bytes[i] > 64 || t.rows[i] > 16 || (t.rows[i] == 0) != (t.bytes[i] == 0) {
			panic(fmt.Sprintf("tile %d of %d rows of %d bytes", i, t.rows[i], t.bytes[i]))
		}
	}
}

// valid checks that tiles may be used.
func (t *tiles) valid(numbers ...int) {
	for _, n := range numbers {
		if !t.configured || n > 7 || t.rows[n] == 0 {
			panic(fmt.Sprintf("tile %d is not configured", n))
		}
	}
}

// moveTile is TILELOADD, TILELOADDT1 and TILESTORED.
func (m *machine) moveTile(tile int, p place, store bool) {
	m.tiles.valid(tile)
	if p.register || !p.indexed {
		panic("a tile at an address without SIB")
	}
	t, n := &m.tiles.data[tile], m.tiles.bytes[tile]
	if !store {
		*t = [16][64]byte{}
	}
	for r := range m.tiles.rows[tile] {
		row := m.at(p.base+uint64(r)*p.step, n, store)
		if store {
			copy(row, t[r][:n])
		} else {
			copy(t[r][:n], row)
		}
	}
}

// multiplies checks what the products of tiles have in common.
func (t *tiles) multiplies(c, a, b int) {
	t.valid(a, b, c)
	if a == b || b == c || a == c {
		panic("a product of a tile with itself")
	}
	if t.rows[c] != t.rows[a] || t.bytes[c] != t.bytes[b] || t.bytes[a] != 4*t.rows[b] || t.bytes[c]%4 != 0 {
		panic(fmt.Sprintf("tiles of %d x %d and %d x %d bytes do not make one of %d x %d", t.rows[a], t.bytes[a], t.rows[b], t.bytes[b], t.rows[c], t.bytes[c]))
	}
}

// multiplyBytes is TDPBUSD.
func (t *tiles) multiplyBytes(c, a, b int) {
	for m := range t.rows[c] {
		for k := range t.rows[b] {
			for n := 0; n < t.bytes[c]; n += 4 {
				addProducts(t.data[c][m][n:], t.data[a][m][4*k:], t.data[b][k][n:])
			}
		}
	}
}

// multiplyHalves is TDPBF16PS: sums of even and of odd products are added to each
// other, and then to what was there.
func (t *tiles) multiplyHalves(c, a, b int) {
	left, right := t.halves(a), t.halves(b)
	for m := range t.rows[c] {
		for n := range t.bytes[c] / 4 {
			var even, odd float32
			for k := range t.rows[b] {
				even = addProduct(even, left[m][2*k], right[k][2*n])
				odd = addProduct(odd, left[m][2*k+1], right[k][2*n+1])
			}
			sum := t.data[c][m][4*n:]
			before := denormalsAreZero(math.Float32frombits(binary.LittleEndian.Uint32(sum)))
			v := denormalsAreZero(before + denormalsAreZero(even+odd))
			binary.LittleEndian.PutUint32(sum, math.Float32bits(v))
		}
	}
}

// halves are the values of a tile of bfloat16.
func (t *tiles) halves(tile int) (values [16][32]float32) {
	for r := range values {
		for i := range values[r] {
			v := binary.LittleEndian.Uint16(t.data[tile][r][2*i:])
			values[r][i] = denormalsAreZero(math.Float32frombits(uint32(v) << 16))
		}
	}
	return values
}

func denormalsAreZero(v float32) float32 {
	const smallest = 0x1p-126
	if -smallest < v && v < smallest {
		return float32(math.Copysign(0, float64(v)))
	}
	return v
}

// addProduct is sum + a*b, rounded once. The product of bfloat16 is exact in
// float64; their sum is rounded to odd there, so that it rounds to float32 as if it
// were exact.
func addProduct(sum, a, b float32) float32 {
	x, y := float64(sum), float64(a)*float64(b)
	s := x + y
	if math.IsNaN(s) || math.IsInf(s, 0) {
		return float32(s)
	}
	t := s - x
	lost := x - (s - t) + (y - t)
	if bits := math.Float64bits(s); lost != 0 && bits&1 == 0 {
		s = math.Nextafter(s, math.Inf(int(math.Copysign(1, lost))))
	}
	return denormalsAreZero(float32(s))
}
