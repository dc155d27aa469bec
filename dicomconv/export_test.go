package dicomconv

import "bytes"

// StoredValues is the stored values of a film as pydicom's pixel_array has
// them, in bytes: one for each pixel of up to 8 bits allocated, else two,
// little endian.
func StoredValues(b []byte) ([]byte, error) {
	c := New(&Options{Views: ViewsAny})
	f, err := c.parse(b, c.memory.open())
	if err != nil {
		return nil, err
	}
	if err := c.o.allow(f.header); err != nil {
		return nil, err
	}
	s, err := f.stored(&c.o)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, w := range s.words {
		v := f.word(s, w)
		out = append(out, byte(v))
		if f.BitsAllocated > 8 {
			out = append(out, byte(v>>8))
		}
	}
	return out, nil
}

// Charged is the bytes that were charged for a film, or for what had been done
// when it failed.
func Charged(b []byte) (int64, error) {
	c := New(&Options{Views: ViewsAny, Color: ColorLuma})
	l := c.memory.open()
	defer l.end()
	_, _, err := c.normalizeOn(l, bytes.NewReader(b))
	return l.bytes, err
}
