package j2k

// An mqDecoder is the arithmetic decoder of T.800 annex C.
type mqDecoder struct {
	src   []byte
	pos   int
	a, c  uint32
	count uint      // shifts until the next byte
	state [19]uint8 // of each context: index into mqTable
}

// An mqState is a row of T.800 table C.2 for one sense of the more probable
// symbol: state 2*i+mps.
type mqState struct {
	qe         uint32
	mps        uint8
	next, lost uint8 // states after the more and the less probable symbol
}

var mqTable = makeMQTable()

func makeMQTable() (t [94]mqState) {
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
			t[2*i+int(mps)] = mqState{r.qe, mps, 2*r.nmps + mps, 2*r.nlps + mps ^ r.swap}
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
	m.state = [19]uint8{0: 2 * 4, contextRun: 2 * 3, contextUniform: 2 * 46}
}

// start begins a codeword segment.
func (m *mqDecoder) start(src []byte) {
	m.src, m.pos = src, 0
	m.c = m.at(0) << 16
	m.byteIn()
	m.c <<= 7
	m.count -= 7
	m.a = 0x8000
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

// decode decodes one decision in a context.
func (m *mqDecoder) decode(context uint8) uint32 {
	s := &mqTable[m.state[context]]
	bit := uint32(s.mps)
	m.a -= s.qe
	if m.c>>16 >= s.qe {
		m.c -= s.qe << 16
		if m.a&0x8000 != 0 {
			return bit
		}
		if m.a < s.qe { // conditional exchange
			bit ^= 1
			m.state[context] = s.lost
		} else {
			m.state[context] = s.next
		}
	} else {
		if m.a < s.qe {
			m.state[context] = s.next
		} else {
			bit ^= 1
			m.state[context] = s.lost
		}
		m.a = s.qe
	}
	for {
		if m.count == 0 {
			m.byteIn()
		}
		m.a <<= 1
		m.c <<= 1
		m.count--
		if m.a&0x8000 != 0 {
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
