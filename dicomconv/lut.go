package dicomconv

import (
	"fmt"
	mathbits "math/bits"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/cxrkit/cxrkit/cxr"
)

// A lut is a look-up table (PS3.3 C.11.1.1.1).
type lut struct {
	first int // input value of data[0]
	bits  int // of an entry
	data  []uint16
}

func readLUT(a attributes, descriptor, data tag.Tag, signed bool) (*lut, error) {
	d := a.words(descriptor)
	if len(d) != 3 {
		return nil, fmt.Errorf("%w: LUT descriptor of %d values, want 3", cxr.ErrCorrupt, len(d))
	}
	n, l := int(d[0]), &lut{first: int(d[1]), bits: int(d[2])}
	if n == 0 {
		n = 1 << 16
	}
	if signed {
		l.first = int(int16(l.first))
	}
	if l.bits < 1 || l.bits > 16 {
		return nil, fmt.Errorf("%w: LUT entries of %d bits", cxr.ErrCorrupt, l.bits)
	}
	l.data = a.words(data)
	if b, ok := a.value(data).([]byte); ok && l.bits <= 8 && len(l.data) < n && len(b) >= n { // two entries in a word
		l.data = make([]uint16, len(b))
		for i, v := range b {
			l.data[i] = uint16(v)
		}
	}
	if len(l.data) < n {
		return nil, fmt.Errorf("%w: LUT of %d entries, descriptor says %d", cxr.ErrTruncated, len(l.data), n)
	}
	l.data = l.data[:n]
	return l, nil
}

// at is the entry for v, the first or last one beyond the table.
func (l *lut) at(v int) uint16 { return l.data[min(max(v-l.first, 0), len(l.data)-1)] }

// used is the bits that the entries take.
func (l *lut) used() int {
	var all uint16
	for _, v := range l.data {
		all |= v
	}
	return mathbits.Len16(all)
}
