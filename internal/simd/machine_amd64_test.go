//go:build !race

// Not with the race detector: all of it is of one thread, and takes many times as long.

package simd

import (
	"encoding/binary"
	"fmt"
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
		if register != 0 || p.register && p.number != 0 {
			m.unknown(what + " of a register")
		}
		if p.register { // TILERELEASE
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
