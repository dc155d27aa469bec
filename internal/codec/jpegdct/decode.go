// Package jpegdct decodes DCT JPEG with Huffman coding, 8 and 12 bits: the
// sequential processes 1, 2 and 4 of ITU-T T.81, DICOM transfer syntaxes
// 1.2.840.10008.1.2.4.50 and .51, and the progressive ones, 6, 8, 10 and 12,
// which DICOM has retired (.53, .55) and films have all the same.
//
// The inverse transform is the integer one of libjpeg ("islow"), so that pixels
// equal those of the tools films are checked with; image/jpeg of the standard
// library is off by one in places and refuses 12 bits.
package jpegdct

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
	"github.com/cxrkit/cxrkit/internal/codec/jpegbits"
)

// Decode decodes one frame. Samples that lossy coding sends out of range are
// clamped to 0..2^Precision-1. Colors are returned as they are coded
// (components interleaved, subsampled ones repeated), without a transform.
func Decode(src []byte, want codec.Shape) (*codec.Frame, error) {
	im, err := jpegbits.Parse(src, want, 0xC0, 0xC1, 0xC2)
	if err != nil {
		return nil, err
	}
	if im.Precision != 8 && im.Precision != 12 {
		return nil, fmt.Errorf("%w: JPEG of %d bits", cxr.ErrUnsupported, im.Precision)
	}
	d := newDecoder(im)
	if im.Process == 0xC2 {
		if err := d.progressive(); err != nil {
			return nil, err
		}
		return d.frame(), nil
	}
	for d.left > 0 {
		scan, err := im.NextScan()
		if err != nil {
			return nil, err
		}
		if scan == nil {
			return nil, fmt.Errorf("%w: JPEG without a scan of %d components", cxr.ErrTruncated, d.left)
		}
		if err := d.scan(scan); err != nil {
			return nil, err
		}
	}
	return d.frame(), nil
}

// A plane is the decoded blocks of one component, padded to whole MCUs.
type plane struct {
	jpegbits.Component
	stride        int // samples in a row
	width, height int // blocks that carry the picture, for scans of this component alone
	pix           []uint16
	seen          bool
}

type decoder struct {
	im         *jpegbits.Image
	planes     []plane
	hmax, vmax int
	mcuW, mcuH int // MCUs across and down
	left       int // components without a scan yet
}

func newDecoder(im *jpegbits.Image) *decoder {
	d := &decoder{im: im, hmax: 1, vmax: 1, left: len(im.Components)}
	// A single component is never subsampled, whatever its factors say
	// (T.81 A.2.2).
	if len(im.Components) == 1 {
		im.Components[0].H, im.Components[0].V = 1, 1
	}
	for _, c := range im.Components {
		d.hmax, d.vmax = max(d.hmax, c.H), max(d.vmax, c.V)
	}
	d.mcuW, d.mcuH = ceil(im.Width, 8*d.hmax), ceil(im.Height, 8*d.vmax)
	for _, c := range im.Components {
		p := plane{Component: c, stride: d.mcuW * c.H * 8}
		p.width = ceil(ceil(im.Width*c.H, d.hmax), 8)
		p.height = ceil(ceil(im.Height*c.V, d.vmax), 8)
		p.pix = make([]uint16, p.stride*d.mcuH*c.V*8)
		d.planes = append(d.planes, p)
	}
	return d
}

func ceil(a, b int) int { return (a + b - 1) / b }

// A part is one component's state in a scan.
type part struct {
	*plane
	dc           *jpegbits.Table
	ac           *jpegbits.Coefficients
	quantization *[64]uint16
	predictor    int32
}

// scan decodes all coefficients of its components. Ss, Se, Ah and Al have one
// value in sequential frames (T.81 B.2.3) and are not looked at: the films of
// NEMA's compsamples have Se = 0.
func (d *decoder) scan(s *jpegbits.Scan) error {
	var parts []part
	for _, c := range s.Components {
		p := part{
			plane: &d.planes[c.Component], dc: &d.im.DC[c.DC],
			quantization: &d.im.Quantization[d.im.Components[c.Component].Quantization],
		}
		if !p.dc.Ready || !d.im.AC[c.AC].Ready {
			return fmt.Errorf("%w: JPEG scan without its Huffman tables", cxr.ErrCorrupt)
		}
		p.ac = jpegbits.NewCoefficients(&d.im.AC[c.AC])
		if p.seen {
			return fmt.Errorf("%w: JPEG component scanned twice", cxr.ErrCorrupt)
		}
		p.seen = true
		d.left--
		parts = append(parts, p)
	}
	across, down := d.mcuW, d.mcuH
	if len(parts) == 1 { // blocks of a lone component come row by row (T.81 A.2.2)
		across, down = parts[0].width, parts[0].height
	}
	r := jpegbits.NewReader(s.Data)
	restarts, count := 0, 0
	for y := range down {
		for x := range across {
			if d.im.RestartInterval > 0 && count == d.im.RestartInterval {
				if err := r.Restart(restarts % 8); err != nil {
					return err
				}
				for i := range parts {
					parts[i].predictor = 0
				}
				restarts, count = restarts+1, 0
			}
			count++
			if err := d.mcu(r, parts, x, y); err != nil {
				return fmt.Errorf("%w in JPEG block row %d", err, y)
			}
		}
		if r.Overrun() {
			return fmt.Errorf("%w: JPEG data end in block row %d of %d", cxr.ErrTruncated, y, down)
		}
	}
	return nil
}

// mcu decodes the blocks of one minimum coded unit.
func (d *decoder) mcu(r *jpegbits.Reader, parts []part, x, y int) error {
	if len(parts) == 1 {
		return d.block(r, &parts[0], x, y)
	}
	for i := range parts {
		p := &parts[i]
		for v := range p.V {
			for h := range p.H {
				if err := d.block(r, p, x*p.H+h, y*p.V+v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// zigzag is the place in the block of each coefficient as coded (T.81 figure
// A.6).
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// block decodes one block and stores its samples at block column x, row y.
func (d *decoder) block(r *jpegbits.Reader, p *part, x, y int) error {
	var c [64]int32
	size := r.Symbol(p.dc)
	if size < 0 || size > 15 {
		return fmt.Errorf("%w: DC code", cxr.ErrCorrupt)
	}
	// 16 bits are more than any valid difference: keep it there, so that
	// damaged data cannot overflow the transform.
	p.predictor = int32(int16(p.predictor + r.Extended(uint(size))))
	c[0] = p.predictor * int32(p.quantization[0])
	found := r.Block(&c, p.ac, p.quantization, &zigzag)
	switch found {
	case jpegbits.BlockNoCode:
		return fmt.Errorf("%w: AC code", cxr.ErrCorrupt)
	case jpegbits.BlockTooLong:
		return fmt.Errorf("%w: run past the block", cxr.ErrCorrupt)
	}
	out := p.pix[y*8*p.stride+x*8:]
	if found == jpegbits.BlockFlat {
		level := flatLevel(c[0], d.im.Precision)
		for row := range 8 {
			line := out[row*p.stride:][:8]
			for i := range line {
				line[i] = level
			}
		}
		return nil
	}
	inverse(&c, out, p.stride, d.im.Precision)
	return nil
}

// frame interleaves the components and cuts off the padding.
func (d *decoder) frame() *codec.Frame {
	n := len(d.planes)
	f := &codec.Frame{Shape: codec.Shape{Width: d.im.Width, Height: d.im.Height, Components: n}, Precision: d.im.Precision}
	if n == 1 { // lines move up over the padding between them
		p := &d.planes[0]
		f.Pix = p.pix[:d.im.Width*d.im.Height]
		for y := 1; y < d.im.Height && p.stride > d.im.Width; y++ {
			copy(f.Pix[y*d.im.Width:][:d.im.Width], p.pix[y*p.stride:])
		}
		return f
	}
	f.Pix = make([]uint16, d.im.Width*d.im.Height*n)
	for i := range d.planes {
		p := &d.planes[i]
		for y := range d.im.Height {
			line := p.pix[y*p.V/d.vmax*p.stride:][:p.stride]
			out := f.Pix[y*d.im.Width*n:][:d.im.Width*n]
			for x := range d.im.Width {
				out[x*n+i] = line[x*p.H/d.hmax]
			}
		}
	}
	return f
}
