// Package half converts numbers of 16 bits (IEEE 754 binary16, float16).
package half

import "math"

// Max is the largest finite one.
const Max = 65504

// Float32 is the number that h stands for.
func Float32(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 0: // fraction x 2^-24, exactly
		return math.Float32frombits(math.Float32bits(float32(fraction)/(1<<24)) | sign)
	case 31:
		return math.Float32frombits(sign | 0xFF<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// Floats sets dst to the numbers that lie in src, the low byte first, which has two
// bytes for each.
func Floats(dst []float32, src []byte) {
	src = src[:2*len(dst)]
	for i := range dst {
		h := uint32(src[2*i]) | uint32(src[2*i+1])<<8
		if exponent := h & 0x7c00; exponent == 0 || exponent == 0x7c00 {
			dst[i] = Float32(uint16(h))
			continue
		}
		dst[i] = math.Float32frombits(h>>15<<31 | (h&0x7fff)<<13 + 112<<23)
	}
}

// From is the nearest to v, of two the one with an even last bit; an infinity
// from 65520 up, and not a number of what is none.
func From(v float32) uint16 {
	bits := math.Float32bits(v)
	sign, exponent, fraction := uint16(bits>>16)&0x8000, int(bits>>23&255)-127, bits&(1<<23-1)
	shift := 13
	switch {
	case v != v:
		return sign | 0x7e00
	case exponent > 15:
		return sign | 0x7c00
	case exponent < -25:
		return sign
	case exponent < -14: // without a leading one of its own
		shift, exponent, fraction = 13-14-exponent, -15, fraction|1<<23
	}
	h := uint32(exponent+15)<<10 | fraction>>shift
	rest, middle := fraction&(1<<shift-1), uint32(1)<<(shift-1)
	if rest > middle || rest == middle && h&1 == 1 {
		h++ // into the exponent, if it must: that is the next number too
	}
	return sign | uint16(h)
}
