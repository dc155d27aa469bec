package j2k

import (
	"encoding/binary"
	"slices"
)

// Parameters are what COD, COC, QCD, QCC, RGN and POC say, for the codestream
// or for one tile.
type parameters struct {
	progression int // 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL
	layers      int
	transform   bool // of the first three components
	changes     []change
	components  []coding
	hasCOD      bool
	hasQCD      bool
	shared      bool // components are those of the codestream
}

// A coding is how one component is coded.
type coding struct {
	levels       int // of decomposition
	blockW       uint
	blockH       uint // log2 of the code-block's size
	style        int
	reversible   bool
	precincts    [33][2]uint8 // log2 of width and height, by resolution
	quantization quantization
	shift        uint // of the region of interest
	own, ownQ    bool // set by COC, QCC: COD, QCD of the same header do not bear on it
}

// Code-block styles (T.800 table A.19).
const (
	styleBypass   = 1
	styleReset    = 2
	styleTermAll  = 4
	styleCausal   = 8
	styleSegments = 32
	styleHT       = 64 // ISO/IEC 15444-15, table A.5
	styleMixed    = 128
)

// A quantization is the exponents and mantissas of the subbands, from the
// lowest (T.800 A.6.4).
type quantization struct {
	style, guard int
	exponent     [97]uint8
	mantissa     [97]uint16
}

// A change is an entry of a POC segment: a progression over part of the
// packets.
type change struct{ fromRes, fromComp, toLayer, toRes, toComp, progression int }

func newParameters(n int) parameters { return parameters{components: make([]coding, n)} }

func (p *parameters) ready() bool { return p.hasCOD && p.hasQCD }

// forTile is a copy that a tile's own header may change.
func (p *parameters) forTile() parameters {
	t := *p
	t.shared = true
	t.changes = slices.Clip(p.changes)
	return t
}

// unshare makes components the tile's own, before its header changes them.
func (p *parameters) unshare(left *budget) error {
	if !p.shared {
		return nil
	}
	p.shared = false
	if err := left.spend(codingBytes, len(p.components)); err != nil {
		return err
	}
	p.components = slices.Clone(p.components)
	for i := range p.components {
		p.components[i].own, p.components[i].ownQ = false, false
	}
	return nil
}

func (p *parameters) segment(marker int, b []byte, left *budget) error {
	switch marker {
	case markerCOD, markerQCD, markerCOC, markerQCC, markerRGN:
		if err := p.unshare(left); err != nil {
			return err
		}
	}
	switch marker {
	case markerCOD:
		return p.cod(b)
	case markerQCD:
		q, err := readQuantization(b)
		if err != nil {
			return err
		}
		p.hasQCD = true
		for i := range p.components {
			if c := &p.components[i]; !c.ownQ {
				c.quantization = *q
			}
		}
	case markerCOC:
		c, rest, err := p.component(b)
		if err != nil {
			return err
		}
		if len(rest) < 1 {
			return corrupt("COC segment too short")
		}
		c.own = true
		return c.read(rest[1:], rest[0]&1 != 0)
	case markerQCC:
		c, rest, err := p.component(b)
		if err != nil {
			return err
		}
		q, err := readQuantization(rest)
		if err != nil {
			return err
		}
		c.quantization, c.ownQ = *q, true
	case markerRGN:
		c, rest, err := p.component(b)
		if err != nil {
			return err
		}
		if len(rest) < 2 || rest[0] != 0 || rest[1] > 31 {
			return corrupt("RGN segment")
		}
		c.shift = uint(rest[1])
	case markerPOC:
		return p.poc(b)
	}
	return nil // comments, lengths and what else does not bear on the pixels
}

// component reads the component index that starts a segment.
func (p *parameters) component(b []byte) (*coding, []byte, error) {
	i, size, err := componentIndex(b, len(p.components))
	if err != nil {
		return nil, nil, err
	}
	if i >= len(p.components) {
		return nil, nil, corrupt("component %d of %d", i, len(p.components))
	}
	return &p.components[i], b[size:], nil
}

// componentIndex takes two bytes where there are more than 256 components.
func componentIndex(b []byte, n int) (i, size int, err error) {
	size = 1
	if n > 256 {
		size = 2
	}
	if len(b) < size {
		return 0, 0, corrupt("segment too short")
	}
	if size == 1 {
		return int(b[0]), 1, nil
	}
	return int(binary.BigEndian.Uint16(b)), 2, nil
}

func (p *parameters) cod(b []byte) error {
	if len(b) < 10 {
		return corrupt("COD segment too short")
	}
	p.progression, p.layers, p.transform = int(b[1]), int(binary.BigEndian.Uint16(b[2:])), b[4] != 0
	if p.progression > 4 || p.layers == 0 {
		return corrupt("progression order %d, %d layers", p.progression, p.layers)
	}
	p.hasCOD = true
	var c coding
	if err := c.read(b[5:], b[0]&1 != 0); err != nil {
		return err
	}
	for i := range p.components {
		if old := &p.components[i]; !old.own {
			c.quantization, c.ownQ, c.shift = old.quantization, old.ownQ, old.shift
			*old = c
		}
	}
	return nil
}

// read reads SPcod or SPcoc (T.800 table A.20).
func (c *coding) read(b []byte, precincts bool) error {
	if len(b) < 5 {
		return corrupt("coding style too short")
	}
	c.levels, c.blockW, c.blockH, c.style = int(b[0]), uint(b[1]&15)+2, uint(b[2]&15)+2, int(b[3])
	c.reversible = b[4] == 1
	switch {
	case c.levels > 32 || c.blockW > 10 || c.blockH > 10 || c.blockW+c.blockH > 12 || b[4] > 1:
		return corrupt("%d levels, code-blocks of 2^%d x 2^%d, wavelet %d", c.levels, c.blockW, c.blockH, b[4])
	case c.style&styleMixed != 0:
		return unsupported("HTJ2K with code-blocks of both kinds")
	case c.style&styleHT != 0 && c.style&^(styleHT|styleCausal) != 0:
		return unsupported("HTJ2K with code-block style %#x", c.style)
	}
	for r := range c.levels + 1 {
		c.precincts[r] = [2]uint8{15, 15}
		if precincts {
			if len(b) < 6+r {
				return corrupt("coding style without its precincts")
			}
			c.precincts[r] = [2]uint8{b[5+r] & 15, b[5+r] >> 4}
			if r > 0 && (b[5+r]&15 == 0 || b[5+r]>>4 == 0) {
				return corrupt("precinct of one sample")
			}
		}
	}
	return nil
}

func readQuantization(b []byte) (*quantization, error) {
	if len(b) < 2 {
		return nil, corrupt("quantization too short")
	}
	q := &quantization{style: int(b[0] & 31), guard: int(b[0] >> 5)}
	b = b[1:]
	switch q.style {
	case 0: // reversible: exponents alone
		for i := range min(len(b), len(q.exponent)) {
			q.exponent[i] = b[i] >> 3
		}
	case 1, 2:
		for i := 0; i < len(q.exponent) && 2*i+1 < len(b); i++ {
			v := binary.BigEndian.Uint16(b[2*i:])
			q.exponent[i], q.mantissa[i] = uint8(v>>11), v&2047
		}
		if q.style == 1 { // the others follow from the lowest (T.800 E-5)
			for i := 1; i < len(q.exponent); i++ {
				q.exponent[i], q.mantissa[i] = uint8(max(0, int(q.exponent[0])-(i-1)/3)), q.mantissa[0]
			}
		}
	default:
		return nil, corrupt("quantization style %d", q.style)
	}
	return q, nil
}

func (p *parameters) poc(b []byte) error {
	size := 1
	if len(p.components) > 256 {
		size = 2
	}
	entry := 5 + 2*size
	if len(b) == 0 || len(b)%entry != 0 {
		return corrupt("POC segment of %d bytes", len(b))
	}
	for ; len(b) > 0; b = b[entry:] {
		from, _, _ := componentIndex(b[1:], len(p.components))
		to, _, _ := componentIndex(b[4+size:], len(p.components))
		if to == 0 { // 256, where one byte is not enough
			to = 256
		}
		p.changes = append(p.changes, change{
			fromRes: int(b[0]), fromComp: from, toLayer: int(binary.BigEndian.Uint16(b[1+size:])),
			toRes: int(b[3+size]), toComp: to, progression: int(b[4+2*size]),
		})
		if p.changes[len(p.changes)-1].progression > 4 {
			return corrupt("progression order %d", b[4+2*size])
		}
	}
	return nil
}
