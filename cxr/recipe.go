package cxr

// Recipes: how the stored values of a file become gray. A recipe is named in every
// Image, and its arithmetic never changes under the same name. Package dicomconv
// carries them out.
const (
	// Standard is the grayscale pipeline of DICOM (PS3.3 C.11, PS3.4 N.2):
	// modality LUT or rescale, VOI LUT or window, exactly one inversion, on a
	// range that does not depend on the content. Gray is rounded to the nearest,
	// halves to even. Padding and what lies outside a display shutter become
	// black. It is the default.
	//
	// A film without VOI LUT and window gets an automatic window: the range
	// possible if it stores 8 bits or fewer, else from the darkest to the
	// brightest pixel without the 0.5% of either end. A film of one value is
	// black, inverted white.
	Standard = "standard/1"

	// Upstream gives the pixels of Google's cxr-foundation client of 2022 to
	// 2024 bit for bit, for comparison with its published embeddings. Its
	// contrast depends on the darkest and brightest pixel.
	Upstream = "upstream/1"

	// HAIDEF is what the HAI-DEF container of CXR Foundation (2024) makes of a
	// DICOM file before its PNG.
	HAIDEF = "haidef/1"

	// MedSigLIP is what the MedSigLIP container (2025) makes of a CR or DX
	// file.
	MedSigLIP = "medsiglip/1"
)
