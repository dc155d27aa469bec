package board

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// Pixels are a film's values before any window, so that windows can be put on
// them elsewhere.
type Pixels struct {
	Width, Height int
	Value         []uint16 // row-major; a film's own value is Lowest + Step x this one
	Lowest, Step  float64
	Levels        int  // different values there are; 256 or fewer: it was made for 8 bits
	Inverted      bool // low values are white

	// Gray is that of each Value by the library's default recipe, 0 to 65535: by the
	// file's own VOI LUT or window if it has one, and already inverted. Values that
	// no pixel has are 0.
	Gray []uint16

	Windows []dicomconv.Window // of the file, in its own values
	LUTs    int                // VOI LUTs of the file; the first comes before windows
	Picture string             // "dicom", "png", "jpeg" or "tiff"
	Notes   []string           // what makes the picture less than certain
}

// Numbers of Pixels.
const (
	white     = 65535
	wideStep  = 256   // of the second try, where values do not fit into 16 bits
	clipShare = 0.001 // of the pixels beyond the ends that is more than a few broken ones
)

// Pixels reads film i.
func (b *Board) Pixels(ctx context.Context, i int) (*Pixels, error) {
	file, err := b.Open(i)
	if err != nil {
		return nil, unopened(err)
	}
	info, err := dicomconv.New(nil).Stat(file)
	file.Close()
	if err != nil {
		return nil, plain(err)
	}
	shown, err := b.Read(ctx, i, nil)
	if err != nil {
		return nil, err
	}
	p := &Pixels{
		Width: shown.Width, Height: shown.Height, Windows: info.Windows, LUTs: info.VOILUTs, Picture: info.Format,
		Inverted: info.Photometric == "MONOCHROME1", Notes: info.Notes, Step: 1,
	}
	switch {
	case info.Format != "dicom":
		p.ofPicture(shown)
	case info.BitsStored < 16 || info.Signed:
		p.Lowest = -32768
		fallthrough
	default:
		err = p.read(ctx, b, i, countLevels(shown.Pix))
	}
	if err != nil {
		return nil, err
	}
	p.pack()
	if len(p.Value) != len(shown.Pix) {
		return nil, fmt.Errorf("%w: the file changed while it was read", cxr.ErrCorrupt)
	}
	p.Gray = make([]uint16, int(slices.Max(p.Value))+1)
	for k, v := range p.Value {
		p.Gray[v] = shown.Pix[k]
	}
	return p, nil
}

// ofPicture takes the pixels of a PNG, JPEG or TIFF file, which has no other values.
func (p *Pixels) ofPicture(m *cxr.Image) {
	p.Value = slices.Clone(m.Pix)
	for _, v := range p.Value {
		if v%257 != 0 { // not 8 bits made 16
			return
		}
	}
	for k := range p.Value {
		p.Value[k] /= 257
	}
}

// read finds a window in which the values of a DICOM file come out one by one: as
// whole numbers of 16 bits, as nearly all films have them, else by larger steps, and
// then by such as fit the values that are there. levels are those that the library's
// own window leaves.
func (p *Pixels) read(ctx context.Context, b *Board, i, levels int) error {
	if err := p.through(ctx, b, i); err != nil {
		return err
	}
	if p.beyond() {
		narrow := *p
		p.Lowest, p.Step = -32768*wideStep, wideStep
		if err := p.through(ctx, b, i); err != nil {
			return err
		}
		if low, high := p.range16(); low >= narrow.Lowest && high <= narrow.Lowest+white {
			*p = narrow // what lay beyond was padding
		}
	}
	if p.Step == 1 && countLevels(p.Value) >= levels {
		return nil
	}
	low, high := p.range16()
	p.Lowest, p.Step = low, (high-low)/white
	return p.through(ctx, b, i)
}

// through reads film i by a window from Lowest of 65,535 Steps.
func (p *Pixels) through(ctx context.Context, b *Board, i int) error {
	width := p.Step * white
	m, err := b.Read(ctx, i, &dicomconv.Options{
		Views:  dicomconv.ViewsAny,
		Window: &dicomconv.Window{Center: p.Lowest + width/2, Width: width, Function: dicomconv.ExactWindow},
	})
	if err != nil {
		return err
	}
	p.Value = m.Pix
	if p.Inverted {
		for k, v := range p.Value {
			p.Value[k] = white - v
		}
	}
	return nil
}

// beyond is whether values seem to lie outside of the window. Padding seems to, too:
// it is black in every window.
func (p *Pixels) beyond() bool {
	n := 0
	for _, v := range p.Value {
		if v == white || v == 0 && p.Lowest < 0 {
			n++
		}
	}
	return float64(n) > clipShare*float64(len(p.Value))
}

// ends are the least and the greatest Value of pixels that are no padding, as far
// as that can be told.
func (p *Pixels) ends() (low, high uint16) {
	padding, padded := uint16(0), p.Lowest < 0
	if p.Inverted {
		padding = white
	}
	low = white
	for _, v := range p.Value {
		if !padded || v != padding {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high {
		return padding, padding
	}
	return low, high
}

// range16 is a little more than the range of the film's own values.
func (p *Pixels) range16() (low, high float64) {
	a, z := p.ends()
	return p.Lowest + p.Step*(float64(a)-1), p.Lowest + p.Step*(float64(z)+1)
}

func countLevels(values []uint16) (n int) {
	there := make([]bool, white+1)
	for _, v := range values {
		if !there[v] {
			there[v] = true
			n++
		}
	}
	return n
}

// pack lets values begin at 0, so that those of 8 bits fit into 8 bits. Padding
// becomes the darkest of them.
func (p *Pixels) pack() {
	p.Levels = countLevels(p.Value)
	low, high := p.ends()
	for k, v := range p.Value {
		p.Value[k] = min(max(v, low), high) - low
	}
	p.Lowest += p.Step * float64(low)
}

// unopened is why a file cannot be opened, without its name.
func unopened(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("cannot be opened: %w", path.Err)
	}
	return err
}
