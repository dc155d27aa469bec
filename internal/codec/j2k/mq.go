package j2k

import "math/bits"

// An mqDecoder is the arithmetic decoder of T.800 annex C. Its interval and
// code registers are kept 16 bits higher than in the standard's flow charts, so
// that the interval compares with the code directly.
type mqDecoder struct {
	src   []byte
	pos   int
	a, c  uint32
	count uint      // shifts until the next byte
	state [32]uint8 // of each context: index into mqTable
}

// An mqState is a row of T.800 table C.2 for one sense of the more probable
// symbol: state 2*i+mps.
type mqState struct {
	qe         uint32 // 16 bits higher, as the registers
	mps        uint8
	next, lost uint8 // states after the more and the less probable symbol
}

var mqTable = makeMQTable()

// The tables are larger than what is in them so that masked indices need no
// bounds checks.
func makeMQTable() (t [128]mqState) {
	rows := [47]struct {
		qe         uint32
		nmps, nlps uint8
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
	for i, r := range rows {
		for mps := range uint8(2) {
			t[2*i+int(mps)] = mqState{r.qe << 16, mps, 2*r.nmps + mps, 2*r.nlps + mps ^ r.swap}
		}
	}
	return t
}

// Contexts: 0 to 8 significance, 9 to 13 sign, 14 to 16 refinement.
const (
	contextSign      = 9
	contextMagnitude = 14
	contextRun       = 17
	contextUniform   = 18
)

// resetContexts sets the initial states (T.800 table D.7).
func (m *mqDecoder) resetContexts() {
	m.state = [32]uint8{0: 2 * 4, contextRun: 2 * 3, contextUniform: 2 * 46}
}

// start begins a codeword segment.
func (m *mqDecoder) start(src []byte) {
	m.src, m.pos = src, 0
	m.c = m.at(0) << 16
	m.byteIn()
	m.c <<= 7
	m.count -= 7
	m.a = topBit
}

// at is a byte of the segment; behind its end there are 0xFF (T.800 D.4.1).
func (m *mqDecoder) at(i int) uint32 {
	if i < len(m.src) {
		return uint32(m.src[i])
	}
	return 0xFF
}

func (m *mqDecoder) byteIn() {
	if m.at(m.pos) == 0xFF {
		if next := m.at(m.pos + 1); next > 0x8F {
			m.c += 0xFF00
			m.count = 8
		} else {
			m.pos++
			m.c += next << 9
			m.count = 7
		}
		return
	}
	m.pos++
	m.c += m.at(m.pos) << 8
	m.count = 8
}

const topBit = 0x8000 << 16

// decode decodes one decision in a context.
func (m *mqDecoder) decode(context uint8) uint32 {
	state := &m.state[context&31]
	s := &mqTable[*state&127]
	if a, c, ok := s.likely(m.a, m.c); ok {
		m.a, m.c = a, c
		return uint32(s.mps)
	}
	return m.exchange(m.a, m.c, state, s)
}

// likely is the path nearly every decision takes: the more probable symbol, and
// no shift of the registers. It is small enough to be inlined into the coding
// passes, which keep the registers in variables.
func (s *mqState) likely(a, c uint32) (_, _ uint32, ok bool) {
	below := a - s.qe
	return below, c - s.qe, c >= s.qe && below&topBit != 0
}

// exchange decodes a decision that likely could not, from registers a and c. It
// adapts the context and leaves the registers in m.
func (m *mqDecoder) exchange(a, c uint32, state *uint8, s *mqState) uint32 {
	bit := uint32(s.mps)
	a -= s.qe
	lower := c < s.qe
	// The lower part is the less probable symbol's, unless it is the larger.
	if lower == (a < s.qe) {
		*state = s.next
	} else {
		bit ^= 1
		*state = s.lost
	}
	if lower {
		a = s.qe
	} else {
		c -= s.qe
	}
	for {
		if m.count == 0 {
			m.c = c
			m.byteIn()
			c = m.c
		}
		n := min(uint(bits.LeadingZeros32(a)), m.count)
		a <<= n
		c <<= n
		m.count -= n
		if a&topBit != 0 {
			m.a, m.c = a, c
			return bit
		}
	}
}

// A rawReader reads the bits that bypass the arithmetic coder.
type rawReader struct {
	src     []byte
	pos     int
	current byte
	left    uint
}

func (r *rawReader) bit() uint32 {
	if r.left == 0 {
		r.left = 8
		if r.current == 0xFF {
			r.left = 7
		}
		r.current = 0xFF
		if r.pos < len(r.src) {
			r.current = r.src[r.pos]
			r.pos++
		}
	}
	r.left--
	return uint32(r.current>>r.left) & 1
}
