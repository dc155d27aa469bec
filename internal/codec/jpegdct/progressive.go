package jpegdct

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec/jpegbits"
)

// maxScans bounds the work that a progressive codestream can ask for: a scan of
// a few bytes can go over all blocks. Encoders make about ten.
const maxScans = 100

// A progression is the coefficients of one component while its scans add to them
// (T.81 annex G).
type progression struct {
	coefficients []int16  // of one block after another, each in zigzag order
	across       int      // blocks in a row
	low          [64]int8 // bit down to which each coefficient is known; -1: not at all
}

// progressive decodes all scans of a progressive frame.
func (d *decoder) progressive() error {
	all := make([]progression, len(d.planes))
	for i := range all {
		p := &d.planes[i]
		all[i].across = p.stride / 8
		all[i].coefficients = make([]int16, len(p.pix))
		for k := range all[i].low {
			all[i].low[k] = -1
		}
	}
	for n := 0; !complete(all); n++ {
		s, err := d.im.NextScan()
		if err != nil {
			return err
		}
		if s == nil { // an encoder may leave the last bits out, but not a component
			for i := range all {
				if all[i].low[0] < 0 {
					return fmt.Errorf("%w: progressive JPEG without a scan of component %d", cxr.ErrTruncated, i)
				}
			}
			break
		}
		if n == maxScans {
			return fmt.Errorf("%w: progressive JPEG of more than %d scans", cxr.ErrTooLarge, maxScans)
		}
		if err := d.progress(s, all); err != nil {
			return fmt.Errorf("%w in scan %d of progressive JPEG", err, n+1)
		}
	}
	for i := range all {
		d.transform(&d.planes[i], &all[i])
	}
	return nil
}

func complete(all []progression) bool {
	for i := range all {
		for _, low := range all[i].low {
			if low != 0 {
				return false
			}
		}
	}
	return true
}

// progress decodes one scan.
func (d *decoder) progress(s *jpegbits.Scan, all []progression) error {
	if s.Ss > s.Se || s.Se > 63 || s.Al > 13 || s.Ss == 0 && s.Se > 0 || s.Ss > 0 && len(s.Components) > 1 || s.Ah > 0 && s.Ah != s.Al+1 {
		return fmt.Errorf("%w: coefficients %d to %d of %d components, bits %d to %d", cxr.ErrCorrupt, s.Ss, s.Se, len(s.Components), s.Ah, s.Al)
	}
	refine := s.Ah > 0
	var parts []*blockScan
	for _, c := range s.Components {
		p := &all[c.Component]
		for k := s.Ss; k <= s.Se; k++ {
			if refine && int(p.low[k]) != s.Ah || !refine && p.low[k] >= 0 {
				return fmt.Errorf("%w: coefficient %d does not follow its last scan", cxr.ErrCorrupt, k)
			}
			p.low[k] = int8(s.Al)
		}
		b := &blockScan{Scan: s, progression: p, plane: &d.planes[c.Component], table: &d.im.DC[c.DC]}
		if s.Ss > 0 {
			b.table = &d.im.AC[c.AC]
		}
		if !b.table.Ready && (s.Ss > 0 || !refine) {
			return fmt.Errorf("%w: no Huffman table", cxr.ErrCorrupt)
		}
		parts = append(parts, b)
	}
	across, down := d.mcuW, d.mcuH
	if len(parts) == 1 {
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
				for _, b := range parts {
					b.predictor, b.run = 0, 0
				}
				restarts, count = restarts+1, 0
			}
			count++
			if len(parts) == 1 {
				if err := parts[0].block(r, x, y); err != nil {
					return err
				}
				continue
			}
			for _, b := range parts {
				for i := range b.V * b.H {
					if err := b.block(r, x*b.H+i%b.H, y*b.V+i/b.H); err != nil {
						return err
					}
				}
			}
		}
		if r.Overrun() {
			return fmt.Errorf("%w: JPEG data end in block row %d of %d", cxr.ErrTruncated, y, down)
		}
	}
	return nil
}

// A blockScan is one component's state in a scan.
type blockScan struct {
	*jpegbits.Scan
	*progression
	*plane
	table     *jpegbits.Table
	predictor int32
	run       int // blocks to come that end where they begin
}

func (b *blockScan) block(r *jpegbits.Reader, x, y int) error {
	c := (*[64]int16)(b.coefficients[64*(y*b.across+x):])
	switch {
	case b.Ss == 0 && b.Ah == 0:
		size := r.Symbol(b.table)
		if size < 0 || size > 15 {
			return fmt.Errorf("%w: DC code", cxr.ErrCorrupt)
		}
		b.predictor = int32(int16(b.predictor + r.Extended(uint(size))))
		c[0] = int16(b.predictor << b.Al)
	case b.Ss == 0:
		c[0] |= int16(r.Bits(1) << b.Al)
	case b.Ah == 0:
		return b.first(r, c)
	default:
		return b.refine(r, c)
	}
	return nil
}

// first reads coefficients that no scan has told of (T.81 G.1.2.2).
func (b *blockScan) first(r *jpegbits.Reader, c *[64]int16) error {
	if b.run > 0 {
		b.run--
		return nil
	}
	for k := b.Ss; k <= b.Se; k++ {
		s := r.Symbol(b.table)
		if s < 0 {
			return fmt.Errorf("%w: AC code", cxr.ErrCorrupt)
		}
		zeros, size := s>>4, uint(s&15)
		if size == 0 && zeros < 15 { // the end of this block and of others
			b.run = 1<<zeros - 1 + int(r.Bits(uint(zeros)))
			return nil
		}
		if k += zeros; k > b.Se {
			return fmt.Errorf("%w: run past the band", cxr.ErrCorrupt)
		}
		if size > 0 {
			c[k] = int16(r.Extended(size) << b.Al)
		}
	}
	return nil
}

// refine reads one more bit of coefficients (T.81 G.1.2.3).
func (b *blockScan) refine(r *jpegbits.Reader, c *[64]int16) error {
	one := int16(1) << b.Al
	k := b.Ss
	if b.run == 0 {
		for ; k <= b.Se; k++ {
			s := r.Symbol(b.table)
			if s < 0 || s&15 > 1 {
				return fmt.Errorf("%w: AC code", cxr.ErrCorrupt)
			}
			zeros, value := s>>4, int16(0)
			if s&15 == 1 {
				if value = -one; r.Bits(1) == 1 {
					value = one
				}
			} else if zeros < 15 {
				b.run = 1<<zeros + int(r.Bits(uint(zeros)))
				break
			}
			k = b.correct(r, c, k, zeros, one)
			if value != 0 {
				if k > b.Se {
					return fmt.Errorf("%w: run past the band", cxr.ErrCorrupt)
				}
				c[k] = value
			}
		}
	}
	if b.run > 0 {
		b.run--
		b.correct(r, c, k, 64, one)
	}
	return nil
}

// correct reads the bits of coefficients from k that are not zero, up to the one
// behind so many zeros, whose place it returns.
func (b *blockScan) correct(r *jpegbits.Reader, c *[64]int16, k, zeros int, one int16) int {
	for ; k <= b.Se; k++ {
		switch v := c[k]; {
		case v == 0 && zeros == 0:
			return k
		case v == 0:
			zeros--
		case r.Bits(1) == 0:
		case v > 0 && v&one == 0: // away from zero
			c[k] += one
		case v < 0 && -v&one == 0:
			c[k] -= one
		}
	}
	return k
}

// transform makes samples of coefficients.
func (d *decoder) transform(p *plane, all *progression) {
	quantization := &d.im.Quantization[p.Quantization]
	var c [64]int32
	for i := 0; i < len(all.coefficients); i += 64 {
		for k, v := range (*[64]int16)(all.coefficients[i:]) {
			c[zigzag[k]&63] = int32(v) * int32(quantization[k])
		}
		x, y := i/64%all.across, i/64/all.across
		inverse(&c, p.pix[y*8*p.stride+x*8:], p.stride, d.im.Precision)
	}
}
