package j2k

import (
	"encoding/binary"
	"math/bits"
)

// An mqDecoder is the arithmetic decoder of T.800 annex C.
//
// What costs time in it is not arithmetic but guessing. Which symbol follows is
// what coding made unpredictable: a processor that guesses a branch by it is
// wrong every few decisions and then loses more time than a decision takes.
// So a decision is computed without branches, all outcomes alike, and the code
// register holds enough bits ahead that taking in bytes is rare.
type mqDecoder struct {
	src    []byte
	pos    int              // of the last byte that is in the code register
	states [contexts]uint64 // see makeStates
}

// Contexts: 0 to 8 significance, 9 to 13 sign, 14 to 16 refinement. There is
// room for more so that a masked index needs no bounds check.
const (
	contextSign      = 9
	contextMagnitude = 14
	contextRun       = 17
	contextUniform   = 18
	contexts         = 32
)

// registers are what the coding passes keep in variables.
type registers struct {
	a, c uint64 // interval and code, the standard's 16 bits in bits 47 to 62
	// ahead is how many bits of c below those are valid. A shift may make it
	// negative; then refill has to follow before the next decision.
	ahead int
}

// low16 is where the standard's bit 0 of the interval is in the registers. One
// bit above them stays free, so that a difference has its sign there.
const (
	low16  = 47
	topBit = 0x8000 << low16
)

// A successor has the states that may follow one: after the more probable symbol
// with a shift of the registers (without one, the state stays), and after the
// less probable symbol.
type successor struct{ more, less uint64 }

var initialStates, successors = makeStates()

// makeStates tabulates T.800 tables C.2 and D.7. A state has the less probable
// symbol's interval where the registers have theirs, and in its low bits its
// index in successors: 2*row of the table + more probable symbol.
func makeStates() (initial [contexts]uint64, t [stateCount]successor) {
	rows := [47]struct {
		qe         uint64
		nmps, nlps int
		swap       uint8
	}{
		{0x5601, 1, 1, 1}, {0x3401, 2, 6, 0}, {0x1801, 3, 9, 0}, {0x0AC1, 4, 12, 0}, {0x0521, 5, 29, 0}, {0x0221, 38, 33, 0},
		{0x5601, 7, 6, 1}, {0x5401, 8, 14, 0}, {0x4801, 9, 14, 0}, {0x3801, 10, 14, 0}, {0x3001, 11, 17, 0}, {0x2401, 12, 18, 0},
		{0x1C01, 13, 20, 0}, {0x1601, 29, 21, 0}, {0x5601, 15, 14, 1}, {0x5401, 16, 14, 0}, {0x5101, 17, 15, 0}, {0x4801, 18, 16, 0},
		{0x3801, 19, 17, 0}, {0x3401, 20, 18, 0}, {0x3001, 21, 19, 0}, {0x2801, 22, 19, 0}, {0x2401, 23, 20, 0}, {0x2201, 24, 21, 0},
		{0x1C01, 25, 22, 0}, {0x1801, 26, 23, 0}, {0x1601, 27, 24, 0}, {0x1401, 28, 25, 0}, {0x1201, 29, 26, 0}, {0x1101, 30, 27, 0},
		{0x0AC1, 31, 28, 0}, {0x09C1, 32, 29, 0}, {0x08A1, 33, 30, 0}, {0x0521, 34, 31, 0}, {0x0441, 35, 32, 0}, {0x02A1, 36, 33, 0},
		{0x0221, 37, 34, 0}, {0x0141, 38, 35, 0}, {0x0111, 39, 36, 0}, {0x0085, 40, 37, 0}, {0x0049, 41, 38, 0}, {0x0025, 42, 39, 0},
		{0x0015, 43, 40, 0}, {0x0009, 44, 41, 0}, {0x0005, 45, 42, 0}, {0x0001, 45, 43, 0}, {0x5601, 46, 46, 0},
	}
	state := func(i int, mps uint8) uint64 { return rows[i].qe<<low16 | uint64(2*i) | uint64(mps) }
	for i, r := range rows {
		for mps := range uint8(2) {
			t[2*i+int(mps)] = successor{state(r.nmps, mps), state(r.nlps, mps^r.swap)}
		}
	}
	for i := range initial {
		initial[i] = state(0, 0)
	}
	initial[0], initial[contextRun], initial[contextUniform] = state(4, 0), state(3, 0), state(46, 0)
	return initial, t
}

// stateCount is more than there are, for the same reason as contexts.
const stateCount = 128

func (m *mqDecoder) resetContexts() { m.states = initialStates }

// start begins a codeword segment.
func (m *mqDecoder) start(src []byte) registers {
	m.src, m.pos = src, 0
	return m.refill(registers{topBit, m.at(0) << (low16 + 7), -7})
}

// at is a byte of the segment; behind its end there are 0xFF (T.800 D.4.1).
func (m *mqDecoder) at(i int) uint64 {
	if i < len(m.src) {
		return uint64(m.src[i])
	}
	return 0xFF
}

// refill takes bytes into the code register. r.ahead is negative, by 15 at most.
func (m *mqDecoder) refill(r registers) registers {
	if m.pos+8 <= len(m.src) {
		// Four bytes at once, if neither they nor the one before them are 0xFF,
		// behind which a bit is stuffed.
		const ones, tops, five = 0x0101010101010101, 0x8080808080808080, 0xFFFFFFFFFF << 24
		v := binary.BigEndian.Uint64(m.src[m.pos:])
		if (^v-ones)&v&tops&five == 0 {
			m.pos += 4
			r.ahead += 32
			r.c += v << 8 >> 32 << uint(low16-r.ahead)
			return r
		}
	}
	for r.ahead <= low16-8 {
		width := 8
		next := m.at(m.pos + 1)
		switch {
		case m.at(m.pos) != 0xFF:
			m.pos++
		case next > 0x8F: // a marker or the end: ones for ever
			next = 0xFF
		default:
			m.pos++
			width = 7 // the top bit is a carry into the byte before
		}
		r.ahead += width
		r.c += next << uint(low16-r.ahead)
	}
	return r
}

// decide decodes a decision. It gives the registers before they are shifted, the
// state to follow, and in the top bit of less whether it is the less probable
// symbol. Its conditions are conditional moves, not branches: each only chooses
// between values that are there.
func decide(a, c, state uint64) (_, _, next, less uint64) {
	next, lost := successors[state%stateCount].more, successors[state%stateCount].less
	qe := state & (0xFFFF << low16)
	above, rest := a-qe, c-qe
	// The sign of rest says that the code is below qe. That is the less probable
	// symbol's part of the interval, unless it is the larger.
	less = rest ^ (above - qe)
	if above&topBit != 0 {
		next = state
	}
	if int64(less) < 0 {
		next = lost
	}
	if int64(rest) < 0 {
		above, rest = qe, c
	}
	return above, rest, next, less
}

// shifted are the registers with the interval brought back to its size.
func (r registers) shifted() registers {
	n := 32 - bits.Len32(uint32(r.a>>31))
	return registers{r.a << (n & 63), r.c << (n & 63), r.ahead - n}
}

// decode decodes one decision in a context, as the coding passes do in line.
func (m *mqDecoder) decode(context uint8, r registers) (uint64, registers) {
	state := &m.states[context%contexts]
	old, less := *state, uint64(0)
	r.a, r.c, *state, less = decide(r.a, r.c, old)
	if r = r.shifted(); r.ahead < 0 {
		r = m.refill(r)
	}
	return less>>63 ^ old&1, r
}
