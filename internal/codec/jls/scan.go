package jls

import (
	"fmt"
	"math/bits"

	"github.com/cxrkit/cxrkit/cxr"
)

// A context adapts the code to what was seen in like surroundings (T.87 A.6):
// sums of error magnitudes and of errors, a correction of the prediction, and a
// count.
type context struct{ a, b, c, n int32 }

// A runContext is that for the sample that ends a run.
type runContext struct{ a, n, negative int32 }

// runOrder is J of T.87 A.2.1: a run code of order runOrder[i] stands for
// 1<<runOrder[i] samples.
var runOrder = [32]uint{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15}

type scan struct {
	bitReader
	h *header

	near, step, maxval, span int32 // span is RANGE*(2*NEAR+1)
	escape, limit            int   // qbpp and LIMIT
	reset                    int32
	quantized                []int8 // gradient d at d+maxval

	contexts [365]context
	runs     [2]runContext
	runIndex int

	// Lines with a sample before and one behind: above[0] is Rc of the first
	// sample, the sample before the line above.
	above, current []int32
}

func newScan(h *header, data []byte) (*scan, error) {
	s := &scan{bitReader: bitReader{src: data}, h: h}
	s.near, s.step, s.maxval, s.reset = int32(h.near), int32(2*h.near+1), int32(h.maxval), int32(h.reset)
	spread := (h.maxval+2*h.near)/(2*h.near+1) + 1
	s.span = int32(spread) * s.step
	s.escape = bits.Len(uint(spread - 1))
	depth := max(2, bits.Len(uint(h.maxval)))
	s.limit = 2 * (depth + max(8, depth))
	s.quantized = make([]int8, 2*h.maxval+1)
	for d := -h.maxval; d <= h.maxval; d++ {
		s.quantized[d+h.maxval] = h.quantize(d)
	}
	s.clear()
	return s, nil
}

// clear sets the state at the start of a scan and after a restart (T.87
// A.2.1).
func (s *scan) clear() {
	a := max(2, (s.span/s.step+32)/64)
	for i := range s.contexts {
		s.contexts[i] = context{a: a, n: 1}
	}
	s.runs = [2]runContext{{a: a, n: 1}, {a: a, n: 1}}
	s.runIndex = 0
	s.above, s.current = make([]int32, s.h.width+2), make([]int32, s.h.width+2)
}

func (s *scan) restart(number int) error {
	if s.overrun() {
		return fmt.Errorf("%w: JPEG-LS data", cxr.ErrTruncated)
	}
	at := s.pos
	for at+1 < len(s.src) && !(s.src[at] == 0xFF && s.src[at+1] >= 0x80) {
		at++
	}
	if s.after && s.pos < len(s.src) && s.src[s.pos] >= 0x80 {
		at = s.pos - 1
	}
	if at+1 >= len(s.src) {
		return fmt.Errorf("%w: no JPEG-LS restart marker", cxr.ErrTruncated)
	}
	if s.src[at+1] != byte(0xD0+number) {
		return fmt.Errorf("%w: marker %#x where restart %d belongs", cxr.ErrCorrupt, s.src[at+1], number)
	}
	s.bitReader = bitReader{src: s.src, pos: at + 2}
	s.clear()
	return nil
}

// quantize is the region of a gradient (T.87 A.3.3).
func (h *header) quantize(d int) int8 {
	m, sign := d, int8(1)
	if d < 0 {
		m, sign = -d, -1
	}
	switch {
	case m <= h.near:
		return 0
	case m < h.t1:
		return sign
	case m < h.t2:
		return 2 * sign
	case m < h.t3:
		return 3 * sign
	}
	return 4 * sign
}

var (
	errCode = fmt.Errorf("%w: Golomb code", cxr.ErrCorrupt)
	errRun  = fmt.Errorf("%w: run past the line", cxr.ErrCorrupt)
	errEnd  = fmt.Errorf("%w: entropy-coded data end", cxr.ErrTruncated)
)

// line decodes one line.
func (s *scan) line(out []uint16) error {
	width := len(out)
	above, current := s.above, s.current
	above[width+1] = above[width]
	current[0] = above[1]
	middle := int(s.maxval)
	for x := 1; x <= width; {
		a, b, c, d := current[x-1], above[x], above[x-1], above[x+1]
		q := 81*int32(s.quantized[int(d-b)+middle]) + 9*int32(s.quantized[int(b-c)+middle]) + int32(s.quantized[int(c-a)+middle])
		if q != 0 {
			v, ok := s.regular(q, a, b, c)
			if !ok {
				return s.explain(errCode)
			}
			current[x] = v
			x++
			continue
		}
		n, whole := s.runLength(width - x + 1)
		if n < 0 {
			return s.explain(errRun)
		}
		for end := x + n; x < end; x++ {
			current[x] = a
		}
		if whole {
			break
		}
		v, ok := s.interruption(a, above[x])
		if !ok {
			return s.explain(errCode)
		}
		current[x] = v
		x++
	}
	if s.overrun() {
		return errEnd
	}
	for i, v := range current[1 : width+1] {
		out[i] = uint16(v)
	}
	s.above, s.current = current, above
	return nil
}

// explain prefers the cause: data that ended give any code.
func (s *scan) explain(err error) error {
	if s.overrun() || s.pos >= len(s.src) {
		return errEnd
	}
	return err
}

// regular decodes a sample in context q (T.87 A.4 to A.6).
func (s *scan) regular(q, a, b, c int32) (int32, bool) {
	negative := q < 0
	if negative {
		q = -q
	}
	t := &s.contexts[q]
	p := a + b - c // the median of a, b and a+b-c
	if low, high := min(a, b), max(a, b); c >= high {
		p = low
	} else if c <= low {
		p = high
	}
	if negative {
		p -= t.c
	} else {
		p += t.c
	}
	p = max(0, min(s.maxval, p))

	k := golombParameter(t.n, t.a)
	if k > 16 {
		return 0, false
	}
	m := s.golomb(k, s.limit, s.escape)
	if m < 0 {
		return 0, false
	}
	e := m>>1 ^ -(m & 1)
	if k == 0 && s.near == 0 && 2*t.b <= -t.n {
		e = ^e
	}
	t.update(e, e*s.step, s.reset)
	e *= s.step
	if negative {
		e = -e
	}
	return s.reconstruct(p + e), true
}

// golombParameter is the least k with n<<k >= a.
func golombParameter(n, a int32) uint {
	if a <= n {
		return 0
	}
	k := uint(bits.Len32(uint32(a)) - bits.Len32(uint32(n)))
	if n<<k < a {
		k++
	}
	return k
}

func (t *context) update(e, scaled, reset int32) {
	t.b += scaled
	if e < 0 {
		e = -e
	}
	t.a += e
	if t.n == reset {
		t.a >>= 1
		t.b >>= 1
		t.n >>= 1
	}
	t.n++
	switch {
	case t.b <= -t.n:
		t.b = max(t.b+t.n, 1-t.n)
		if t.c > -128 {
			t.c--
		}
	case t.b > 0:
		t.b = min(t.b-t.n, 0)
		if t.c < 127 {
			t.c++
		}
	}
}

// reconstruct brings a sample back into range (T.87 A.4.5).
func (s *scan) reconstruct(v int32) int32 {
	if v < -s.near {
		v += s.span
	} else if v > s.maxval+s.near {
		v -= s.span
	}
	return max(0, min(s.maxval, v))
}

// runLength decodes how many of the left samples repeat the one before, and
// whether that is the whole rest of the line; -1 for more than there are.
func (s *scan) runLength(left int) (n int, whole bool) {
	for s.read(1) == 1 {
		n += 1 << runOrder[s.runIndex]
		if n >= left {
			if n == left && s.runIndex < 31 {
				s.runIndex++
			}
			return left, true
		}
		if s.runIndex < 31 {
			s.runIndex++
		}
	}
	n += int(s.read(runOrder[s.runIndex]))
	if n >= left {
		return -1, false
	}
	return n, false
}

// interruption decodes the sample that ends a run (T.87 A.7.2).
func (s *scan) interruption(a, b int32) (int32, bool) {
	kind := 0
	if d := a - b; d <= s.near && -d <= s.near {
		kind = 1
	}
	t := &s.runs[kind]
	sum := t.a
	if kind == 1 {
		sum += t.n >> 1
	}
	k := golombParameter(t.n, sum)
	if k > 16 {
		return 0, false
	}
	m := s.golomb(k, s.limit-int(runOrder[s.runIndex])-1, s.escape)
	if m < 0 {
		return 0, false
	}
	mapped := m + int32(kind)
	odd := mapped & 1
	e := (mapped + odd) / 2
	if (k != 0 || 2*t.negative >= t.n) == (odd != 0) {
		e = -e
	}
	if e < 0 {
		t.negative++
	}
	t.a += (m + 1 - int32(kind)) >> 1
	if t.n == s.reset {
		t.a >>= 1
		t.n >>= 1
		t.negative >>= 1
	}
	t.n++
	if s.runIndex > 0 {
		s.runIndex--
	}
	e *= s.step
	if kind == 1 {
		return s.reconstruct(a + e), true
	}
	if b < a {
		e = -e
	}
	return s.reconstruct(b + e), true
}
