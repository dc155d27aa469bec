package local

import (
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
)

// gray is how gray values are held on the way to the network.
type gray interface{ ~uint16 | ~float32 }

// A film is what a film is on its way: gray values of 0..white, whole or floats.
type film struct {
	width, height int
	white         float64
	whole         []uint16
	floats        []float32 // if not nil
}

// Bounds of a film that is cropped or padded, lest a narrow one fills the memory.
const (
	narrowest    = 32
	largestPlane = 1 << 27
)

// film brings a film to the network's width and height.
func (p *Preprocess) film(m *cxr.Image) (film, error) {
	if p.Fit != FitStretch {
		long, short := max(m.Width, m.Height), min(m.Width, m.Height)
		if long > narrowest*short || p.Fit == FitPadFirst && long > largestPlane/long {
			return film{}, fmt.Errorf("%w: film of %d x %d pixels, too narrow or too large to fit by %q", cxr.ErrUnsupported, m.Width, m.Height, p.Fit)
		}
	}
	f := film{width: m.Width, height: m.Height, white: float64(m.Max()), whole: m.Pix}
	switch {
	case p.Percentiles != nil:
		f = f.stretched(p.Percentiles, p.Bits == 8)
	case p.Bits == 8 && m.Depth == 16:
		f = f.bytes()
	}
	switch p.Fit {
	case FitCropFirst:
		side := min(f.width, f.height)
		f = f.centered(side, side, p.Center, p.Pad)
	case FitPadFirst:
		side := max(f.width, f.height)
		f = f.centered(side, side, p.Center, p.Pad)
	}
	width, height := p.resized(f.width, f.height)
	if width > largestPlane/height {
		return film{}, fmt.Errorf("%w: film of %d x %d pixels, to be resized to %d x %d", cxr.ErrTooLarge, m.Width, m.Height, width, height)
	}
	if f = f.resize(width, height, p); f.width != width {
		return film{}, fmt.Errorf("%w: film of %d x %d pixels cannot be resized to %d x %d", cxr.ErrUnsupported, m.Width, m.Height, width, height)
	}
	return f.centered(p.Width, p.Height, p.Center, p.Pad), nil
}

// resized is what a film is resized to.
func (p *Preprocess) resized(width, height int) (int, int) {
	side := p.Side
	if side == 0 {
		side = p.Width
	}
	switch p.Fit {
	case FitCrop: // the longer side is cut off behind the point, as torchvision does
		short := min(width, height)
		return side * width / short, side * height / short
	case FitPad: // the shorter side is rounded, as timm and open_clip do
		ratio := max(float64(width)/float64(side), float64(height)/float64(side))
		part := func(n int) int { return max(int(math.RoundToEven(float64(n)/ratio)), 1) }
		return part(width), part(height)
	}
	if p.Side == 0 {
		return p.Width, p.Height
	}
	return side, side
}

// resize scales a film, as floats where that is the program's way.
func (f film) resize(width, height int, p *Preprocess) film {
	if kernel, own := kernels[p.Resize]; own {
		m := cxr.Image{Width: f.width, Height: f.height, Depth: 16, Pix: f.whole}
		if f.white == 255 {
			m.Depth = 8
		}
		r := m.Resize(width, height, kernel)
		return film{width: r.Width, height: r.Height, white: f.white, whole: r.Pix}
	}
	by := methods[p.Resize]
	out := film{width: width, height: height, white: f.white}
	if !by.floats && f.white == 255 && p.Bits != 32 {
		out.whole = by.Bytes(f.whole, f.width, f.height, width, height)
		return out
	}
	floats := make([]float32, len(f.whole))
	for i, v := range f.whole {
		floats[i] = float32(v)
	}
	zero := float32(-p.Low / (p.High - p.Low) * f.white) // the gray that becomes 0
	out.floats = by.Floats(floats, f.width, f.height, width, height, zero)
	return out
}

// bytes is a film of 16 bits without the lower 8.
func (f film) bytes() film {
	out := film{width: f.width, height: f.height, white: 255, whole: make([]uint16, len(f.whole))}
	for i, v := range f.whole {
		out.whole[i] = v >> 8
	}
	return out
}

// stretched makes two percentiles black and white: of 8 bits, cut off behind the
// point as health_multimodal's remap_to_uint8 does, or of 16, rounded.
func (f film) stretched(percentiles []float64, eight bool) film {
	var counts [1 << 16]int
	for _, v := range f.whole {
		counts[v]++
	}
	low, high := percentile(&counts, len(f.whole), percentiles[0]), percentile(&counts, len(f.whole), percentiles[1])
	out := film{width: f.width, height: f.height, white: 65535, whole: make([]uint16, len(f.whole))}
	round := 0.5
	if eight {
		out.white, round = 255, 0
	}
	if !(low < high) { // a film of one gray: black
		return out
	}
	for i, v := range f.whole {
		share := (min(max(float64(v), low), high) - low) / (high - low)
		out.whole[i] = uint16(float64(share*out.white) + round)
	}
	return out
}

// percentile is of n values by how often each occurs, linear between neighbors.
func percentile(counts *[1 << 16]int, n int, percent float64) float64 {
	place := percent / 100 * float64(n-1)
	below := int(place)
	at := func(k int) float64 {
		for v, c := range counts {
			if k -= c; k < 0 {
				return float64(v)
			}
		}
		return 0
	}
	a, b := at(below), at(min(below+1, n-1))
	return a + float64((b-a)*(place-float64(below)))
}

// centered cuts the middle out of a film, or puts a film into the middle.
func (f film) centered(width, height int, center string, pad float64) film {
	if width == f.width && height == f.height {
		return f
	}
	x, y := offset(center, f.width, width), offset(center, f.height, height)
	out := film{width: width, height: height, white: f.white}
	if f.floats != nil {
		out.floats = placed(f.floats, f.width, f.height, x, y, width, height, float32(pad*f.white))
	} else {
		out.whole = placed(f.whole, f.width, f.height, x, y, width, height, uint16(pad*f.white+0.5))
	}
	return out
}

// offset is how many of in pixels come off before the first of out; negative: how
// many are added.
func offset(center string, in, out int) int {
	switch {
	case in < out:
		return -((out - in) / 2)
	case center == CenterEven:
		return int(math.RoundToEven(float64(in-out) / 2))
	case center == CenterHalves:
		return in/2 - out/2
	}
	return (in - out) / 2
}

// placed is the part of a picture from (x, y) on, and the pad where there is none.
func placed[T gray](src []T, inWidth, inHeight, x, y, width, height int, pad T) []T {
	dst := make([]T, 0, width*height)
	for row := y; row < y+height; row++ {
		for column := x; column < x+width; column++ {
			v := pad
			if row >= 0 && row < inHeight && column >= 0 && column < inWidth {
				v = src[row*inWidth+column]
			}
			dst = append(dst, v)
		}
	}
	return dst
}
