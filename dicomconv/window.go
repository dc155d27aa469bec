package dicomconv

import (
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
)

// A WindowFunction is a VOI LUT Function (0028,1056).
type WindowFunction int

// Functions of a [Window].
const (
	LinearWindow  WindowFunction = iota // LINEAR, the default: PS3.3 C.11.2.1.2.1
	ExactWindow                         // LINEAR_EXACT: PS3.3 C.11.2.1.3.2
	SigmoidWindow                       // SIGMOID: PS3.3 C.11.2.1.3.1
)

// A Window maps modality values to gray.
type Window struct {
	Center, Width float64
	Function      WindowFunction
}

func (w *Window) validate() error {
	switch {
	case w == nil:
		return nil
	case w.Function < LinearWindow || w.Function > SigmoidWindow:
		return fmt.Errorf("%w: window function %d", cxr.ErrUnsupported, w.Function)
	case math.IsNaN(w.Center) || math.IsInf(w.Center, 0) || math.IsNaN(w.Width) || math.IsInf(w.Width, 0):
		return fmt.Errorf("%w: window %v, %v", cxr.ErrUnsupported, w.Center, w.Width)
	}
	return w.check()
}

// check reports a width that the function is not defined for.
func (w *Window) check() error {
	if w.Width <= 0 || w.Function == LinearWindow && w.Width < 1 {
		return fmt.Errorf("%w: window width %v", cxr.ErrCorrupt, w.Width)
	}
	return nil
}

// at is the gray of x, 0 to 1.
func (w *Window) at(x float64) float64 {
	switch w.Function {
	case ExactWindow:
		return clamp((x-w.Center)/w.Width + 0.5)
	case SigmoidWindow:
		return 1 / (1 + math.Exp(-4*(x-w.Center)/w.Width))
	}
	center, span := w.Center-0.5, w.Width-1
	switch {
	case x <= center-span/2:
		return 0
	case x > center+span/2:
		return 1
	}
	return clamp((x-center)/span + 0.5)
}

func clamp(y float64) float64 { return min(max(y, 0), 1) }
