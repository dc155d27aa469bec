package dicomconv

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/dicomscan"
)

// secondaryCapture begins the SOP Class UIDs of Secondary Capture objects
// (PS3.6 A).
const secondaryCapture = "1.2.840.10008.5.1.4.1.1.7"

// A header is what a picture is made by. Of the patient it holds nothing, of
// the instance its UID, for pseudonyms.
type header struct {
	dicomscan.Geometry
	syntax     string // transfer syntax UID
	instance   string // SOP Instance UID
	planar     bool   // planes of color one after the other
	bitsStored int    // 1..BitsAllocated
	highBit    int    // bitsStored-1..BitsAllocated-1
	signed     bool
	padding    *padding

	modality   string
	view       cxr.View
	viewEmpty  bool // View Position is there, without a value
	burnedIn   string
	processing bool // FOR PROCESSING: raw data, not meant for display
	lossy      bool
	secondary  bool // Secondary Capture: a screen, a scanned film

	modalityLUT      *lut
	slope, intercept *float64
	voiLUTs          []lut
	windows          []Window
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
			Photometric:     a.text(tag.PhotometricInterpretation),
		},
		syntax:     syntax,
		instance:   a.text(tag.SOPInstanceUID),
		planar:     a.word(tag.PlanarConfiguration, 0) == 1,
		signed:     a.word(tag.PixelRepresentation, 0) == 1,
		modality:   a.text(tag.Modality),
		burnedIn:   a.text(tag.BurnedInAnnotation),
		processing: a.text(tag.PresentationIntentType) == "FOR PROCESSING",
		lossy:      a.text(tag.LossyImageCompression) == "01",
		secondary:  strings.HasPrefix(a.text(tag.SOPClassUID), secondaryCapture) || a.text(tag.ConversionType) != "",
		shape:      a.text(tag.PresentationLUTShape),
	}
	h.view, h.viewEmpty = readView(a)
	if s := a.text(tag.NumberOfFrames); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, fmt.Errorf("%w: number of frames is not a number", cxr.ErrCorrupt)
		}
		h.Frames = n
	}
	h.readBits(a)
	h.readPadding(a)
	if v, ok := a.number(tag.RescaleSlope); ok {
		h.slope = &v
	}
	if v, ok := a.number(tag.RescaleIntercept); ok {
		h.intercept = &v
	}
	h.readWindows(a)
	h.shutter = readShutter(a)
	return h, h.readLUTs(a)
}

// readView classes View Position (0018,5101), else View Code Sequence
// (0054,0220), whose codes are of PS3.16 CID 4010 in SNOMED RT and CT; one that
// is neither PA, AP nor lateral leaves the view unknown.
func readView(a attributes) (view cxr.View, empty bool) {
	position := a.texts(tag.ViewPosition)
	if len(position) > 0 && position[0] != "" {
		switch position[0] {
		case "PA":
			return cxr.ViewPA, false
		case "AP":
			return cxr.ViewAP, false
		case "LL", "RL", "LATERAL", "LAT", "LLD", "RLD":
			return cxr.ViewLateral, false
		}
		return cxr.ViewOther, false
	}
	for _, code := range a.items(tag.ViewCodeSequence) {
		switch code.text(tag.CodeValue) {
		case "R-10214", "R-40888", "272479007":
			return cxr.ViewPA, false
		case "R-10206", "399348003":
			return cxr.ViewAP, false
		case "R-102CD", "399067008", "R-10232", "399198007", "R-10236", "399173006":
			return cxr.ViewLateral, false
		}
	}
	return cxr.ViewUnknown, a.value(tag.ViewPosition) != nil
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

// number is a 16-bit word as Pixel Representation has it.
func (h *header) number(word uint16) int {
	if h.signed {
		return int(int16(word))
	}
	return int(word)
}

func (h *header) readWindows(a attributes) {
	centers, widths := a.numbers(tag.WindowCenter), a.numbers(tag.WindowWidth)
	h.manyCenters, h.manyWidths = len(centers) > 1, len(widths) > 1
	function := LinearWindow
	switch a.text(tag.VOILUTFunction) {
	case "LINEAR_EXACT":
		function = ExactWindow
	case "SIGMOID":
		function = SigmoidWindow
	}
	for i := range min(len(centers), len(widths)) {
		h.windows = append(h.windows, Window{Center: centers[i], Width: widths[i], Function: function})
	}
}

// readLUTs needs the rescale to be read.
func (h *header) readLUTs(a attributes) error {
	if items := a.items(tag.ModalityLUTSequence); len(items) > 0 {
		l, err := readLUT(items[0], tag.LUTDescriptor, tag.LUTData, h.signed)
		if err != nil {
			return fmt.Errorf("modality LUT: %w", err)
		}
		h.modalityLUT = l
	}
	for _, item := range a.items(tag.VOILUTSequence) {
		l, err := readLUT(item, tag.LUTDescriptor, tag.LUTData, h.voiSigned())
		if err != nil {
			return fmt.Errorf("VOI LUT: %w", err)
		}
		h.voiLUTs = append(h.voiLUTs, *l)
	}
	if h.Photometric != "PALETTE COLOR" {
		return nil
	}
	for i, t := range []struct{ descriptor, data tag.Tag }{
		{tag.RedPaletteColorLookupTableDescriptor, tag.RedPaletteColorLookupTableData},
		{tag.GreenPaletteColorLookupTableDescriptor, tag.GreenPaletteColorLookupTableData},
		{tag.BluePaletteColorLookupTableDescriptor, tag.BluePaletteColorLookupTableData},
	} {
		h.palette[i], _ = readLUT(a, t.descriptor, t.data, h.signed) // needed only for color
	}
	return nil
}

// voiSigned tells how the first input value of a VOI LUT is to be read: signed
// where the values before it can be negative (PS3.3 C.11.2.1.1).
func (h *header) voiSigned() bool {
	return h.signed && h.modalityLUT == nil || h.intercept != nil && *h.intercept < 0
}
