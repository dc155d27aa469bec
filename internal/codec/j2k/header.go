package j2k

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/cxrkit/cxrkit/internal/codec"
)

// A component is one component's entry of the SIZ segment.
type component struct {
	precision int
	signed    bool
	dx, dy    int // samples of the reference grid to one of the component
}

// A rectangle is half open, on the reference grid or a resolution of it.
type rectangle struct{ x0, y0, x1, y1 int }

func (r rectangle) empty() bool { return r.x0 >= r.x1 || r.y0 >= r.y1 }
func (r rectangle) width() int  { return r.x1 - r.x0 }
func (r rectangle) height() int { return r.y1 - r.y0 }

// A codestream is the main header and the data of its tiles.
type codestream struct {
	image      rectangle // on the reference grid
	tile       rectangle // first tile, with its size
	across     int       // tiles in a row
	components []component
	defaults   parameters
	tiles      map[int]*tileData
	packed     packedHeaders // PPM
	budget     *budget
}

// A tileData is what the tile-parts of one tile hold.
type tileData struct {
	parameters
	body    []byte   // packets
	parts   int      // body holds so many tile-parts
	packed  [][]byte // PPT segments, by index
	headers []byte   // packet headers from PPM, in order of tile-parts
}

// Markers (T.800 table A.2).
const (
	markerSOC = 0xFF4F
	markerCAP = 0xFF50
	markerSIZ = 0xFF51
	markerCOD = 0xFF52
	markerCOC = 0xFF53
	markerQCD = 0xFF5C
	markerQCC = 0xFF5D
	markerRGN = 0xFF5E
	markerPOC = 0xFF5F
	markerPPM = 0xFF60
	markerPPT = 0xFF61
	markerSOT = 0xFF90
	markerSOD = 0xFF93
	markerEOC = 0xFFD9
)

// unbox finds the codestream in a JP2 file; DICOM frames are bare codestreams,
// but such files exist.
func unbox(src []byte) ([]byte, error) {
	if len(src) < 12 || string(src[4:8]) != "jP  " {
		return src, nil
	}
	for rest := src; len(rest) >= 8; {
		length, head := uint64(binary.BigEndian.Uint32(rest)), uint64(8)
		if length == 1 && len(rest) >= 16 {
			length, head = binary.BigEndian.Uint64(rest[8:]), 16
		}
		if length == 0 {
			length = uint64(len(rest))
		}
		if length < head {
			return nil, corrupt("box of %d bytes", length)
		}
		if string(rest[4:8]) == "jp2c" {
			return rest[head:min(length, uint64(len(rest)))], nil
		}
		if length > uint64(len(rest)) {
			break
		}
		rest = rest[length:]
	}
	return nil, truncated("no codestream box")
}

func parse(src []byte, want codec.Shape) (*codestream, error) {
	src, err := unbox(src)
	if err != nil {
		return nil, err
	}
	if len(src) < 4 || binary.BigEndian.Uint16(src) != markerSOC {
		return nil, corrupt("no start of codestream")
	}
	cs := &codestream{tiles: map[int]*tileData{}}
	pos, err := cs.mainHeader(src, 2, want)
	if err != nil {
		return nil, err
	}
	for {
		if pos+2 > len(src) {
			return nil, truncated("no end marker")
		}
		switch marker := binary.BigEndian.Uint16(src[pos:]); marker {
		case markerEOC:
			return cs, nil
		case markerSOT:
			if pos, err = cs.tilePart(src, pos); err != nil {
				return nil, err
			}
			if pos == len(src) && cs.whole() {
				return cs, nil // a frame without its end marker, but with all its tiles
			}
		default:
			return nil, corrupt("marker %#x between tile-parts", marker)
		}
	}
}

func (cs *codestream) whole() bool { return len(cs.tiles) == cs.tileCount() }

func (cs *codestream) tileCount() int {
	return cs.across * ceilDiv(cs.image.y1-cs.tile.y0, cs.tile.height())
}

// segment is the marker segment at pos, and the place behind it.
func segment(src []byte, pos int) (marker int, body []byte, next int, err error) {
	if pos+4 > len(src) {
		return 0, nil, 0, truncated("header")
	}
	marker = int(binary.BigEndian.Uint16(src[pos:]))
	length := int(binary.BigEndian.Uint16(src[pos+2:]))
	if length < 2 || marker < 0xFF00 {
		return 0, nil, 0, corrupt("segment %#x of length %d", marker, length)
	}
	if next = pos + 2 + length; next > len(src) {
		return 0, nil, 0, truncated("segment %#x", marker)
	}
	return marker, src[pos+4 : next], next, nil
}

// mainHeader reads up to the first SOT, whose place it returns.
func (cs *codestream) mainHeader(src []byte, pos int, want codec.Shape) (int, error) {
	for {
		if pos+2 <= len(src) && binary.BigEndian.Uint16(src[pos:]) == markerSOT {
			if len(cs.components) == 0 || !cs.defaults.ready() {
				return 0, corrupt("main header without SIZ, COD or QCD")
			}
			return pos, cs.packed.finish()
		}
		marker, body, next, err := segment(src, pos)
		if err != nil {
			return 0, err
		}
		switch {
		case marker == markerSIZ && len(cs.components) == 0:
			err = cs.size(body, len(src), want)
		case len(cs.components) == 0:
			err = corrupt("segment %#x before SIZ", marker)
		case marker == markerCAP:
			err = capabilities(body)
		case marker == markerPPM:
			err = cs.packed.add(body)
		default:
			err = cs.defaults.segment(marker, body, cs.budget)
		}
		if err != nil {
			return 0, err
		}
		pos = next
	}
}

// capabilities checks that no part of the standard is needed but this one and
// part 15 (T.800 A.5.2).
func capabilities(b []byte) error {
	const part15 = 1 << (32 - 15)
	if len(b) < 4 {
		return corrupt("CAP segment too short")
	}
	if parts := binary.BigEndian.Uint32(b) &^ part15; parts != 0 {
		return unsupported("extensions of part %d of the standard", 1+bits.LeadingZeros32(parts))
	}
	return nil
}

func (cs *codestream) size(b []byte, length int, want codec.Shape) error {
	if len(b) < 36 || len(b) < 36+3*int(binary.BigEndian.Uint16(b[34:])) {
		return corrupt("SIZ segment too short")
	}
	var v [8]int
	for i := range v {
		u := binary.BigEndian.Uint32(b[2+4*i:])
		if u > 1<<31-1 {
			return corrupt("size of %d", u)
		}
		v[i] = int(u)
	}
	cs.image = rectangle{v[2], v[3], v[0], v[1]}
	end := func(start, size int) int { return int(min(int64(start)+int64(size), math.MaxInt32)) } // beyond any picture
	cs.tile = rectangle{v[6], v[7], end(v[6], v[4]), end(v[7], v[5])}
	n := int(binary.BigEndian.Uint16(b[34:]))
	if cs.image.width() != want.Width || cs.image.height() != want.Height || n != max(want.Components, 1) {
		return corrupt("%d x %d x %d where the header says %d x %d x %d", cs.image.width(), cs.image.height(), n, want.Width, want.Height, max(want.Components, 1))
	}
	if cs.tile.empty() || cs.tile.x0 > cs.image.x0 || cs.tile.y0 > cs.image.y0 || cs.tile.x1 <= cs.image.x0 || cs.tile.y1 <= cs.image.y0 {
		return corrupt("tiles of %d x %d at (%d, %d)", v[4], v[5], v[6], v[7])
	}
	cs.across = ceilDiv(cs.image.x1-cs.tile.x0, cs.tile.width())
	// A tile takes an SOT segment and more: so many cannot be in so few bytes.
	if down := ceilDiv(cs.image.y1-cs.tile.y0, cs.tile.height()); cs.across > length || down > length || int64(cs.across)*int64(down) > int64(length/14)+1 {
		return truncated("%d x %d tiles in %d bytes", cs.across, down, length)
	}
	for i := range n {
		c := component{precision: int(b[36+3*i]&0x7F) + 1, signed: b[36+3*i]&0x80 != 0, dx: int(b[37+3*i]), dy: int(b[38+3*i])}
		if c.precision > 16 {
			return unsupported("%d bits", c.precision)
		}
		if c.dx < 1 || c.dy < 1 {
			return corrupt("component %d subsampled by %d x %d", i, c.dx, c.dy)
		}
		if c.precision != cs.first(c).precision || c.signed != cs.first(c).signed {
			return unsupported("components of different depth")
		}
		cs.components = append(cs.components, c)
	}
	cs.defaults = newParameters(n)
	cs.budget = newBudget(length, int64(cs.image.width())*int64(cs.image.height())*int64(n))
	return nil
}

func (cs *codestream) first(or component) component {
	if len(cs.components) > 0 {
		return cs.components[0]
	}
	return or
}

// tilePart reads the tile-part at pos and returns the place behind it.
func (cs *codestream) tilePart(src []byte, pos int) (int, error) {
	_, body, next, err := segment(src, pos)
	if err != nil {
		return 0, err
	}
	if len(body) < 8 {
		return 0, corrupt("SOT segment too short")
	}
	index, length := int(binary.BigEndian.Uint16(body)), int64(binary.BigEndian.Uint32(body[2:]))
	if index >= cs.tileCount() {
		return 0, corrupt("tile %d of %d", index, cs.tileCount())
	}
	if length > int64(len(src)-pos) {
		return 0, truncated("tile-part of tile %d", index)
	}
	end := pos + int(length)
	if length == 0 { // up to the end of the codestream
		end = len(src)
		if end >= next+2 && binary.BigEndian.Uint16(src[end-2:]) == markerEOC {
			end -= 2
		}
	}
	t := cs.tiles[index]
	if t == nil {
		t = &tileData{parameters: cs.defaults.forTile()}
		cs.tiles[index] = t
	}
	for {
		if next+2 > end {
			return 0, corrupt("tile-part of tile %d without data", index)
		}
		if binary.BigEndian.Uint16(src[next:]) == markerSOD {
			break
		}
		marker, body, after, err := segment(src[:end], next)
		if err != nil {
			return 0, err
		}
		if marker == markerPPT {
			if len(body) < 1 {
				return 0, corrupt("PPT segment too short")
			}
			t.packed = append(t.packed, body[1:])
		} else if err := t.segment(marker, body, cs.budget); err != nil {
			return 0, err
		}
		next = after
	}
	if headers, ok := cs.packed.next(); ok {
		t.headers = append(t.headers, headers...)
	}
	t.add(src[next+2 : end])
	return end, nil
}

// add appends packets, copying only where a tile has several parts.
func (t *tileData) add(b []byte) {
	if t.parts++; t.parts == 1 {
		t.body = b[:len(b):len(b)]
		return
	}
	t.body = append(t.body, b...)
}

// packetHeaders is the packed headers of the tile, nil if they stand with their
// packets.
func (t *tileData) packetHeaders() []byte {
	if len(t.packed) == 0 {
		return t.headers
	}
	var all []byte
	for _, p := range t.packed {
		all = append(all, p...)
	}
	return all
}

// packedHeaders collects PPM segments: their bytes together are a list of
// lengths and headers, one entry a tile-part (T.800 A.7.4).
type packedHeaders struct{ bytes []byte }

func (p *packedHeaders) add(b []byte) error {
	if len(b) < 1 {
		return corrupt("PPM segment too short")
	}
	p.bytes = append(p.bytes, b[1:]...)
	return nil
}

// finish checks the list.
func (p *packedHeaders) finish() error {
	all := *p
	for len(all.bytes) > 0 {
		if len(all.bytes) < 4 || int64(binary.BigEndian.Uint32(all.bytes)) > int64(len(all.bytes)-4) {
			return corrupt("PPM segments")
		}
		all.next()
	}
	return nil
}

// next takes an entry off the list, which must have been checked.
func (p *packedHeaders) next() (b []byte, ok bool) {
	if len(p.bytes) == 0 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint32(p.bytes))
	b, p.bytes = p.bytes[4:4+n], p.bytes[4+n:]
	return b, true
}

// What follows is computed in 64 bits on every machine.

func ceilDiv(a, b int) int { return int((int64(a) + int64(b) - 1) / int64(b)) }

// ceilShift is a/2^n, rounded up.
func ceilShift(a int, n uint) int { return int((int64(a) + 1<<n - 1) >> n) }
