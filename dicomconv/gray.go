package dicomconv

import (
	"cmp"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
)

// levels are the different stored values of a frame, as numbers. A recipe may
// overwrite them.
type levels struct {
	value []float64
	count []int // of pixels with that value; nil: one each
	float bool  // of Float Pixel Data
}

// A recipe maps each level to gray, 0 to 2^depth-1.
type recipe func(o *Options, h *header, l levels) (gray []uint16, depth int, err error)

// gray is the picture of s by the recipe of o. Every step of every recipe works
// on single values, or on the least and greatest of them, so it is done once
// for each value that is there, and not for each pixel.
func (o *Options) gray(h *header, s *stored) ([]uint16, int, error) {
	apply, number := recipe(standard), h.sample
	switch o.Recipe {
	case cxr.Upstream:
		apply, number = upstream, h.word
	case cxr.HAIDEF:
		apply, number = haidef, h.word
	case cxr.MedSigLIP:
		apply, number = medsiglip, h.word
	}
	if s.wide != nil {
		pix, depth, err := apply(o, h, levels{value: s.wide, float: s.float})
		return pix, depth, err
	}
	var count [1 << 16]int32
	for _, w := range s.words {
		count[w]++
	}
	var present []uint16
	var l levels
	for w, n := range &count {
		if n > 0 {
			present = append(present, uint16(w))
			l.value = append(l.value, float64(number(s, uint16(w))))
			l.count = append(l.count, int(n))
		}
	}
	gray, depth, err := apply(o, h, l)
	if err != nil {
		return nil, 0, err
	}
	var table [1 << 16]uint16
	for i, w := range present {
		table[w] = gray[i]
	}
	for i, w := range s.words { // s is ours to overwrite
		s.words[i] = table[w]
	}
	return s.words, depth, nil
}

// sample is the stored value in w. Of native words it is as PS3.5 8.1.1 has it:
// what is outside of High Bit and Bits Stored is no part of it. Of a codestream
// it is what that says. It is signed if the header or the codestream says so:
// some headers forget.
func (h *header) sample(s *stored, w uint16) int {
	signed := h.signed || s.negative
	if s.precision > 0 {
		return signExtend(w, s.width, signed)
	}
	return signExtend(w>>(h.highBit+1-h.bitsStored)&(1<<h.bitsStored-1), h.bitsStored, signed)
}

// word is the stored value in w as pydicom has it: all bits allocated.
func (h *header) word(s *stored, w uint16) int {
	bits := h.BitsAllocated
	if s.precision > 0 && s.precision < bits {
		bits = s.width
	}
	if h.BitsAllocated < 16 {
		w &= 1<<h.BitsAllocated - 1
	}
	return signExtend(w, bits, h.signed)
}

// signExtend is w, or its low bits as two's complement.
func signExtend(w uint16, bits int, signed bool) int {
	if !signed {
		return int(w)
	}
	return int(int16(w<<(16-bits))) >> (16 - bits)
}

// percentiles are the values below and above which lies the part tail of the
// pixels that are no padding; both 0 if there are none.
func (l levels) percentiles(tail float64, padded []bool) (low, high float64) {
	order := make([]int32, 0, len(l.value))
	total := 0
	for i := range l.value {
		if !padded[i] {
			order = append(order, int32(i))
			total += l.weight(int32(i))
		}
	}
	if total == 0 {
		return 0, 0
	}
	slices.SortFunc(order, func(i, j int32) int { return cmp.Compare(l.value[i], l.value[j]) })
	cut := int(tail * float64(total))
	low, high = l.value[order[0]], l.value[order[len(order)-1]]
	for n, k := 0, 0; k < len(order) && n <= cut; k++ {
		low = l.value[order[k]]
		n += l.weight(order[k])
	}
	for n, k := 0, len(order)-1; k >= 0 && n <= cut; k-- {
		high = l.value[order[k]]
		n += l.weight(order[k])
	}
	return low, high
}

// weight is the number of pixels at level i.
func (l levels) weight(i int32) int {
	if l.count == nil {
		return 1
	}
	return l.count[i]
}
