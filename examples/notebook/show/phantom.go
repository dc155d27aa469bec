package show

import (
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// A Phantom is a synthetic film with a header that can be chosen, to see what of
// it matters for the picture. Stored values have 12 bits: air is about 300, bone
// about 3700. Where the header does not matter, package cxr/phantom has films.
type Phantom struct {
	Seed     uint64
	Finding  string  // what it shows, one of phantom.Findings; empty: nothing
	Size     int     // height in pixels; 0: 400
	Exposure float64 // share of the stored range that is used, above 0 to 1; 0: 1
	Inverted bool    // MONOCHROME1: high values are dark

	Centers, Widths []float64 // of its windows
	LUT             bool      // a VOI LUT too: the S-shaped curve of film, in the middle half of the values

	Marker bool   // a small patch of the highest value, like a lead letter
	View   string // View Position; empty: PA
}

// Stored values.
const (
	air, bone = 300, 3700
	highest   = 4095
)

// DICOM is the film as a DICOM file.
func (f Phantom) DICOM() ([]byte, error) {
	film := phantom.Film{ID: "film", Patient: "patient", Seed: f.Seed, Anatomy: f.Seed, Size: f.Size}
	if f.Size == 0 {
		film.Size = 400
	}
	if f.Finding != "" {
		i := slices.Index(phantom.Findings(), f.Finding)
		if i < 0 {
			return nil, fmt.Errorf("show: no finding %q, there are %q", f.Finding, phantom.Findings())
		}
		film.Has[i] = true
	}
	if len(f.Centers) != len(f.Widths) {
		return nil, fmt.Errorf("show: %d window centers and %d widths", len(f.Centers), len(f.Widths))
	}
	exposure := f.Exposure
	if exposure == 0 {
		exposure = 1
	}
	if !(exposure > 0 && exposure <= 1) { // refuses NaN too
		return nil, fmt.Errorf("show: exposure %g, want more than 0 and at most 1", f.Exposure)
	}
	picture := film.Draw()
	pixels := make([]uint16, len(picture.Pix))
	for i, v := range picture.Pix {
		pixels[i] = uint16(air + math.Round(float64(v)*exposure*(bone-air)))
	}
	if f.Marker {
		for y := picture.Height / 16; y < picture.Height/10; y++ {
			for x := picture.Width * 14 / 16; x < picture.Width*15/16; x++ {
				pixels[y*picture.Width+x] = highest
			}
		}
	}
	file := dicomtest.Film(picture.Height, picture.Width).Bits(16, 12, false).
		Set(dicomtest.ViewPosition, "CS", "PA").
		Set(dicomtest.BurnedIn, "CS", "NO")
	if f.View != "" {
		file.Set(dicomtest.ViewPosition, "CS", f.View)
	}
	if f.Inverted {
		for i, v := range pixels {
			pixels[i] = highest - v
		}
		file.Set(dicomtest.Photometric, "CS", "MONOCHROME1")
	}
	file.Set(dicomtest.PixelData, "OW", pixels)
	if len(f.Centers) > 0 {
		file.Window(decimals(f.Centers), decimals(f.Widths))
	}
	if f.LUT {
		file.Set(dicomtest.VOILUT, "SQ", []*dicomtest.File{dicomtest.Item().
			Set(dicomtest.LUTDescriptor, "US", []int{highest + 1, 0, 16}).
			Set(dicomtest.LUTData, "OW", filmCurve())})
	}
	return file.Bytes(), nil
}

// decimals is a DICOM value of several numbers.
func decimals(values []float64) string {
	text := ""
	for i, v := range values {
		if i > 0 {
			text += `\`
		}
		text += fmt.Sprintf("%g", v)
	}
	return text
}

// filmCurve is a logistic curve over the stored values: steep in the middle
// half, where lungs and soft tissue lie, and flat at the ends.
func filmCurve() []uint16 {
	lut := make([]uint16, highest+1)
	for v := range lut {
		x := (float64(v) - (air+bone)/2) / ((bone - air) / 4)
		lut[v] = uint16(math.Round(math.MaxUint16 / (1 + math.Exp(-2*x))))
	}
	return lut
}
