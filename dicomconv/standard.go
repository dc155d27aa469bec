package dicomconv

import (
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
)

// automaticTails is the part of the pixels that a film's automatic window
// leaves to black, and to white.
const automaticTails = 0.005

// standard is the grayscale pipeline of PS3.3 C.11 and PS3.4 N.2: modality
// transformation, VOI transformation, one inversion. Gray is rounded to the
// nearest, halves to even. Padding is black and no part of any statistics.
func standard(o *Options, h *header, l levels) ([]uint16, int, error) {
	padded := h.padded(l.value)
	if err := h.toModality(l.value); err != nil {
		return nil, 0, err
	}
	voi, err := o.voi(h, l, padded)
	if err != nil {
		return nil, 0, err
	}
	white := float64(uint32(1)<<o.Depth - 1)
	invert := h.Photometric == "MONOCHROME1" || h.shape == "INVERSE" // C.11.6: in DX both say the same
	gray := make([]uint16, len(l.value))
	for i, v := range l.value {
		if padded[i] {
			continue
		}
		y := voi(v)
		if invert {
			y = 1 - y
		}
		gray[i] = uint16(math.RoundToEven(y * white))
	}
	return gray, o.Depth, nil
}

// padded tells which of the stored values are padding (C.7.5.1.1.2).
func (h *header) padded(value []float64) []bool {
	padded := make([]bool, len(value))
	if p := h.padding; p != nil {
		for i, v := range value {
			padded[i] = float64(p.low) <= v && v <= float64(p.high)
		}
	}
	return padded
}

// toModality puts x through the modality LUT, or rescale slope and intercept
// (C.11.1).
func (h *header) toModality(x []float64) error {
	if t := h.modalityLUT; t != nil {
		for i, v := range x {
			x[i] = float64(t.at(int(v)))
		}
		return nil
	}
	slope, intercept := 1.0, 0.0
	if h.slope != nil {
		slope = *h.slope
	}
	if h.intercept != nil {
		intercept = *h.intercept
	}
	if slope == 0 {
		return fmt.Errorf("%w: rescale slope 0", cxr.ErrCorrupt)
	}
	for i, v := range x {
		x[i] = float64(slope*v) + intercept
	}
	return nil
}

// voi is the function from modality value to gray, 0 to 1: the caller's window,
// else the file's VOI LUT or window number o.VOI, else an automatic window.
func (o *Options) voi(h *header, l levels, padded []bool) (func(float64) float64, error) {
	n := len(h.voiLUTs)
	switch {
	case o.Window != nil:
		return o.Window.at, nil
	case o.VOI < n:
		t := h.voiLUTs[o.VOI]
		top := float64(uint32(1)<<t.bits - 1)
		return func(x float64) float64 { return clamp(float64(t.at(int(math.Round(x)))) / top) }, nil
	case o.VOI < n+len(h.windows):
		w := h.windows[o.VOI-n]
		return w.at, w.check()
	case o.VOI > 0:
		return nil, fmt.Errorf("%w: VOI %d of %d", cxr.ErrUnsupported, o.VOI, n+len(h.windows))
	}
	low, high := h.automatic(l, padded)
	return func(x float64) float64 {
		if low == high {
			return 0
		}
		return clamp((x - low) / (high - low))
	}, nil
}

// automatic is the range shown of a film that has no VOI: the range of the
// modality values possible if they are of 8 bits or fewer, for those come out
// of pictures made for display; else that of the pixels but for the darkest and
// the brightest automaticTails.
func (h *header) automatic(l levels, padded []bool) (low, high float64) {
	if h.bitsStored <= 8 && h.modalityLUT == nil && !h.widened {
		ends := []float64{0, float64(int(1)<<h.bitsStored - 1)}
		if h.signed {
			ends = []float64{float64(-int(1) << (h.bitsStored - 1)), float64(int(1)<<(h.bitsStored-1) - 1)}
		}
		h.toModality(ends) // has succeeded before
		return min(ends[0], ends[1]), max(ends[0], ends[1])
	}
	return l.percentiles(automaticTails, padded)
}
