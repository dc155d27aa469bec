package local

import (
	"maps"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/resample"
)

// A Resampling is how films are resized: by a kernel of ours, or by one of
// another program with its arithmetic and rounding. A model was trained on what
// one program makes of a film, and what another makes is not the same.
type Resampling string

// Resamplings. Those of PIL are of Pillow up to version 12; 13 takes columns
// before rows in some films, which moves single gray values. Those of torch are
// of tensors, as in torchvision.transforms.v2 and the image processors of
// transformers 5; "plain" ones are without antialias.
const (
	ResizeArea           Resampling = "area" // as cxr.KernelArea
	ResizeBilinear       Resampling = "bilinear"
	ResizeCubic          Resampling = "cubic"
	ResizeLegacyBilinear Resampling = "legacy bilinear" // in whole gray values, see cxr.KernelLegacyBilinear

	ResizePILNearest  Resampling = "pil nearest"
	ResizePILBox      Resampling = "pil box"
	ResizePILBilinear Resampling = "pil bilinear"
	ResizePILHamming  Resampling = "pil hamming"
	ResizePILBicubic  Resampling = "pil bicubic"
	ResizePILLanczos  Resampling = "pil lanczos"

	ResizeTorchNearest       Resampling = "torch nearest"
	ResizeTorchBilinear      Resampling = "torch bilinear"
	ResizeTorchBicubic       Resampling = "torch bicubic"
	ResizeTorchLanczos       Resampling = "torch lanczos"
	ResizeTorchBilinearPlain Resampling = "torch bilinear plain"
	ResizeTorchBicubicPlain  Resampling = "torch bicubic plain"

	ResizeOpenCVNearest Resampling = "opencv nearest"
	ResizeOpenCVLinear  Resampling = "opencv linear"
	ResizeOpenCVCubic   Resampling = "opencv cubic"
	ResizeOpenCVArea    Resampling = "opencv area" // also for enlarging, where OpenCV interpolates

	ResizeTensorFlow1Bilinear Resampling = "tensorflow 1 bilinear" // in floats
	ResizeTensorFlowBilinear  Resampling = "tensorflow bilinear"   // tf.image.resize without antialias, in floats
	ResizeScikitImage         Resampling = "scikit-image"          // transform.resize of floats with mode="constant", as torchxrayvision's XRayResizer
)

// A method is what is behind a Resampling.
type method struct {
	resample.Method
	floats bool // gives floats whatever it is given
}

var methods = map[Resampling]method{
	ResizePILNearest:          {Method: resample.Method{Program: resample.Pillow, Filter: resample.Nearest}},
	ResizePILBox:              {Method: resample.Method{Program: resample.Pillow, Filter: resample.Box}},
	ResizePILBilinear:         {Method: resample.Method{Program: resample.Pillow, Filter: resample.Linear}},
	ResizePILHamming:          {Method: resample.Method{Program: resample.Pillow, Filter: resample.Hamming}},
	ResizePILBicubic:          {Method: resample.Method{Program: resample.Pillow, Filter: resample.CubicHalf}},
	ResizePILLanczos:          {Method: resample.Method{Program: resample.Pillow, Filter: resample.Lanczos}},
	ResizeTorchNearest:        {Method: resample.Method{Program: resample.Torch, Filter: resample.Nearest}},
	ResizeTorchBilinear:       {Method: resample.Method{Program: resample.Torch, Filter: resample.Linear}},
	ResizeTorchBicubic:        {Method: resample.Method{Program: resample.Torch, Filter: resample.CubicHalf}},
	ResizeTorchLanczos:        {Method: resample.Method{Program: resample.Torch, Filter: resample.Lanczos}},
	ResizeTorchBilinearPlain:  {Method: resample.Method{Program: resample.TorchPlain, Filter: resample.Linear}},
	ResizeTorchBicubicPlain:   {Method: resample.Method{Program: resample.TorchPlain, Filter: resample.CubicThree}},
	ResizeOpenCVNearest:       {Method: resample.Method{Program: resample.OpenCV, Filter: resample.Nearest}},
	ResizeOpenCVLinear:        {Method: resample.Method{Program: resample.OpenCV, Filter: resample.Linear}},
	ResizeOpenCVCubic:         {Method: resample.Method{Program: resample.OpenCV, Filter: resample.CubicThree}},
	ResizeOpenCVArea:          {Method: resample.Method{Program: resample.OpenCV, Filter: resample.Box}},
	ResizeTensorFlow1Bilinear: {Method: resample.Method{Program: resample.TensorFlow1, Filter: resample.Linear}, floats: true},
	ResizeTensorFlowBilinear:  {Method: resample.Method{Program: resample.TorchPlain, Filter: resample.Linear}, floats: true},
	ResizeScikitImage:         {Method: resample.Method{Program: resample.ScikitImage, Filter: resample.Linear}, floats: true},
}

// kernels are ours.
var kernels = map[Resampling]cxr.Kernel{
	ResizeArea: cxr.KernelArea, ResizeBilinear: cxr.KernelBilinear, ResizeCubic: cxr.KernelCubic, ResizeLegacyBilinear: cxr.KernelLegacyBilinear,
}

func (r Resampling) own() bool {
	_, ok := kernels[r]
	return ok
}

func (r Resampling) valid() bool {
	_, ok := methods[r]
	return ok || r.own()
}

// resamplings are all, in order.
func resamplings() []Resampling {
	return slices.Concat(slices.Sorted(maps.Keys(kernels)), slices.Sorted(maps.Keys(methods)))
}

func resamplingNames() string {
	var names []string
	for _, r := range resamplings() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}
