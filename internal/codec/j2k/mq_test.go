package j2k

import (
	"math/rand/v2"
	"testing"
)

// A flowChart is the arithmetic decoder as T.800 figures C.14 to C.20 draw it, a
// bit and a byte at a time.
type flowChart struct {
	src   []byte
	pos   int
	a, c  uint32
	count int
	state [contexts]uint64
}

func newFlowChart(src []byte) *flowChart {
	f := &flowChart{src: src, a: 0x8000, state: initialStates}
	f.c = f.byte(0) << 16
	f.byteIn()
	f.c <<= 7
	f.count -= 7
	return f
}

func (f *flowChart) byte(i int) uint32 {
	if i < len(f.src) {
		return uint32(f.src[i])
	}
	return 0xFF
}

func (f *flowChart) byteIn() {
	next := f.byte(f.pos + 1)
	switch {
	case f.byte(f.pos) != 0xFF:
		f.pos++
		f.c += next << 8
		f.count = 8
	case next > 0x8F:
		f.c += 0xFF00
		f.count = 8
	default:
		f.pos++
		f.c += next << 9
		f.count = 7
	}
}

func (f *flowChart) decode(context int) uint64 {
	state := &f.state[context]
	follow, qe, bit := successors[*state%stateCount], uint32(*state>>low16), *state&1
	f.a -= qe
	lower := f.c>>16 < qe
	if !lower {
		f.c -= qe << 16
		if f.a&0x8000 != 0 {
			return bit
		}
	}
	if lower == (f.a < qe) {
		*state = follow.more
	} else {
		bit ^= 1
		*state = follow.less
	}
	if lower {
		f.a = qe
	}
	for ok := true; ok; ok = f.a&0x8000 == 0 {
		if f.count == 0 {
			f.byteIn()
		}
		f.a <<= 1
		f.c <<= 1
		f.count--
	}
	return bit
}

func TestDecisionsAreThoseOfTheFlowCharts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, source := range map[string]struct {
		bytes  int
		filled int // one of so many bytes is 0xFF
	}{
		"without a byte":                  {0, 1},
		"of one byte":                     {1, 1 << 30},
		"of five bytes":                   {5, 1 << 30},
		"with few bytes of 0xFF":          {4000, 200},
		"with a quarter of bytes of 0xFF": {4000, 4},
	} {
		t.Run("a segment "+name, func(t *testing.T) {
			for range 20 {
				src := make([]byte, source.bytes)
				for i := range src {
					src[i] = byte(random.Uint32())
					if i > 0 && src[i-1] == 0xFF {
						src[i] %= 0x80 // neither a marker nor a carry
					}
					if random.IntN(source.filled) == 0 {
						src[i] = 0xFF
					}
				}
				var m mqDecoder
				m.resetContexts()
				r := m.start(src)
				want := newFlowChart(src)
				for i := range 8*source.bytes + 100 {
					context := random.IntN(contextUniform + 1)
					var got uint64
					got, r = m.decode(uint8(context), r)
					if bit := want.decode(context); got != bit {
						t.Fatalf("decision %d is %d, want %d", i, got, bit)
					}
				}
			}
		})
	}
}
