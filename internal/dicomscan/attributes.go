package dicomscan

// A Tag is group<<16 | element.
type Tag uint32

// Tags that the scanner itself acts on.
const (
	TagFloatPixelData  Tag = 0x7fe00008
	TagDoublePixelData Tag = 0x7fe00009
	TagPixelData       Tag = 0x7fe00010

	tagTransferSyntax  Tag = 0x00020010
	tagPatientID       Tag = 0x00100020
	tagSamplesPerPixel Tag = 0x00280002
	tagPhotometric     Tag = 0x00280004
	tagNumberOfFrames  Tag = 0x00280008
	tagRows            Tag = 0x00280010
	tagColumns         Tag = 0x00280011
	tagBitsAllocated   Tag = 0x00280100
	tagExtendedOffsets Tag = 0x7fe00001
	tagItem            Tag = 0xfffee000
	tagItemEnd         Tag = 0xfffee00d
	tagSequenceEnd     Tag = 0xfffee0dd
)

// Transfer syntaxes that decide how the data set is read.
const (
	implicitLittle = "1.2.840.10008.1.2"
	explicitLittle = "1.2.840.10008.1.2.1"
	explicitBig    = "1.2.840.10008.1.2.2"
	deflated       = "1.2.840.10008.1.2.1.99"
)

// Of the encoding (PS3.5 7.1, PS3.10 7.1).
const (
	undefinedLength = 0xffffffff
	maxShortValue   = 0xfffe // of a value representation with 16-bit length
	preambleLength  = 128
	magic           = "DICM"
)

// attributes are the elements a [File] keeps, each with the value
// representation under which [File.Header] writes it. "US or SS" is written as
// US: its reader knows Pixel Representation. No attribute of the patient,
// the visit or the staff may ever join this list.
var attributes = map[Tag]string{
	0x00080016:         "UI", // SOP Class UID
	0x00080018:         "UI", // SOP Instance UID
	0x00080060:         "CS", // Modality
	0x00080064:         "CS", // Conversion Type
	0x00080068:         "CS", // Presentation Intent Type
	0x00080100:         "SH", // Code Value, within View Code Sequence
	0x00180015:         "CS", // Body Part Examined
	0x00181600:         "CS", // Shutter Shape
	0x00181602:         "IS", // Shutter Left Vertical Edge
	0x00181604:         "IS", // Shutter Right Vertical Edge
	0x00181606:         "IS", // Shutter Upper Horizontal Edge
	0x00181608:         "IS", // Shutter Lower Horizontal Edge
	0x00181610:         "IS", // Center of Circular Shutter
	0x00181612:         "IS", // Radius of Circular Shutter
	0x00181620:         "IS", // Vertices of the Polygonal Shutter
	0x00185101:         "CS", // View Position
	tagSamplesPerPixel: "US",
	tagPhotometric:     "CS",
	0x00280006:         "US", // Planar Configuration
	tagNumberOfFrames:  "IS",
	tagRows:            "US",
	tagColumns:         "US",
	tagBitsAllocated:   "US",
	0x00280101:         "US", // Bits Stored
	0x00280102:         "US", // High Bit
	0x00280103:         "US", // Pixel Representation
	0x00280120:         "US", // Pixel Padding Value, US or SS
	0x00280121:         "US", // Pixel Padding Range Limit, US or SS
	0x00280301:         "CS", // Burned In Annotation
	0x00281050:         "DS", // Window Center
	0x00281051:         "DS", // Window Width
	0x00281052:         "DS", // Rescale Intercept
	0x00281053:         "DS", // Rescale Slope
	0x00281056:         "CS", // VOI LUT Function
	0x00281101:         "US", // Red Palette Color Lookup Table Descriptor
	0x00281102:         "US", // Green
	0x00281103:         "US", // Blue
	0x00281201:         "OW", // Red Palette Color Lookup Table Data
	0x00281202:         "OW", // Green
	0x00281203:         "OW", // Blue
	0x00282110:         "CS", // Lossy Image Compression
	0x00283000:         "SQ", // Modality LUT Sequence
	0x00283002:         "US", // LUT Descriptor, US or SS
	0x00283006:         "OW", // LUT Data, US or OW
	0x00283010:         "SQ", // VOI LUT Sequence
	0x00540220:         "SQ", // View Code Sequence
	0x20500020:         "CS", // Presentation LUT Shape
}
