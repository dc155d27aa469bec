package jls

import (
	"encoding/binary"

	"github.com/cxrkit/cxrkit/internal/codec"
)

// An encoder is the other side of scan, for the tests: it keeps the same
// contexts and writes what scan must read.
type encoder struct {
	*scan
	out   []byte
	acc   uint32
	count uint // bits in acc
}

func (e *encoder) put(v uint32, n uint) {
	for ; n > 0; n-- {
		e.acc, e.count = e.acc<<1|v>>(n-1)&1, e.count+1
		full := uint(8)
		if len(e.out) > 0 && e.out[len(e.out)-1] == 0xFF {
			full = 7
		}
		if e.count == full {
			e.out = append(e.out, byte(e.acc))
			e.acc, e.count = 0, 0
		}
	}
}

func (e *encoder) flush() {
	for e.count > 0 {
		e.put(0, 1)
	}
	if len(e.out) > 0 && e.out[len(e.out)-1] == 0xFF {
		e.put(0, 7)
	}
}

func (e *encoder) golombCode(v int32, k uint, limit int) {
	if high := int(v >> k); high < limit-e.escape-1 {
		e.put(0, uint(high))
		e.put(1, 1)
		e.put(uint32(v)&(1<<k-1), k)
		return
	}
	e.put(0, uint(limit-e.escape-1))
	e.put(1, 1)
	e.put(uint32(v-1), uint(e.escape))
}

// residual is the quantized error of a sample, and what the decoder will see.
func (e *encoder) residual(v, p int32, flip bool) (q, seen int32) {
	d := v - p
	if flip {
		d = -d
	}
	if d > 0 {
		q = (d + e.near) / e.step
	} else {
		q = -((-d + e.near) / e.step)
	}
	back := q * e.step
	if flip {
		back = -back
	}
	seen = max(0, min(e.maxval, p+back))
	spread := e.span / e.step
	if q < 0 {
		q += spread
	}
	if q >= (spread+1)/2 {
		q -= spread
	}
	return q, seen
}

func (e *encoder) encodeLine(in []uint16) {
	width := len(in)
	above, current := e.above, e.current
	above[width+1] = above[width]
	current[0] = above[1]
	middle := int(e.maxval)
	for x := 1; x <= width; {
		a, b, c, d := current[x-1], above[x], above[x-1], above[x+1]
		q := 81*int32(e.quantized[int(d-b)+middle]) + 9*int32(e.quantized[int(b-c)+middle]) + int32(e.quantized[int(c-a)+middle])
		if q != 0 {
			current[x] = e.regularCode(q, a, b, c, int32(in[x-1]))
			x++
			continue
		}
		n := 0
		for x+n <= width && within(int32(in[x+n-1])-a, e.near) {
			current[x+n] = a
			n++
		}
		x += n
		whole := x > width
		for n >= 1<<runOrder[e.runIndex] {
			e.put(1, 1)
			n -= 1 << runOrder[e.runIndex]
			if e.runIndex < 31 {
				e.runIndex++
			}
		}
		if whole {
			if n > 0 {
				e.put(1, 1)
			}
			break
		}
		e.put(0, 1)
		e.put(uint32(n), runOrder[e.runIndex])
		current[x] = e.interruptionCode(a, above[x], int32(in[x-1]))
		x++
	}
	e.above, e.current = current, above
}

func within(d, near int32) bool { return d <= near && -d <= near }

func (e *encoder) regularCode(q, a, b, c, v int32) int32 {
	negative := q < 0
	if negative {
		q = -q
	}
	t := &e.contexts[q]
	p := max(min(a, b), min(max(a, b), a+b-c))
	if negative {
		p -= t.c
	} else {
		p += t.c
	}
	p = max(0, min(e.maxval, p))
	k := golombParameter(t.n, t.a)
	r, seen := e.residual(v, p, negative)
	m := r
	if k == 0 && e.near == 0 && 2*t.b <= -t.n {
		m = ^m
	}
	e.golombCode(m<<1^m>>31, k, e.limit)
	t.update(r, r*e.step, e.reset)
	return seen
}

func (e *encoder) interruptionCode(a, b, v int32) int32 {
	kind, p, flip := 0, b, b < a
	if within(a-b, e.near) {
		kind, p, flip = 1, a, false
	}
	t := &e.runs[kind]
	r, seen := e.residual(v, p, flip)
	sum := t.a
	if kind == 1 {
		sum += t.n >> 1
	}
	k := golombParameter(t.n, sum)
	mapped := int32(0)
	if k == 0 && r > 0 && 2*t.negative < t.n || r < 0 && 2*t.negative >= t.n || r < 0 && k != 0 {
		mapped = 1
	}
	m := 2*max(r, -r) - int32(kind) - mapped
	e.golombCode(m, k, e.limit-int(runOrder[e.runIndex])-1)
	if r < 0 {
		t.negative++
	}
	t.a += (m + 1 - int32(kind)) >> 1
	if t.n == e.reset {
		t.a, t.n, t.negative = t.a>>1, t.n>>1, t.negative>>1
	}
	t.n++
	if e.runIndex > 0 {
		e.runIndex--
	}
	return seen
}

// encode writes a frame; preset, if not nil, is MAXVAL, T1, T2, T3, RESET.
func encode(f *codec.Frame, near int, preset []int, restartLines int) []byte {
	h := &header{width: f.Width, height: f.Height, precision: f.Precision, near: near}
	out := []byte{0xFF, 0xD8, 0xFF, 0xF7, 0, 11, byte(f.Precision), byte(f.Height >> 8), byte(f.Height), byte(f.Width >> 8), byte(f.Width), 1, 1, 0x11, 0}
	if preset != nil {
		out = append(out, 0xFF, 0xF8, 0, 13, 1)
		for _, v := range preset {
			out = binary.BigEndian.AppendUint16(out, uint16(v))
		}
		h.maxval, h.t1, h.t2, h.t3, h.reset = preset[0], preset[1], preset[2], preset[3], preset[4]
	}
	if restartLines > 0 {
		out = append(out, 0xFF, 0xDD, 0, 4, byte(restartLines>>8), byte(restartLines))
	}
	out = append(out, 0xFF, 0xDA, 0, 8, 1, 1, 0, byte(near), 0, 0)
	if err := h.defaults(); err != nil {
		panic(err)
	}
	s, err := newScan(h, nil)
	if err != nil {
		panic(err)
	}
	e := &encoder{scan: s}
	for y := range f.Height {
		if restartLines > 0 && y > 0 && y%restartLines == 0 {
			e.flush()
			out = append(append(out, e.out...), 0xFF, byte(0xD0+(y/restartLines-1)%8))
			e.out = nil
			e.clear()
		}
		e.encodeLine(f.Pix[y*f.Width:][:f.Width])
	}
	e.flush()
	return append(append(out, e.out...), 0xFF, 0xD9)
}
