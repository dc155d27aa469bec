package cxr_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
)

var kernels = []cxr.Kernel{cxr.KernelArea, cxr.KernelBilinear, cxr.KernelCubic, cxr.KernelLegacyBilinear}

func ExampleImage_Resize() {
	m := &cxr.Image{Width: 4, Height: 2, Depth: 8, Pix: []uint16{
		10, 20, 200, 200,
		30, 40, 200, 220,
	}}
	half := m.Resize(2, 1, cxr.KernelArea)
	fmt.Println(half.Width, half.Height, half.Pix)
	// Output: 2 1 [25 205]
}

func TestResizeKeepsAllButPixels(t *testing.T) {
	m := ramp(40, 30, 8)
	m.View = cxr.ViewPA
	for _, k := range kernels {
		r := m.Resize(13, 17, k)
		if err := r.Validate(); err != nil {
			t.Errorf("%v: %v", k, err)
		}
		if r.Width != 13 || r.Height != 17 {
			t.Errorf("%v: %d x %d pixels, want 13 x 17", k, r.Width, r.Height)
		}
		if r.ID != m.ID || r.Depth != m.Depth || r.View != m.View || r.Recipe != m.Recipe {
			t.Errorf("%v: %+v differs from the source in more than pixels", k, *r)
		}
	}
}

func TestResizeToTheSameSizeIsACopy(t *testing.T) {
	for _, k := range kernels {
		m := ramp(40, 30, 16)
		r := m.Resize(40, 30, k)
		if !slices.Equal(r.Pix, m.Pix) {
			t.Errorf("%v: pixels changed", k)
		}
		r.Pix[0]++
		if r.Pix[0] == m.Pix[0] {
			t.Errorf("%v: the copy shares its pixels", k)
		}
	}
}

func TestResizeToNothingIsEmpty(t *testing.T) {
	tests := []struct {
		name          string
		image         *cxr.Image
		width, height int
		kernel        cxr.Kernel
	}{
		{"no width", ramp(4, 4, 8), 0, 4, cxr.KernelArea},
		{"a negative height", ramp(4, 4, 8), 4, -4, cxr.KernelArea},
		{"a size beyond all memory", ramp(4, 4, 8), math.MaxInt, math.MaxInt, cxr.KernelArea},
		{"a kernel that is not there", ramp(4, 4, 8), 2, 2, cxr.Kernel(99)},
		{"a negative kernel", ramp(4, 4, 8), 2, 2, cxr.Kernel(-1)},
		{"an image without pixels", &cxr.Image{Width: 4, Height: 4, Depth: 8}, 2, 2, cxr.KernelArea},
		{"a nil image", nil, 2, 2, cxr.KernelArea},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := test.image.Resize(test.width, test.height, test.kernel)
			if !r.Bounds().Empty() || !errors.Is(r.Validate(), cxr.ErrImage) {
				t.Errorf("%d x %d pixels, want none", r.Width, r.Height)
			}
		})
	}
}

func TestKernelsHaveNames(t *testing.T) {
	seen := map[string]bool{"unknown": true}
	for _, k := range kernels {
		if seen[k.String()] {
			t.Errorf("kernel %d: name %q is not its own", int(k), k)
		}
		seen[k.String()] = true
	}
	if got := cxr.Kernel(99).String(); got != "unknown" {
		t.Errorf("kernel 99 is %q", got)
	}
	for _, k := range kernels {
		text, err := k.MarshalText()
		back := cxr.Kernel(-1)
		if err := errors.Join(err, back.UnmarshalText(text)); err != nil || back != k {
			t.Errorf("%v comes back as %v from %q, error %v", k, back, text, err)
		}
	}
	k := cxr.KernelCubic
	if err := k.UnmarshalText(nil); err != nil || k != cxr.KernelArea {
		t.Errorf("no text is %v, error %v", k, err)
	}
	if err := k.UnmarshalText([]byte("nearest")); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("an unknown kernel: %v", err)
	}
	if _, err := cxr.Kernel(99).MarshalText(); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("kernel 99 as text: %v", err)
	}
}

func TestFitKeepsTheAspect(t *testing.T) {
	for _, test := range [][5]int{ // width, height, side; want
		{400, 300, 200, 200, 150}, {300, 400, 200, 150, 200}, {3, 1000, 100, 1, 100}, {20, 10, 40, 40, 20}, {7, 7, 7, 7, 7},
	} {
		if r := ramp(test[0], test[1], 8).Fit(test[2], cxr.KernelArea); r.Width != test[3] || r.Height != test[4] || r.Validate() != nil {
			t.Errorf("%v: %d x %d", test, r.Width, r.Height)
		}
	}
	for _, side := range []int{0, -1, math.MaxInt} {
		if r := ramp(4, 2, 8).Fit(side, cxr.KernelArea); !r.Bounds().Empty() {
			t.Errorf("side %d: %d x %d", side, r.Width, r.Height)
		}
	}
	if r := (*cxr.Image)(nil).Fit(5, cxr.KernelArea); !r.Bounds().Empty() {
		t.Error("a nil image has pixels")
	}
}
