package dicomconv

// StoredValues is the stored values of a film as pydicom's pixel_array has
// them, in bytes: one for each pixel of up to 8 bits allocated, else two,
// little endian.
func StoredValues(b []byte) ([]byte, error) {
	c := New(&Options{Views: ViewsAny})
	f, err := c.parse(b)
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
