package dicomconv

import "math"

// upstream is what example_generator_lib.py of Google's cxr-foundation client
// does, commit 1cd8c37 of Google-Health/imaging-research. Where that fails on a
// film (big-endian words, an empty window), it does here what it does on the
// film's twin without that trait.
func upstream(_ *Options, h *header, l levels) ([]uint16, int, error) {
	a := pixelArray(h, l)
	if err := a.applyModalityLUT(h); err != nil {
		return nil, 0, err
	}
	if len(h.windows) > 0 {
		w := h.windows[0]
		if h.manyCenters {
			w.Center = math.Trunc(w.Center)
		}
		if h.manyWidths {
			w.Width = math.Trunc(w.Width)
		}
		a.window(w.Center-w.Width/2, w.Center-1+w.Width/2, uint16Max)
	}
	if h.Photometric == "MONOCHROME1" {
		a.subtractFromMax()
	}
	if err := a.shiftToUnsigned(); err != nil {
		return nil, 0, err
	}
	if a.bits > 8 {
		a.rescaleDynamicRange()
	}
	return a.gray(), a.bits, nil
}

// haidef is what the HAI-DEF container of CXR Foundation (2024) does to a DICOM
// file: as upstream, but windows are of whole numbers and keep the type of the
// array. On rescaled films with a window the container fails; here they are
// windowed to 16 bits. It stores 8-bit values unstretched in a 16-bit PNG.
func haidef(_ *Options, h *header, l levels) ([]uint16, int, error) {
	a := pixelArray(h, l)
	if err := a.applyModalityLUT(h); err != nil {
		return nil, 0, err
	}
	if len(h.windows) > 0 {
		if a.float {
			a.bits, a.signed = 16, false
		}
		magnitude := a.bits
		if a.signed {
			magnitude--
		}
		w, half := h.windows[0], math.Floor(h.windows[0].Width/2)
		a.window(w.Center-half, w.Center-1+half, float64(uint64(1)<<magnitude-1))
		a.each(math.Trunc)
		a.float = false
	}
	if h.Photometric == "MONOCHROME1" {
		a.subtractFromMax()
	}
	if err := a.shiftToUnsigned(); err != nil {
		return nil, 0, err
	}
	if a.bits > 8 {
		a.rescaleDynamicRange()
	}
	return a.gray(), 16, nil
}

// medsiglip is what generic_dicom_handler.py of the MedSigLIP container does to
// CR and DX files, commit 6618f4e of Google-Health/medsiglip. The window is
// symmetric, the inversion last and in the full range.
func medsiglip(o *Options, h *header, l levels) ([]uint16, int, error) {
	a := pixelArray(h, l)
	stored := *a
	if err := a.applyModalityLUT(h); err != nil {
		return nil, 0, err
	}
	switch w := o.firstWindow(h); {
	case w != nil:
		half := math.Floor(w.Width / 2)
		a.window(w.Center-half, w.Center+half, uint16Max)
		a.each(math.RoundToEven)
		a.float, a.bits, a.signed = false, 16, false
	case a.float && !l.float: // back to the type of the stored values
		a.each(math.Trunc)
		a.float, a.bits, a.signed = false, stored.bits, stored.signed
		a.each(a.wrap)
	}
	if err := a.shiftToUnsigned(); err != nil {
		return nil, 0, err
	}
	top := 255.0
	if a.bits > 8 {
		a.rescaleDynamicRange()
		top = uint16Max
	}
	if h.Photometric == "MONOCHROME1" {
		a.each(func(x float64) float64 { return top - x })
	}
	return a.gray(), a.bits, nil
}

// firstWindow is the caller's window, or the file's first, or nil.
func (o *Options) firstWindow(h *header) *Window {
	if o.Window != nil || len(h.windows) == 0 {
		return o.Window
	}
	return &h.windows[0]
}
