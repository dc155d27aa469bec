package jpegbits

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

// A Component is one component of a frame header.
type Component struct {
	ID, H, V, Quantization int
}

// A Scan is a scan header.
type Scan struct {
	Components []ScanComponent
	Ss, Se     int // first and last coefficient; Ss is the predictor in lossless JPEG
	Ah, Al     int // Al is the point transform in lossless JPEG
	Data       []byte
}

// A ScanComponent is one component of a scan, by its place in the frame, with
// the numbers of its tables.
type ScanComponent struct{ Component, DC, AC int }

// An Image is the marker segments of a codestream up to its first scan, and
// the walk over the rest.
type Image struct {
	Process         byte // 0xC0, 0xC1, 0xC2, 0xC3
	Precision       int
	Width, Height   int
	Components      []Component
	RestartInterval int
	Quantization    [4][64]uint16 // in zigzag order
	DC, AC          [4]Table

	src []byte
	pos int
}

// Parse starts to read a codestream whose frame must be of one of the given
// processes and of the shape the caller expects.
func Parse(src []byte, want codec.Shape, processes ...byte) (*Image, error) {
	if len(src) < 4 || src[0] != 0xFF || src[1] != 0xD8 {
		return nil, fmt.Errorf("%w: no JPEG start of image", cxr.ErrCorrupt)
	}
	im := &Image{src: src, pos: 2}
	for im.Process == 0 {
		marker, segment, err := im.segment()
		if err != nil {
			return nil, err
		}
		if !frameHeader(marker) {
			if err := im.table(marker, segment); err != nil {
				return nil, err
			}
			continue
		}
		ok := false
		for _, p := range processes {
			ok = ok || p == marker
		}
		if !ok {
			return nil, fmt.Errorf("%w: JPEG process of marker %#x", cxr.ErrUnsupported, marker)
		}
		if err := im.frame(marker, segment, want); err != nil {
			return nil, err
		}
	}
	return im, nil
}

func frameHeader(marker byte) bool {
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
}

// NextScan reads tables up to the next scan. It returns nil at the end of the
// image.
func (im *Image) NextScan() (*Scan, error) {
	for {
		marker, segment, err := im.segment()
		switch {
		case err != nil:
			return nil, err
		case marker == 0xD9:
			return nil, nil
		case marker == 0xDA:
			return im.scan(segment)
		case frameHeader(marker):
			return nil, fmt.Errorf("%w: second JPEG frame", cxr.ErrUnsupported)
		}
		if err := im.table(marker, segment); err != nil {
			return nil, err
		}
	}
}

// segment is the next marker and its parameters. It skips what is no marker:
// the entropy-coded data of the scan before.
func (im *Image) segment() (marker byte, segment []byte, err error) {
	for {
		for im.pos < len(im.src) && im.src[im.pos] != 0xFF {
			im.pos++
		}
		if im.pos+2 > len(im.src) {
			return 0, nil, fmt.Errorf("%w: JPEG ends without its end marker", cxr.ErrTruncated)
		}
		marker = im.src[im.pos+1]
		switch {
		case marker == 0xFF:
			im.pos++
			continue
		case marker == 0 || marker >= 0xD0 && marker <= 0xD8 || marker == 1:
			im.pos += 2
			continue
		case marker == 0xD9:
			im.pos += 2
			return marker, nil, nil
		}
		break
	}
	if im.pos+4 > len(im.src) {
		return 0, nil, fmt.Errorf("%w: JPEG segment %#x", cxr.ErrTruncated, marker)
	}
	length := int(im.src[im.pos+2])<<8 | int(im.src[im.pos+3])
	if length < 2 {
		return 0, nil, fmt.Errorf("%w: JPEG segment %#x of length %d", cxr.ErrCorrupt, marker, length)
	}
	if im.pos+2+length > len(im.src) {
		return 0, nil, fmt.Errorf("%w: JPEG segment %#x", cxr.ErrTruncated, marker)
	}
	segment = im.src[im.pos+4 : im.pos+2+length]
	im.pos += 2 + length
	return marker, segment, nil
}

func short(name string) error {
	return fmt.Errorf("%w: JPEG %s segment too short", cxr.ErrCorrupt, name)
}

// table reads DQT, DHT and DRI, and skips what does not bear on the pixels.
func (im *Image) table(marker byte, s []byte) error {
	switch marker {
	case 0xDB:
		return im.quantization(s)
	case 0xC4:
		return im.huffman(s)
	case 0xDD:
		if len(s) < 2 {
			return short("DRI")
		}
		im.RestartInterval = int(s[0])<<8 | int(s[1])
	case 0xDC:
		return fmt.Errorf("%w: JPEG that tells its height at the end (DNL)", cxr.ErrUnsupported)
	case 0xCC:
		return fmt.Errorf("%w: arithmetic JPEG", cxr.ErrUnsupported)
	}
	return nil
}

func (im *Image) quantization(s []byte) error {
	for len(s) > 0 {
		id, wide := s[0]&15, int(s[0]>>4)
		if id > 3 || wide > 1 {
			return fmt.Errorf("%w: JPEG quantization table %d, precision %d", cxr.ErrCorrupt, id, wide)
		}
		size := 64 << wide
		if len(s) < 1+size {
			return short("DQT")
		}
		for k := range 64 {
			if wide == 0 {
				im.Quantization[id][k] = uint16(s[1+k])
			} else {
				im.Quantization[id][k] = uint16(s[1+2*k])<<8 | uint16(s[2+2*k])
			}
		}
		s = s[1+size:]
	}
	return nil
}

func (im *Image) huffman(s []byte) error {
	for len(s) > 0 {
		if len(s) < 17 {
			return short("DHT")
		}
		class, id := s[0]>>4, s[0]&15
		n := 0
		for _, c := range s[1:17] {
			n += int(c)
		}
		if class > 1 || id > 3 || n > 256 {
			return fmt.Errorf("%w: JPEG Huffman table %d of class %d with %d codes", cxr.ErrCorrupt, id, class, n)
		}
		if len(s) < 17+n {
			return short("DHT")
		}
		t := &im.DC[id]
		if class == 1 {
			t = &im.AC[id]
		}
		if err := t.Define(s[1:17], s[17:17+n]); err != nil {
			return err
		}
		s = s[17+n:]
	}
	return nil
}

func (im *Image) frame(marker byte, s []byte, want codec.Shape) error {
	if len(s) < 6 || len(s) < 6+3*int(s[5]) {
		return short("frame header")
	}
	im.Process, im.Precision = marker, int(s[0])
	im.Height, im.Width = int(s[1])<<8|int(s[2]), int(s[3])<<8|int(s[4])
	if im.Width != want.Width || im.Height != want.Height || int(s[5]) != max(want.Components, 1) {
		return fmt.Errorf("%w: JPEG of %d x %d x %d where the header says %d x %d x %d", cxr.ErrCorrupt,
			im.Width, im.Height, s[5], want.Width, want.Height, max(want.Components, 1))
	}
	for i := range int(s[5]) {
		c := s[6+3*i:]
		component := Component{ID: int(c[0]), H: int(c[1] >> 4), V: int(c[1] & 15), Quantization: int(c[2])}
		if component.H < 1 || component.H > 4 || component.V < 1 || component.V > 4 || component.Quantization > 3 {
			return fmt.Errorf("%w: JPEG component %d samples %d x %d, quantization table %d", cxr.ErrCorrupt, i, component.H, component.V, component.Quantization)
		}
		im.Components = append(im.Components, component)
	}
	return nil
}

func (im *Image) scan(s []byte) (*Scan, error) {
	if len(s) < 1 || len(s) < 4+2*int(s[0]) {
		return nil, short("scan header")
	}
	n := int(s[0])
	sc := &Scan{Ss: int(s[1+2*n]), Se: int(s[2+2*n]), Ah: int(s[3+2*n] >> 4), Al: int(s[3+2*n] & 15), Data: im.src[im.pos:]}
	for i := range n {
		c := ScanComponent{Component: -1, DC: int(s[2+2*i] >> 4), AC: int(s[2+2*i] & 15)}
		for k, fc := range im.Components {
			if fc.ID == int(s[1+2*i]) {
				c.Component = k
			}
		}
		if c.Component < 0 || c.DC > 3 || c.AC > 3 {
			return nil, fmt.Errorf("%w: JPEG scan of a component the frame does not have, or of table %d or %d", cxr.ErrCorrupt, c.DC, c.AC)
		}
		for _, other := range sc.Components {
			if other.Component == c.Component {
				return nil, fmt.Errorf("%w: JPEG scan with a component twice", cxr.ErrCorrupt)
			}
		}
		sc.Components = append(sc.Components, c)
	}
	if n == 0 {
		return nil, fmt.Errorf("%w: JPEG scan without components", cxr.ErrCorrupt)
	}
	return sc, nil
}
