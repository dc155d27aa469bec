package zones

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
)

// Map draws one value for each zone over the film, such as how much each adds to
// a score: red where it is positive, blue where it is negative, the stronger the
// farther from 0. A film longer than 1024 pixels is drawn smaller.
func Map(m *cxr.Image, l *lungs.Lungs, values []float64) (*image.RGBA, error) {
	if len(values) != Number {
		return nil, fmt.Errorf("zones: %w: %d values for %d zones", cxr.ErrMismatch, len(values), Number)
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("zones: %w", err)
	}
	var most float64
	for _, v := range values {
		most = max(most, math.Abs(v))
	}
	scale := math.Min(1, 1024/float64(max(m.Width, m.Height)))
	w, h := max(int(float64(m.Width)*scale), 1), max(int(float64(m.Height)*scale), 1)
	small, zone := m.Resize(w, h, cxr.KernelArea), Of(l)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			gray := 255 * float64(small.Pix[y*w+x]) / float64(m.Max())
			v := values[zone[y*lungs.Grid/h*lungs.Grid+x*lungs.Grid/w]]
			if v-v != 0 {
				return nil, fmt.Errorf("zones: %w: value %v", cxr.ErrEmbedding, v)
			}
			share := 0.0
			if most > 0 {
				share = 0.6 * math.Abs(v) / most
			}
			tint := [3]float64{255, 60, 60}
			if v < 0 {
				tint = [3]float64{60, 110, 255}
			}
			mix := func(k int) uint8 { return uint8(gray*(1-share) + tint[k]*share) }
			out.SetRGBA(x, y, color.RGBA{mix(0), mix(1), mix(2), 255})
		}
	}
	return out, nil
}
