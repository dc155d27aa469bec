package dicomconv

import (
	"fmt"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/dicomscan"
)

// secondaryCapture begins the SOP Class UIDs of Secondary Capture objects
// (PS3.6 A).
const secondaryCapture = "1.2.840.10008.5.1.4.1.1.7"

// A header is what a picture is made by. Of the patient it holds nothing but the
// ID, of the instance its UID, both for pseudonyms.
type header struct {
	dicomscan.Geometry
	syntax     string // transfer syntax UID
	instance   string // SOP Instance UID
	patient    string // Patient ID; it leaves this type as a pseudonym only
	planar     bool   // planes of color one after the other
	bitsStored int    // 1..BitsAllocated
	highBit    int    // bitsStored-1..BitsAllocated-1
	widened    bool   // the codestream has more bits than the file says
	signed     bool
	padding    *padding

	modality   string
	bodyPart   string // in capitals, of bodyParts, or "other"
	view       cxr.View
	viewEmpty  bool // View Position is there, without a value
	burnedIn   string
	processing bool // FOR PROCESSING: raw data, not meant for display
	lossy      bool
	secondary  bool // Secondary Capture: a screen, a scanned film

	modalityLUT      *lut
	badModalityLUT   bool // there is one, without entries or cut off
	slope, intercept *float64
	unreadable       string // the attribute, of the two, that is there and no number
	voiLUTs          []lut
	badVOILUT        bool // there is one, without entries or cut off
	windows          []Window
	badWindow        bool // of a center or width that is no number, or has no other half
	manyCenters      bool // more than one Window Center
	manyWidths       bool
	shape            string // Presentation LUT Shape
	palette          [3]*lut
	shutter          *shutter
}

// padding is a range of stored values that are no pixels (PS3.3 C.7.5.1.1.2).
type padding struct{ low, high int }

// readHeader reads the attributes of a data set. The pixel data is not touched.
func readHeader(ds dicom.Dataset, syntax string) (*header, error) {
	a := attributes(ds.Elements)
	h := &header{
		Geometry: dicomscan.Geometry{
			Rows:            a.word(tag.Rows, 0),
			Columns:         a.word(tag.Columns, 0),
			Frames:          1,
			SamplesPerPixel: a.word(tag.SamplesPerPixel, 1),
			BitsAllocated:   a.word(tag.BitsAllocated, 0),
			Photometric:     a.code(tag.PhotometricInterpretation),
		},
		syntax:     syntax,
		instance:   a.text(tag.SOPInstanceUID),
		planar:     a.word(tag.PlanarConfiguration, 0) == 1,
		signed:     a.word(tag.PixelRepresentation, 0) == 1,
		modality:   a.code(tag.Modality),
		bodyPart:   bodyPart(a.code(tag.BodyPartExamined)),
		burnedIn:   a.code(tag.BurnedInAnnotation),
		processing: a.code(tag.PresentationIntentType) == "FOR PROCESSING",
		lossy:      a.text(tag.LossyImageCompression) == "01",
		secondary:  strings.HasPrefix(a.text(tag.SOPClassUID), secondaryCapture) || a.text(tag.ConversionType) != "",
		shape:      a.code(tag.PresentationLUTShape),
	}
	h.view, h.viewEmpty = readView(a)
	if s := a.text(tag.NumberOfFrames); s != "" {
		n, ok := dicomscan.ParseFrames(s)
		if !ok {
			return nil, fmt.Errorf("%w: number of frames (0028,0008) is not a number", cxr.ErrCorrupt)
		}
		h.Frames = n
	}
	h.readBits(a)
	h.readPadding(a)
	var slope, intercept bool
	h.slope, slope = a.number(tag.RescaleSlope)
	h.intercept, intercept = a.number(tag.RescaleIntercept)
	h.readWindows(a)
	h.shutter = readShutter(a)
	h.readLUTs(a)
	switch {
	case h.modalityLUT != nil: // instead of a rescale
	case !slope:
		h.unreadable = "rescale slope (0028,1053)"
	case !intercept:
		h.unreadable = "rescale intercept (0028,1052)"
	}
	return h, nil
}

// readBits reads where in a word the sample is. Nonsense is taken for the whole
// word, or for its low end: writers get these two wrong without harm elsewhere.
func (h *header) readBits(a attributes) {
	h.bitsStored = a.word(tag.BitsStored, h.BitsAllocated)
	if h.bitsStored < 1 || h.bitsStored > h.BitsAllocated {
		h.bitsStored = h.BitsAllocated
	}
	h.highBit = a.word(tag.HighBit, h.bitsStored-1)
	if h.highBit < h.bitsStored-1 || h.highBit >= h.BitsAllocated {
		h.highBit = h.bitsStored - 1
	}
}

func (h *header) readPadding(a attributes) {
	value := a.words(tag.PixelPaddingValue)
	if len(value) == 0 {
		return
	}
	low := h.number(value[0])
	high := low
	if limit := a.words(tag.PixelPaddingRangeLimit); len(limit) > 0 {
		high = h.number(limit[0])
	}
	h.padding = &padding{min(low, high), max(low, high)}
}

// pseudonym is that of the patient, or "" of a file that names none.
func (h *header) pseudonym(key []byte) string {
	if h.patient == "" {
		return ""
	}
	return Pseudonym(key, h.patient)
}

// number is a 16-bit word as Pixel Representation has it.
func (h *header) number(word uint16) int {
	if h.signed {
		return int(int16(word))
	}
	return int(word)
}

func (h *header) readWindows(a attributes) {
	centers, read := a.numbers(tag.WindowCenter)
	widths, readToo := a.numbers(tag.WindowWidth)
	h.manyCenters, h.manyWidths = len(centers) > 1, len(widths) > 1
	h.badWindow = !read || !readToo || len(centers) != len(widths)
	function := LinearWindow
	switch a.code(tag.VOILUTFunction) {
	case "LINEAR_EXACT":
		function = ExactWindow
	case "SIGMOID":
		function = SigmoidWindow
	}
	for i := range min(len(centers), len(widths)) {
		h.windows = append(h.windows, Window{Center: centers[i], Width: widths[i], Function: function})
	}
}

// readLUTs needs the rescale to be read. LUTs without entries, or with fewer
// than they claim, are left out, as other readers do; notes say so.
func (h *header) readLUTs(a attributes) {
	if items := a.items(tag.ModalityLUTSequence); len(items) > 0 {
		l, err := readLUT(items[0], tag.LUTDescriptor, tag.LUTData, h.signed)
		h.modalityLUT, h.badModalityLUT = l, err != nil
	}
	for _, item := range a.items(tag.VOILUTSequence) {
		l, err := readLUT(item, tag.LUTDescriptor, tag.LUTData, h.voiSigned())
		if err != nil {
			h.badVOILUT = true
			continue
		}
		h.voiLUTs = append(h.voiLUTs, *l)
	}
	if h.Photometric != "PALETTE COLOR" {
		return
	}
	for i, t := range []struct{ descriptor, data tag.Tag }{
		{tag.RedPaletteColorLookupTableDescriptor, tag.RedPaletteColorLookupTableData},
		{tag.GreenPaletteColorLookupTableDescriptor, tag.GreenPaletteColorLookupTableData},
		{tag.BluePaletteColorLookupTableDescriptor, tag.BluePaletteColorLookupTableData},
	} {
		h.palette[i], _ = readLUT(a, t.descriptor, t.data, h.signed) // needed only for color
	}
}

// voiSigned tells how the first input value of a VOI LUT is to be read: signed
// where the values before it can be negative (PS3.3 C.11.2.1.1).
func (h *header) voiSigned() bool {
	return h.signed && h.modalityLUT == nil || h.intercept != nil && *h.intercept < 0
}
