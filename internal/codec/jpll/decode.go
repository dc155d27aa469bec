// Package jpll decodes lossless JPEG with Huffman coding (process 14 of ITU-T
// T.81, annex H), any predictor, 2 to 16 bits: DICOM transfer syntaxes
// 1.2.840.10008.1.2.4.57 and .70.
package jpll

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
	"github.com/cxrkit/cxrkit/internal/codec/jpegbits"
)

// Decode decodes one frame. Components must be interleaved in one scan and not
// subsampled, as DICOM writes them.
func Decode(src []byte, want codec.Shape) (*codec.Frame, error) {
	im, err := jpegbits.Parse(src, want, 0xC3)
	if err != nil {
		return nil, err
	}
	if im.Precision < 2 || im.Precision > 16 {
		return nil, fmt.Errorf("%w: lossless JPEG of %d bits", cxr.ErrCorrupt, im.Precision)
	}
	for _, c := range im.Components {
		if len(im.Components) > 1 && (c.H != 1 || c.V != 1) {
			return nil, fmt.Errorf("%w: lossless JPEG with subsampled components", cxr.ErrUnsupported)
		}
	}
	scan, err := im.NextScan()
	if err != nil {
		return nil, err
	}
	if scan == nil {
		return nil, fmt.Errorf("%w: JPEG without a scan", cxr.ErrTruncated)
	}
	d, err := newDecoder(im, scan)
	if err != nil {
		return nil, err
	}
	f := &codec.Frame{
		Shape:     codec.Shape{Width: im.Width, Height: im.Height, Components: len(im.Components)},
		Precision: im.Precision, Pix: make([]uint16, im.Width*im.Height*len(im.Components)),
	}
	if err := d.rows(f); err != nil {
		return nil, err
	}
	if scan.Al > 0 {
		for i := range f.Pix {
			f.Pix[i] <<= scan.Al
		}
	}
	return f, nil
}

type decoder struct {
	r            *jpegbits.Reader
	tables       []*jpegbits.Differences
	predictor    int
	start        uint16 // prediction of the first sample
	restartLines int    // lines between restarts; 0: none
}

func newDecoder(im *jpegbits.Image, scan *jpegbits.Scan) (*decoder, error) {
	if len(scan.Components) != len(im.Components) {
		return nil, fmt.Errorf("%w: lossless JPEG with a scan for each component", cxr.ErrUnsupported)
	}
	if scan.Ss < 1 || scan.Ss > 7 || scan.Al >= im.Precision {
		return nil, fmt.Errorf("%w: lossless JPEG with predictor %d, point transform %d", cxr.ErrCorrupt, scan.Ss, scan.Al)
	}
	d := &decoder{r: jpegbits.NewReader(scan.Data), predictor: scan.Ss, start: 1 << (im.Precision - scan.Al - 1)}
	for i, c := range scan.Components {
		t := &im.DC[c.DC]
		if !t.Ready || c.Component != i {
			return nil, fmt.Errorf("%w: lossless JPEG scan without its Huffman table, or with components out of order", cxr.ErrCorrupt)
		}
		d.tables = append(d.tables, jpegbits.NewDifferences(t))
	}
	if n := im.RestartInterval; n > 0 {
		if n%im.Width != 0 { // T.81 H.1.1
			return nil, fmt.Errorf("%w: restart interval of %d samples in lines of %d", cxr.ErrCorrupt, n, im.Width)
		}
		d.restartLines = n / im.Width
	}
	return d, nil
}

func (d *decoder) rows(f *codec.Frame) error {
	n := f.Components
	stride := f.Width * n
	for y := range f.Height {
		row := f.Pix[y*stride:][:stride]
		fresh := y == 0
		if d.restartLines > 0 && y > 0 && y%d.restartLines == 0 {
			if err := d.r.Restart((y/d.restartLines - 1) % 8); err != nil {
				return err
			}
			fresh = true
		}
		var err error
		switch {
		case fresh: // H.1.2.1: the first line is predicted from the left
			err = d.firstRow(row, n)
		case n == 1 && d.predictor == 1:
			err = d.leftRow(row, f.Pix[(y-1)*stride])
		default:
			err = d.row(row, f.Pix[(y-1)*stride:][:stride], n)
		}
		if err == nil && d.r.Overrun() {
			err = fmt.Errorf("%w: entropy-coded data end", cxr.ErrTruncated)
		}
		if err != nil {
			return fmt.Errorf("%w in line %d of lossless JPEG", err, y)
		}
	}
	return nil
}

var errCode = fmt.Errorf("%w: Huffman code", cxr.ErrCorrupt)

func (d *decoder) firstRow(row []uint16, n int) error {
	for i := range row {
		p := d.start
		if i >= n {
			p = row[i-n]
		}
		v, ok := d.r.Next(d.tables[i%n])
		if !ok {
			return errCode
		}
		row[i] = p + v
	}
	return nil
}

// leftRow is row for what nearly every film is: one component, predictor 1.
func (d *decoder) leftRow(row []uint16, above uint16) error {
	if !d.r.Sums(row, above, d.tables[0]) {
		return errCode
	}
	return nil
}

func (d *decoder) row(row, up []uint16, n int) error {
	for i := range row {
		p := up[i]
		if i >= n {
			a, b, c := int32(row[i-n]), int32(up[i]), int32(up[i-n])
			switch d.predictor { // table H.1
			case 1:
				p = uint16(a)
			case 2:
				p = uint16(b)
			case 3:
				p = uint16(c)
			case 4:
				p = uint16(a + b - c)
			case 5:
				p = uint16(a + (b-c)>>1)
			case 6:
				p = uint16(b + (a-c)>>1)
			case 7:
				p = uint16((a + b) >> 1)
			}
		}
		v, ok := d.r.Next(d.tables[i%n])
		if !ok {
			return errCode
		}
		row[i] = p + v
	}
	return nil
}
