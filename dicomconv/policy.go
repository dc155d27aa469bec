package dicomconv

import (
	"fmt"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
)

// allow reports the first policy of o that refuses a film with header h. No
// message repeats a value of the file: any text there may name a patient.
func (o *Options) allow(h *header) error {
	if err := h.Check(o.Limits.Pixels); err != nil {
		return err
	}
	switch {
	case o.Views == ViewsFrontal && h.view != cxr.ViewUnknown && !h.view.Frontal():
		return fmt.Errorf("%w: view position is %v", cxr.ErrNotFrontal, h.view)
	case o.Views == ViewsFrontal && h.viewEmpty && o.Recipe == cxr.Upstream:
		return fmt.Errorf("%w: view position is empty, which recipe %s refuses", cxr.ErrNotFrontal, o.Recipe)
	case o.BurnedIn == BurnedInReject && h.burnedIn == "YES":
		return fmt.Errorf("%w: the file says so", cxr.ErrBurnedIn)
	case o.BurnedIn == BurnedInRequireNo && h.burnedIn != "NO":
		return fmt.Errorf("%w: the file does not deny it", cxr.ErrBurnedIn)
	case o.Modalities != nil && !slices.Contains(o.Modalities, h.modality):
		return fmt.Errorf("%w: the file's is %s, want one of %q", cxr.ErrModality, told(known(h.modality, modalities)), o.Modalities)
	case o.BodyParts != nil && !slices.Contains(o.BodyParts, h.bodyPart):
		return fmt.Errorf("%w: the file's is %s, want one of %q", cxr.ErrBodyPart, told(h.bodyPart), o.BodyParts)
	case h.unreadable != "":
		return fmt.Errorf("%w: %s is there, but is no number", cxr.ErrCorrupt, h.unreadable)
	case h.Photometric == "" && h.SamplesPerPixel == 1:
		return fmt.Errorf("%w: photometric interpretation (0028,0004) is missing, without which black and white cannot be told apart", cxr.ErrCorrupt)
	case h.Frames > 1 && o.Frame == 0:
		return fmt.Errorf("%w: %d frames", cxr.ErrMultiFrame, h.Frames)
	case o.Frame > h.Frames:
		return fmt.Errorf("%w: frame %d of %d", cxr.ErrMultiFrame, o.Frame, h.Frames)
	case o.Color == ColorReject && !h.monochrome():
		return fmt.Errorf("%w: %d samples per pixel, photometric interpretation %s", cxr.ErrColor, h.SamplesPerPixel, known(h.Photometric, photometrics))
	}
	return nil
}

func (h *header) monochrome() bool {
	return h.SamplesPerPixel == 1 && (h.Photometric == "MONOCHROME1" || h.Photometric == "MONOCHROME2")
}

// photometrics are the defined terms of PS3.3 C.7.6.3.1.2.
var photometrics = []string{"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "XYB"}

// told is a value of the header in a sentence.
func told(s string) string {
	switch s {
	case "":
		return "not told"
	case "other":
		return "none that DICOM defines"
	}
	return s
}

// known is s if it is one of terms, else "other": free text goes nowhere.
func known(s string, terms []string) string {
	if s == "" || slices.Contains(terms, s) {
		return s
	}
	return "other"
}
