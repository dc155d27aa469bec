package j2k

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// A tile is the structure that packets fill: components, their resolutions,
// subbands, precincts and code-blocks (T.800 annex B).
type tile struct {
	area       rectangle
	parameters *parameters
	components []*tileComponent
	budget     *budget
}

type tileComponent struct {
	component
	*coding
	area        rectangle // in samples of the component
	resolutions []*resolution
}

type resolution struct {
	area             rectangle
	across, down     int  // precincts
	logW, logH       uint // of a precinct
	subbands         []*subband
	nextLayer        []uint16 // by precinct: packets come with their layers in order
	shiftX, shiftY   uint     // from this resolution to the component
	originX, originY int      // place of the first precinct, in precincts
}

type subband struct {
	orientation    int // 0 LL, 1 HL, 2 LH, 3 HH
	area           rectangle
	planes         int         // magnitude bit-planes, with guard bits
	step           float32     // of the quantizer
	at             [2]int      // place of the subband in the tile's buffer
	logW, logH     uint        // of a precinct in the subband
	blockW, blockH uint        // log2 of a code-block's size
	precincts      []*precinct // nil until a packet tells of it
}

type precinct struct {
	across, down int
	blocks       []codeBlock
	included     tagTree
	emptyPlanes  tagTree
}

// A codeBlock is what packets say of one block of coefficients.
type codeBlock struct {
	area     blockArea
	included bool
	skipped  uint8 // bit-planes without a bit
	lblock   uint8
	segments []codeSegment
}

// A blockArea is the place of a code-block in its subband, and its size.
type blockArea struct {
	x0, y0 int32
	w, h   uint16
}

func (a blockArea) width() int  { return int(a.w) }
func (a blockArea) height() int { return int(a.h) }

// A budget is how many bytes the structures of a codestream may still take. A
// few bytes of header can ask for any number of tiles, resolutions, precincts and
// code-blocks.
type budget int64

// What the structures take, about, with the growth of slices.
const (
	resolutionBytes = 256
	subbandBytes    = 160
	precinctBytes   = 192
	blockBytes      = 72
	segmentBytes    = 64
	codingBytes     = 480
	chunkBytes      = 48
	placeBytes      = 2*20 + 2 // a place, while places are ordered another, and a layer counter
)

// newBudget is enough for all streams but those of thousands of tiny parts: four
// bytes for each of the file, three for each sample, and 32 MiB.
func newBudget(length int, samples int64) *budget {
	b := budget(4*int64(length) + 3*samples + 32<<20)
	return &b
}

func (b *budget) spend(bytes, n int) error {
	if *b -= budget(int64(bytes) * int64(n)); *b < 0 {
		return fmt.Errorf("%w: JPEG 2000: more tiles, precincts or code-blocks than its size explains", cxr.ErrTooLarge)
	}
	return nil
}

// A codeSegment is codeword bytes that end in a termination.
type codeSegment struct {
	chunks [][]byte // one for each packet that adds to it
	passes int
	limit  int // passes it can hold
}

// newTile lays out a tile. Its data must hold at least a bit for each packet.
func newTile(cs *codestream, index int, data *tileData) (*tile, error) {
	col, row := index%cs.across, index/cs.across
	x, y := cs.tile.x0+col*cs.tile.width(), cs.tile.y0+row*cs.tile.height()
	t := &tile{parameters: &data.parameters, budget: cs.budget}
	t.area = rectangle{max(x, cs.image.x0), max(y, cs.image.y0), x + min(cs.tile.width(), cs.image.x1-x), y + min(cs.tile.height(), cs.image.y1-y)}
	packets := 8*(int64(len(data.body))+int64(len(data.packetHeaders()))) + 64
	for i, c := range cs.components {
		tc := &tileComponent{component: c, coding: &data.parameters.components[i]}
		tc.area = rectangle{ceilDiv(t.area.x0, c.dx), ceilDiv(t.area.y0, c.dy), ceilDiv(t.area.x1, c.dx), ceilDiv(t.area.y1, c.dy)}
		for r := range tc.levels + 1 {
			res := tc.resolution(r)
			n := int64(res.across) * int64(res.down)
			if n > packets {
				return nil, truncated("more precincts than bits in tile %d", index)
			}
			packets -= n
			if err := t.budget.spend(resolutionBytes, 1); err != nil {
				return nil, err
			}
			if err := t.budget.spend(placeBytes, int(n)); err != nil {
				return nil, err
			}
			if err := tc.addSubbands(res, r, t.budget); err != nil {
				return nil, err
			}
			tc.resolutions = append(tc.resolutions, res)
		}
		t.components = append(t.components, tc)
	}
	return t, nil
}

func (c *tileComponent) resolution(r int) *resolution {
	n := uint(c.levels - r)
	res := &resolution{
		area: rectangle{ceilShift(c.area.x0, n), ceilShift(c.area.y0, n), ceilShift(c.area.x1, n), ceilShift(c.area.y1, n)},
		logW: uint(c.precincts[r][0]), logH: uint(c.precincts[r][1]),
	}
	res.shiftX, res.shiftY = res.logW+n, res.logH+n
	res.originX, res.originY = res.area.x0>>res.logW, res.area.y0>>res.logH
	if !res.area.empty() {
		res.across = ceilShift(res.area.x1, res.logW) - res.originX
		res.down = ceilShift(res.area.y1, res.logH) - res.originY
	}
	return res
}

func (c *tileComponent) addSubbands(res *resolution, r int, left *budget) error {
	res.nextLayer = make([]uint16, res.across*res.down)
	orientations := []int{1, 2, 3}
	if r == 0 {
		orientations = []int{0}
	}
	for _, o := range orientations {
		b := c.subband(r, o)
		if b.planes > 31+int(c.shift) || b.planes+int(c.shift) > 31 {
			return unsupported("%d bit-planes", b.planes+int(c.shift))
		}
		b.logW, b.logH = res.logW, res.logH
		if r > 0 { // a precinct of a resolution is half as wide in its subbands
			b.logW, b.logH = b.logW-1, b.logH-1
		}
		b.blockW, b.blockH = min(c.blockW, b.logW), min(c.blockH, b.logH)
		if err := left.spend(subbandBytes+8*res.across*res.down, 1); err != nil {
			return err
		}
		b.precincts = make([]*precinct, res.across*res.down)
		res.subbands = append(res.subbands, b)
	}
	return nil
}

// subband is the geometry of a subband and where it lies in a buffer of the
// whole component: the low ones first, the high ones behind.
func (c *tileComponent) subband(r, o int) *subband {
	b := &subband{orientation: o}
	n, index := uint(c.levels-r+1), 3*(r-1)+o
	if r == 0 {
		n, index = uint(c.levels), 0
	}
	place := func(v, odd int) int {
		if n == 0 {
			return v
		}
		return int((int64(v) - int64(odd)<<(n-1) + 1<<n - 1) >> n)
	}
	b.area = rectangle{place(c.area.x0, o&1), place(c.area.y0, o>>1), place(c.area.x1, o&1), place(c.area.y1, o>>1)}
	q := &c.quantization
	b.planes = int(q.exponent[index]) + q.guard - 1
	// Used by the irreversible wavelet, whose subbands have no gain (OpenJPEG's
	// convention; the high band's scale is in its filter).
	b.step = float32((1 + float64(q.mantissa[index])/2048) * exp2(c.precision-int(q.exponent[index])))
	if r > 0 {
		low := c.resolutions[r-1].area
		if o&1 != 0 {
			b.at[0] = low.width()
		}
		if o&2 != 0 {
			b.at[1] = low.height()
		}
	}
	return b
}

func exp2(n int) float64 {
	if n < 0 {
		return 1 / float64(uint64(1)<<-n)
	}
	return float64(uint64(1) << n)
}

// precinct is precinct i of the subband, which it makes if need be.
func (b *subband) precinct(res *resolution, i int, left *budget) (*precinct, error) {
	if b.precincts[i] != nil {
		return b.precincts[i], nil
	}
	x, y := (res.originX+i%res.across)<<b.logW, (res.originY+i/res.across)<<b.logH
	area := rectangle{max(x, b.area.x0), max(y, b.area.y0), min(x+1<<b.logW, b.area.x1), min(y+1<<b.logH, b.area.y1)}
	p := &precinct{}
	if err := left.spend(precinctBytes, 1); err != nil {
		return nil, err
	}
	if !area.empty() {
		if err := p.fill(area, b.blockW, b.blockH, left); err != nil {
			return nil, err
		}
	}
	b.precincts[i] = p
	return p, nil
}

func (p *precinct) fill(area rectangle, logW, logH uint, left *budget) error {
	x, y := area.x0>>logW, area.y0>>logH
	p.across, p.down = ceilShift(area.x1, logW)-x, ceilShift(area.y1, logH)-y
	if err := left.spend(blockBytes, p.across*p.down); err != nil {
		return err
	}
	p.included, p.emptyPlanes = newTagTree(p.across, p.down), newTagTree(p.across, p.down)
	p.blocks = make([]codeBlock, p.across*p.down)
	for i := range p.blocks {
		bx, by := (x+i%p.across)<<logW, (y+i/p.across)<<logH
		x0, y0 := max(bx, area.x0), max(by, area.y0)
		p.blocks[i].area = blockArea{int32(x0), int32(y0), uint16(min(bx+1<<logW, area.x1) - x0), uint16(min(by+1<<logH, area.y1) - y0)}
		p.blocks[i].lblock = 3
	}
	return nil
}
