package local

import (
	"maps"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/resample"
)

// How films are resized (Preprocess.Resize): by a kernel of ours, or by one of
// another program with its arithmetic and rounding. A model was trained on what
// one program makes of a film, and what another makes is not the same.
//
// The others are "pil nearest", "pil box", "pil bilinear", "pil hamming", "pil
// bicubic" and "pil lanczos", as Pillow up to version 12 (13 takes columns before
// rows in some films, which moves single gray values); "torch nearest", "torch
// bilinear", "torch bicubic" and "torch lanczos", as torchvision.transforms.v2 and
// the image processors of transformers 5 do on tensors, and without antialias
// "torch bilinear plain" and "torch bicubic plain"; "opencv nearest", "opencv
// linear", "opencv cubic" and "opencv area" (also for enlarging, where OpenCV
// interpolates); "tensorflow 1 bilinear" and "tensorflow bilinear" (tf.image.resize
// without antialias), in floats; and "scikit-image", transform.resize of floats with
// mode="constant", as in torchxrayvision's XRayResizer.
const (
	ResizeArea           = "area"            // as cxr.KernelArea
	ResizeBilinear       = "bilinear"        // as cxr.KernelBilinear
	ResizeCubic          = "cubic"           // as cxr.KernelCubic
	ResizeLegacyBilinear = "legacy bilinear" // as cxr.KernelLegacyBilinear, in whole gray values
)

// A method is what is behind another program's name.
type method struct {
	resample.Method
	floats bool // gives floats whatever it is given
}

var methods = map[string]method{
	"pil nearest":           {Method: resample.Method{Program: resample.Pillow, Filter: resample.Nearest}},
	"pil box":               {Method: resample.Method{Program: resample.Pillow, Filter: resample.Box}},
	"pil bilinear":          {Method: resample.Method{Program: resample.Pillow, Filter: resample.Linear}},
	"pil hamming":           {Method: resample.Method{Program: resample.Pillow, Filter: resample.Hamming}},
	"pil bicubic":           {Method: resample.Method{Program: resample.Pillow, Filter: resample.CubicHalf}},
	"pil lanczos":           {Method: resample.Method{Program: resample.Pillow, Filter: resample.Lanczos}},
	"torch nearest":         {Method: resample.Method{Program: resample.Torch, Filter: resample.Nearest}},
	"torch bilinear":        {Method: resample.Method{Program: resample.Torch, Filter: resample.Linear}},
	"torch bicubic":         {Method: resample.Method{Program: resample.Torch, Filter: resample.CubicHalf}},
	"torch lanczos":         {Method: resample.Method{Program: resample.Torch, Filter: resample.Lanczos}},
	"torch bilinear plain":  {Method: resample.Method{Program: resample.TorchPlain, Filter: resample.Linear}},
	"torch bicubic plain":   {Method: resample.Method{Program: resample.TorchPlain, Filter: resample.CubicThree}},
	"opencv nearest":        {Method: resample.Method{Program: resample.OpenCV, Filter: resample.Nearest}},
	"opencv linear":         {Method: resample.Method{Program: resample.OpenCV, Filter: resample.Linear}},
	"opencv cubic":          {Method: resample.Method{Program: resample.OpenCV, Filter: resample.CubicThree}},
	"opencv area":           {Method: resample.Method{Program: resample.OpenCV, Filter: resample.Box}},
	"tensorflow 1 bilinear": {Method: resample.Method{Program: resample.TensorFlow1, Filter: resample.Linear}, floats: true},
	"tensorflow bilinear":   {Method: resample.Method{Program: resample.TorchPlain, Filter: resample.Linear}, floats: true},
	"scikit-image":          {Method: resample.Method{Program: resample.ScikitImage, Filter: resample.Linear}, floats: true},
}

// kernels are ours.
var kernels = map[string]cxr.Kernel{
	ResizeArea: cxr.KernelArea, ResizeBilinear: cxr.KernelBilinear, ResizeCubic: cxr.KernelCubic, ResizeLegacyBilinear: cxr.KernelLegacyBilinear,
}

// own reports a kernel of ours.
func own(r string) bool {
	_, ok := kernels[r]
	return ok
}

func knownResampling(r string) bool {
	_, ok := methods[r]
	return ok || own(r)
}

// resamplings are all, in order.
func resamplings() []string {
	return slices.Concat(slices.Sorted(maps.Keys(kernels)), slices.Sorted(maps.Keys(methods)))
}

func resamplingNames() string {
	return strings.Join(resamplings(), ", ")
}
