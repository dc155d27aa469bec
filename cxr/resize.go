package cxr

import (
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/internal/resample"
)

// A Kernel is how [Image.Resize] makes a pixel of those around it.
type Kernel int

const (
	// KernelArea is the mean of what the pixel covers: the choice for making
	// films smaller. Enlarging repeats pixels.
	KernelArea = Kernel(resample.Area)

	// KernelBilinear is linear interpolation, stretched by the reduction so
	// that fine detail is blurred away and not aliased: BILINEAR of the
	// Pillow imaging library, antialias=True of torchvision.
	KernelBilinear = Kernel(resample.Bilinear)

	// KernelCubic is cubic convolution (a = -0.5), stretched likewise: BICUBIC
	// of Pillow, CatmullRom of golang.org/x/image/draw. It is the sharpest,
	// and the choice for enlarging.
	KernelCubic = Kernel(resample.Cubic)

	// KernelLegacyBilinear is ResizeBilinear of TensorFlow 1
	// (align_corners=False, half_pixel_centers=False), without antialiasing,
	// as in the CXR Foundation models: a film shrunk by it to what such a
	// model works on is not changed again there.
	KernelLegacyBilinear = Kernel(resample.LegacyBilinear)
)

// String is "area", "bilinear", "cubic" or "legacy bilinear".
func (k Kernel) String() string {
	switch k {
	case KernelArea:
		return "area"
	case KernelBilinear:
		return "bilinear"
	case KernelCubic:
		return "cubic"
	case KernelLegacyBilinear:
		return "legacy bilinear"
	}
	return "unknown"
}

// MarshalText is String, so that a Kernel in JSON is its name.
func (k Kernel) MarshalText() ([]byte, error) {
	if k.String() == "unknown" {
		return nil, fmt.Errorf("%w: kernel %d", ErrUnsupported, int(k))
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads what String writes; no text is "area", the default.
func (k *Kernel) UnmarshalText(text []byte) error {
	for _, known := range []Kernel{KernelArea, KernelBilinear, KernelCubic, KernelLegacyBilinear} {
		if known.String() == string(text) || len(text) == 0 && known == KernelArea {
			*k = known
			return nil
		}
	}
	return fmt.Errorf("%w: kernel %q, want \"area\", \"bilinear\", \"cubic\" or \"legacy bilinear\"", ErrUnsupported, text)
}

// maxResized bounds the pixels Resize makes: 512 MiB, many times any film.
const maxResized = 1 << 28

// Resize is m scaled to width x height pixels, sides independently. It has the
// ID, Depth, View and Recipe of m, and pixels of its own; with the size of m
// they equal those of m whatever the kernel. Gray values are rounded to the
// nearest, halves up, and clipped to the range of m; the result is the same on
// every machine.
//
// Where there is nothing to scale, or to scale to, the result is an empty image
// of 0 x 0 pixels, which [Image.Validate] and all encoders and embedders
// refuse: for a width or height below 1, more than 2^28 pixels, a Kernel that
// is none of the above, and an m that is not valid.
func (m *Image) Resize(width, height int, k Kernel) *Image {
	if m.Validate() != nil {
		return &Image{}
	}
	r := *m
	r.Width, r.Height, r.Pix = 0, 0, nil
	kernel := resample.Kernel(k)
	if width < 1 || height < 1 || width > maxResized/height || !kernel.Valid() {
		return &r
	}
	r.Width, r.Height = width, height
	if width == m.Width && height == m.Height {
		r.Pix = slices.Clone(m.Pix)
	} else {
		r.Pix = resample.Gray(m.Pix, m.Width, m.Height, width, height, m.Max(), kernel)
	}
	return &r
}

// Fit is m scaled, its aspect kept, so that its longer side has side pixels and the
// shorter at least one; see [Image.Resize].
func (m *Image) Fit(side int, k Kernel) *Image {
	if m.Validate() != nil || side < 1 || side > maxResized {
		return &Image{}
	}
	longer := max(m.Width, m.Height)
	part := func(n int) int { return max(1, int(int64(n)*int64(side)/int64(longer))) }
	return m.Resize(part(m.Width), part(m.Height), k)
}
