package j2k

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cxrkit/cxrkit/internal/codec"
)

// Decode decodes one frame. Components that are subsampled are repeated to the
// frame's size.
func Decode(src []byte, want codec.Shape) (*codec.Frame, error) { return DecodeReduced(src, want, 0) }

// DecodeReduced leaves out the given number of highest resolutions: the frame
// is smaller by 2^levels in each direction, rounded up, and takes about 4^levels
// less time. want is the full size. A codestream with fewer levels is an error.
func DecodeReduced(src []byte, want codec.Shape, levels int) (*codec.Frame, error) {
	cs, err := parse(src, want)
	if err != nil {
		return nil, err
	}
	if !cs.whole() {
		return nil, truncated("%d of %d tiles", len(cs.tiles), cs.tileCount())
	}
	if levels < 0 || levels > 31 {
		return nil, unsupported("reduction by %d levels", levels)
	}
	area := reduce(cs.image, uint(levels))
	n := len(cs.components)
	f := &codec.Frame{
		Shape:     codec.Shape{Width: area.width(), Height: area.height(), Components: n},
		Precision: cs.components[0].precision, Signed: cs.components[0].signed,
		Pix: make([]uint16, area.width()*area.height()*n),
	}
	for index := range cs.tileCount() {
		data := cs.tiles[index]
		t, err := newTile(cs, index, data)
		if err != nil {
			return nil, err
		}
		for _, c := range t.components {
			if c.levels < levels {
				return nil, unsupported("reduction by %d of %d levels", levels, c.levels)
			}
		}
		if err := t.readPackets(data); err != nil {
			return nil, err
		}
		if err := t.render(f, area, levels); err != nil {
			return nil, err
		}
		delete(cs.tiles, index)
	}
	return f, nil
}

func reduce(r rectangle, levels uint) rectangle {
	return rectangle{ceilShift(r.x0, levels), ceilShift(r.y0, levels), ceilShift(r.x1, levels), ceilShift(r.y1, levels)}
}

// A plane is one component of a tile, decoded: one of the two is used.
type plane struct {
	area rectangle // at the resolution wanted
	ints []int32
	real []float32
	// low is, where the last level of the wavelet is left to store, the area of
	// the resolution below.
	low *rectangle
}

// render decodes the tile's coefficients and writes its part of the frame.
func (t *tile) render(f *codec.Frame, frame rectangle, levels int) error {
	var planes []plane
	for _, c := range t.components {
		fused := len(t.components) == 1 && c.dx == 1 && c.dy == 1
		p, err := c.decode(levels, fused)
		if err != nil {
			return err
		}
		planes = append(planes, p)
	}
	if t.parameters.transform {
		if err := t.untransform(planes); err != nil {
			return err
		}
	}
	area := reduce(t.area, uint(levels))
	for i, p := range planes {
		t.components[i].store(f, i, p, area, frame)
		intPlanes.put(p.ints)
		realPlanes.put(p.real)
	}
	return nil
}

// Planes of large tiles are used again: the system takes its time to give memory.
var (
	intPlanes  planes[int32]
	realPlanes planes[float32]
)

type planes[T sample] struct{ pool sync.Pool }

// take gives n samples, zero unless all of them will be overwritten.
func (p *planes[T]) take(n int, overwritten bool) []T {
	if n < worthParallel {
		return make([]T, n)
	}
	s, _ := p.pool.Get().(*[]T)
	if s == nil || cap(*s) < n || cap(*s) > 4*n {
		return make([]T, n)
	}
	if !overwritten {
		clear((*s)[:n])
	}
	return (*s)[:n]
}

func (p *planes[T]) put(s []T) {
	if cap(s) >= worthParallel {
		p.pool.Put(&s)
	}
}

// decode makes the samples of one component, but for the last level if store can
// do that better.
func (c *tileComponent) decode(levels int, fused bool) (plane, error) {
	top := c.levels - levels
	p := plane{area: c.resolutions[top].area}
	size := p.area.width() * p.area.height()
	jobs := c.jobs(top)
	covered := 0
	for _, j := range jobs {
		covered += j.block.area.width() * j.block.area.height()
	}
	if c.reversible {
		p.ints = intPlanes.take(size, covered == size)
	} else {
		p.real = realPlanes.take(size, covered == size)
	}
	if err := c.decodeBlocks(p, jobs); err != nil {
		return p, err
	}
	lossless, lossy := reversible, irreversible
	for r := 1; r <= top; r++ {
		area, low := c.resolutions[r].area, c.resolutions[r-1].area
		if r == top && fused && c.reversible && area.height() > 1 && size >= worthParallel {
			p.low = &low
			break
		}
		if c.reversible {
			lossless.inverse(p.ints, p.area.width(), area, low)
		} else {
			lossy.inverse(p.real, p.area.width(), area, low)
		}
	}
	return p, nil
}

// A job is one code-block to decode.
type job struct {
	block *codeBlock
	band  *subband
}

// jobs are the code-blocks up to a resolution of which packets tell.
func (c *tileComponent) jobs(top int) []job {
	var jobs []job
	for _, res := range c.resolutions[:top+1] {
		for _, band := range res.subbands {
			for _, p := range band.precincts {
				if p == nil {
					continue
				}
				for k := range p.blocks {
					if b := &p.blocks[k]; len(b.segments) > 0 {
						jobs = append(jobs, job{b, band})
					}
				}
			}
		}
	}
	return jobs
}

// decodeBlocks decodes code-blocks on all processors. They do not depend on one
// another, so the result does not depend on the order.
func (c *tileComponent) decodeBlocks(p plane, jobs []job) error {
	var next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, min(runtime.GOMAXPROCS(0), len(jobs)))
	for g := range errs {
		group.Go(func() {
			var d blockDecoder
			for errs[g] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(jobs) {
					return
				}
				errs[g] = c.decodeBlock(&d, jobs[i], p)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *tileComponent) decodeBlock(d *blockDecoder, j job, p plane) error {
	if c.style&styleHT != 0 {
		return c.decodeHTBlock(&d.ht, j, p)
	}
	if err := d.decode(j.block, j.band.orientation, j.band.planes+int(c.shift)-int(j.block.skipped), c.style); err != nil {
		return err
	}
	if c.shift > 0 {
		unshift(d.data, c.shift)
	}
	stride := p.area.width()
	at := (int(j.block.area.y0)-j.band.area.y0+j.band.at[1])*stride + int(j.block.area.x0) - j.band.area.x0 + j.band.at[0]
	step := 0.5 * j.band.step // the data have one fraction bit
	for y := range d.h {
		line := d.line(y)
		if c.reversible {
			for x, out := 0, p.ints[at+y*stride:][:d.w]; x < len(out); x++ {
				out[x] = line[4*x] / 2
			}
		} else {
			for x, out := 0, p.real[at+y*stride:][:d.w]; x < len(out); x++ {
				out[x] = float32(line[4*x]) * step
			}
		}
	}
	return nil
}

// decodeHTBlock is decodeBlock of a high-throughput one.
func (c *tileComponent) decodeHTBlock(d *htDecoder, j job, p plane) error {
	if c.shift > 0 {
		return unsupported("HTJ2K with a region of interest")
	}
	stride := p.area.width()
	at := (int(j.block.area.y0)-j.band.area.y0+j.band.at[1])*stride + int(j.block.area.x0) - j.band.area.x0 + j.band.at[0]
	var place []int32
	if c.reversible {
		place = p.ints[at:]
	}
	direct, err := d.decode(j.block, j.band.planes-int(j.block.skipped), int(j.block.skipped), c.style, place, stride)
	if err != nil || direct {
		return err
	}
	step := 0.5 * j.band.step // the data have one fraction bit
	for y := range d.h {
		line := d.out[y*d.outStride:][:d.w]
		if c.reversible {
			for x, out := 0, p.ints[at+y*stride:][:len(line)]; x < len(out); x++ {
				out[x] = line[x] / 2
			}
		} else {
			for x, out := 0, p.real[at+y*stride:][:len(line)]; x < len(out); x++ {
				out[x] = float32(line[x]) * step
			}
		}
	}
	return nil
}

// unshift brings the region of interest back: its coefficients were moved above
// all others (T.800 annex H).
func unshift(data []int32, shift uint) {
	for i, v := range data {
		magnitude := max(v, -v)
		if magnitude < 1<<shift {
			continue
		}
		if magnitude >>= shift; v < 0 {
			magnitude = -magnitude
		}
		data[i] = magnitude
	}
}

// untransform undoes the transform of the first three components (T.800 annex
// G).
func (t *tile) untransform(p []plane) error {
	if len(p) < 3 {
		return corrupt("component transform of %d components", len(p))
	}
	c := t.components
	if p[0].area != p[1].area || p[0].area != p[2].area || c[0].reversible != c[1].reversible || c[0].reversible != c[2].reversible {
		return corrupt("component transform of components that differ")
	}
	if c[0].reversible {
		for i := range p[0].ints {
			y, u, v := p[0].ints[i], p[1].ints[i], p[2].ints[i]
			g := y - (u+v)>>2
			p[0].ints[i], p[1].ints[i], p[2].ints[i] = v+g, g, u+g
		}
		return nil
	}
	for i := range p[0].real {
		y, u, v := p[0].real[i], p[1].real[i], p[2].real[i]
		p[0].real[i] = y + float32(v*1.402)
		p[1].real[i] = y - float32(u*0.34413) - float32(v*0.71414)
		p[2].real[i] = y + float32(u*1.772)
	}
	return nil
}

// store writes a plane into component i of the frame: level-shifted, rounded to
// even, clamped.
func (c *tileComponent) store(f *codec.Frame, i int, p plane, area, frame rectangle) {
	if p.area.empty() {
		return
	}
	if p.low != nil {
		c.store53(f, p, *p.low, area, frame)
		return
	}
	if area.width()*area.height() < worthParallel {
		c.storeRows(f, i, p, area.y0, area.y1, area, frame)
		return
	}
	parallel(ceilDiv(area.height(), rowGroup), func() func(k int) {
		return func(k int) {
			from := area.y0 + k*rowGroup
			c.storeRows(f, i, p, from, min(from+rowGroup, area.y1), area, frame)
		}
	})
}

// nearest is v rounded, halves to even, or what is beyond any sample if v is. A sum
// with 1.5 * 2^23 has the integer in its low bits, if that is of 23 bits.
func nearest(v float32) int32 {
	const magic, zero, one = 3 << 22, 0x4B400000, 0x4B000000 // the bits of magic, and of 2^23
	if b := math.Float32bits(v + magic); b-one < 1<<23 {
		return int32(b) - zero
	}
	if v > 0 {
		return 1 << 22
	}
	return -1 << 22
}

// limits are the least and the greatest sample, and the level shift.
func (c *tileComponent) limits() (low, high, shift int32) {
	low, high, shift = 0, 1<<c.precision-1, 1<<(c.precision-1)
	if c.signed {
		low, high, shift = -shift, shift-1, 0
	}
	return low, high, shift
}

// storeRows is store of some rows.
func (c *tileComponent) storeRows(f *codec.Frame, i int, p plane, from, to int, area, frame rectangle) {
	low, high, shift := c.limits()
	n := f.Components
	for y := from; y < to; y++ {
		row := max(0, min(y/c.dy, p.area.y1-1)-p.area.y0) * p.area.width()
		out := f.Pix[((y-frame.y0)*f.Width+area.x0-frame.x0)*n+i:]
		switch { // the usual cases
		case c.reversible && c.dx == 1 && n == 1:
			line := p.ints[row:][:area.width()]
			out = out[:len(line)]
			for x, v := range line {
				out[x] = uint16(max(low, min(high, v+shift)))
			}
			continue
		case c.dx == 1 && n == 1:
			line := p.real[row:][:area.width()]
			out = out[:len(line)]
			for x, v := range line {
				out[x] = uint16(max(low, min(high, nearest(v)+shift)))
			}
			continue
		}
		for x := range area.width() {
			at := row + x
			if c.dx > 1 {
				at = row + max(0, min((area.x0+x)/c.dx, p.area.x1-1)-p.area.x0)
			}
			var v int32
			if c.reversible {
				v = p.ints[at]
			} else {
				v = nearest(p.real[at])
			}
			out[x*n] = uint16(max(low, min(high, v+shift)))
		}
	}
}
