package zones

import (
	"fmt"
	"image"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/embed/maps"
)

// Map draws one value for each zone over the film, such as how much each adds to
// a score: red where it is positive, blue where it is negative, the stronger the
// farther from 0. A film longer than 1024 pixels is drawn smaller.
func Map(m *cxr.Image, l *lungs.Lungs, values []float64) (*image.RGBA, error) {
	if len(values) != Number {
		return nil, fmt.Errorf("zones: %w: %d values for %d zones", cxr.ErrMismatch, len(values), Number)
	}
	var most float64
	for _, v := range values {
		if v-v != 0 {
			return nil, fmt.Errorf("zones: %w: value %v", cxr.ErrEmbedding, v)
		}
		most = max(most, math.Abs(v))
	}
	zone := Of(l)
	return maps.Paint(m, most, func(x, y float64) (float64, bool) {
		return values[zone[int(y*lungs.Grid)*lungs.Grid+int(x*lungs.Grid)]], true
	})
}
