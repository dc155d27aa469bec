//go:build !race

// Not with the race detector: all of it is of one thread, and takes many times as long.

package simd

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"unsafe"
)

// A machine is a processor that runs the machine code of this package's assembly, as
// it lies in memory: for instructions of AMX and AVX-VNNI, which not every processor
// has. It knows those and what else their functions use, by Intel's manual (volume
// 2), and panics where a processor would fault and at what it does not know.
type machine struct {
	start, next uintptr // of the function, and of the instruction to come
	registers   [16]uint64
	zero        bool // the flag
	ymm         [16][32]byte
	upper       bool // halves of vectors are not zeroed
	tiles       tiles
	memory      []region
	stack       []uint64
}

// A region is memory that the code may touch.
type region struct {
	name      string
	at        uint64
	bytes     int
	writeable bool
}

func regionOf(name string, p unsafe.Pointer, bytes int, writeable bool) region {
	return region{name, uint64(uintptr(p)), bytes, writeable}
}

// codeOf is where the code of a function of assembly begins: Go's value for it leads
// to a function that moves the arguments to the stack and calls that.
func codeOf(f any) uintptr {
	wrapper := reflect.ValueOf(f).Pointer()
	name := runtime.FuncForPC(wrapper).Name()
	for at := wrapper; at < wrapper+512; at++ {
		const call = 0xe8
		code := unsafe.Slice((*byte)(pointerTo(at)), 5)
		if code[0] != call {
			continue
		}
		to := at + 5 + uintptr(int(int32(binary.LittleEndian.Uint32(code[1:]))))
		if f := runtime.FuncForPC(to); f != nil && f.Entry() == to && to != wrapper && strings.TrimSuffix(f.Name(), ".abi0") == name {
			return to
		}
	}
	panic("no code of " + name)
}

// pointerTo is the pointer that an address in a register is.
func pointerTo(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

// run calls code with arguments, each of which fills a word.
func (m *machine) run(code uintptr, arguments ...uint64) {
	const sp = 4
	stack := append([]uint64{0}, arguments...) // from the return address
	m.stack = stack                            // in memory that does not move
	m.memory = append(m.memory, regionOf("arguments", unsafe.Pointer(&stack[0]), 8*len(stack), false))
	m.start, m.next = code, code
	m.registers[sp] = uint64(uintptr(unsafe.Pointer(&stack[0])))
	for m.step() {
	}
	if m.registers[sp] != uint64(uintptr(unsafe.Pointer(&stack[0]))) || m.tiles.configured || m.upper {
		panic("the stack has moved, or tiles or vectors are left as they were")
	}
}

// at is memory that the code may touch.
func (m *machine) at(address uint64, bytes int, write bool) []byte {
	for _, r := range m.memory {
		if address >= r.at && address+uint64(bytes) <= r.at+uint64(r.bytes) && (r.writeable || !write) {
			return unsafe.Slice((*byte)(pointerTo(uintptr(address))), bytes)
		}
	}
	panic(fmt.Sprintf("instruction before +%d touches %d bytes at %#x, of regions %+v", m.next-m.start, bytes, address, m.memory))
}

func (m *machine) fetch() byte {
	b := *(*byte)(pointerTo(m.next))
	m.next++
	return b
}

func (m *machine) immediate(bytes int) int64 {
	if bytes == 1 {
		return int64(int8(m.fetch()))
	}
	return int64(int32(uint32(m.fetch()) | uint32(m.fetch())<<8 | uint32(m.fetch())<<16 | uint32(m.fetch())<<24))
}

// A place is the operand that ModRM tells: a register, or an address.
type place struct {
	register      bool
	number        int    // of the register
	address, base uint64 // base: without what the index adds
	step          uint64 // which that is
	indexed       bool   // by a SIB byte
}

// modRM reads the operands after an opcode: a register's number, and a place. Bits
// extend their numbers.
func (m *machine) modRM(r, x, b byte) (register int, p place) {
	c := m.fetch()
	mode, rm := c>>6, c&7
	register = int(c>>3&7 | r<<3)
	if mode == 3 {
		return register, place{register: true, number: int(rm | b<<3)}
	}
	base := rm
	if p.indexed = rm == 4; p.indexed {
		sib := m.fetch()
		base = sib & 7
		if index := sib>>3&7 | x<<3; index != 4 {
			p.step = m.registers[index] << (sib >> 6)
		}
	}
	if mode == 0 && base == 5 {
		panic("an address without a base")
	}
	p.base = m.registers[base|b<<3]
	switch mode {
	case 1:
		p.base += uint64(m.immediate(1))
	case 2:
		p.base += uint64(m.immediate(4))
	}
	p.address = p.base + p.step
	return register, p
}

func (m *machine) unknown(what string) {
	panic(fmt.Sprintf("instruction before +%d: %s", m.next-m.start, what))
}

// step runs an instruction, and tells whether there are more.
func (m *machine) step() bool {
	op := m.fetch()
	var rex byte
	if op&0xf0 == 0x40 {
		rex, op = op, m.fetch()
	}
	switch op {
	case 0xc3:
		return false
	case 0xc4, 0xc5:
		m.vex(op)
		return true
	case 0x75:
		m.jump(m.immediate(1))
		return true
	case 0x0f:
		switch op = m.fetch(); op {
		case 0x18: // a prefetch touches nothing
			m.modRM(rex>>2&1, rex>>1&1, rex&1)
		case 0x85:
			m.jump(m.immediate(4))
		default:
			m.unknown(fmt.Sprintf("0f %02x", op))
		}
		return true
	}
	if rex&8 == 0 {
		m.unknown(fmt.Sprintf("%02x of less than 64 bits", op))
	}
	r, p := m.modRM(rex>>2&1, rex>>1&1, rex&1)
	set := func(v uint64) {
		if !p.register {
			m.unknown(fmt.Sprintf("%02x on memory", op))
		}
		m.registers[p.number], m.zero = v, v == 0
	}
	zero := m.zero
	switch {
	case op == 0x8b && !p.register:
		m.registers[r] = binary.LittleEndian.Uint64(m.at(p.address, 8, false))
	case op == 0x89:
		set(m.registers[r])
		m.zero = zero
	case op == 0x8d && !p.register:
		m.registers[r] = p.address
	case op == 0x01:
		set(m.registers[p.number] + m.registers[r])
	case op == 0x81 && r&7 == 0:
		set(m.registers[p.number] + uint64(m.immediate(4)))
	case op == 0x83 && r&7 == 0:
		set(m.registers[p.number] + uint64(m.immediate(1)))
	case op == 0xc1 && r&7 == 4:
		set(m.registers[p.number] << m.immediate(1))
	case op == 0xff && r&7 == 1:
		set(m.registers[p.number] - 1)
	case op == 0xc7 && r&7 == 0:
		set(uint64(m.immediate(4)))
		m.zero = zero
	default:
		m.unknown(fmt.Sprintf("%02x /%d", op, r&7))
	}
	return true
}

// jump goes on elsewhere unless the last result was zero.
func (m *machine) jump(by int64) {
	if !m.zero {
		m.next += uintptr(by)
	}
}

// vexNames are names of instructions as Intel's manual writes them, by length,
// prefix, map and opcode.
var vexNames = map[[4]byte]string{}

// vex runs an instruction on vectors or tiles.
func (m *machine) vex(first byte) {
	c := m.fetch()
	r, x, b, space := ^c>>7&1, byte(0), byte(0), byte(1)
	if first == 0xc4 {
		x, b, space = ^c>>6&1, ^c>>5&1, c&31
		if c = m.fetch(); c&0x80 != 0 {
			m.unknown("VEX.W1")
		}
	}
	second, long, prefix := int(^c>>3&15), c>>2&1, c&3
	op := m.fetch()
	key := [4]byte{long, prefix, space, op}
	what, ok := vexNames[key]
	if !ok {
		what = fmt.Sprintf("VEX.%d.%s.%d %02x", 128<<long, [...]string{"NP", "66", "F3", "F2"}[prefix], space, op)
		vexNames[key] = what
	}
	if what == "VEX.128.NP.1 77" { // VZEROUPPER
		m.upper = false
		return
	}
	register, p := m.modRM(r, x, b)
	if second != 0 && (what != "VEX.256.66.2 50" && (space != 2 || op != 0x5c && op != 0x5e)) {
		m.unknown(what + " with a second source")
	}
	switch what {
	case "VEX.256.F3.1 6f": // VMOVDQU
		copy(m.ymm[register][:], m.at(p.address, 32, false))
		m.upper = true
	case "VEX.256.F3.1 7f":
		copy(m.at(p.address, 32, true), m.ymm[register][:])
	case "VEX.256.66.2 58": // VPBROADCASTD
		four := m.at(p.address, 4, false)
		for i := range m.ymm[register] {
			m.ymm[register][i] = four[i%4]
		}
		m.upper = true
	case "VEX.256.66.2 50": // VPDPBUSD
		if !p.register {
			m.unknown(what + " of memory")
		}
		for i := 0; i < 32; i += 4 {
			addProducts(m.ymm[register][i:], m.ymm[second][i:], m.ymm[p.number][i:])
		}
	case "VEX.128.NP.2 49":
		if p.register {
			if p.number != 0 || register != 0 {
				m.unknown("TILERELEASE of a register")
			}
			m.tiles = tiles{}
			return
		}
		m.tiles.configure(m.at(p.address, 64, false))
	case "VEX.128.F2.2 4b", "VEX.128.66.2 4b", "VEX.128.F3.2 4b":
		m.moveTile(register, p, prefix == 2)
	case "VEX.128.F3.2 5c", "VEX.128.66.2 5e":
		if !p.register {
			m.unknown(what + " of memory")
		}
		m.tiles.multiplies(register, p.number, second)
		if op == 0x5c {
			m.tiles.multiplyHalves(register, p.number, second)
		} else {
			m.tiles.multiplyBytes(register, p.number, second)
		}
	default:
		m.unknown(what)
	}
}

// addProducts adds products of four unsigned bytes and four signed ones.
func addProducts(sum, unsigned, signed []byte) {
	s := int32(binary.LittleEndian.Uint32(sum))
	for i := range 4 {
		s += int32(unsigned[i]) * int32(int8(signed[i]))
	}
	binary.LittleEndian.PutUint32(sum, uint32(s))
}

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
