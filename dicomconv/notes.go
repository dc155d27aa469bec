package dicomconv

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

// notes are the facts that a careful reader of the pictures wants to know. head
// is that of the codestream, as far as it is known.
func (h *header) notes(head stream) []string {
	var notes []string
	note := func(ok bool, s string) {
		if ok {
			notes = append(notes, s)
		}
	}
	note(h.burnedIn != "NO", "the file does not deny burned-in annotation")
	note(h.processing, "raw detector data, for processing and not for presentation")
	note(h.secondary, "secondary capture: gray values of a screen or a scanned film")
	note(h.lossy || syntaxes[h.syntax].lossy || head.lossy, "lossy compression")
	note(head.lossy && !syntaxes[h.syntax].lossy, "the codestream is lossy, though the transfer syntax is not")
	note(head.coding != codingUnknown && head.coding != syntaxes[h.syntax].coding,
		fmt.Sprintf("the codestream is %s, which the transfer syntax does not say", codings[head.coding].name))
	note(head.precision > h.bitsStored, fmt.Sprintf("the codestream has %d bits, more than bits stored: all are taken", head.precision))
	note(h.unreadable != "", h.unreadable+" is there, but is no number: the film is refused")
	note(h.badModalityLUT, "modality LUT without its entries: not applied")
	note(h.badVOILUT, "VOI LUT without its entries: not applied")
	note(h.badWindow, "window whose center or width is no number, or has no other half: not applied")
	for _, l := range h.voiLUTs {
		if bits := l.used(); l.bits-bits >= 2 { // 12-bit entries of some writers
			note(true, fmt.Sprintf("VOI LUT of %d-bit entries that use %d bits: dark by Standard", l.bits, bits))
			break
		}
	}
	note(len(h.windows)+len(h.voiLUTs) == 0, "no window and no VOI LUT: Standard takes an automatic window")
	note(len(h.windows)+len(h.voiLUTs) > 1, "several windows or VOI LUTs: Options.VOI chooses")
	note(h.padding != nil, "padding: excluded by Standard, taken for pixels by the other recipes")
	note(h.shutter != nil, "display shutter: applied by Standard only")
	note(h.Photometric == "MONOCHROME1" && h.shape == "IDENTITY", "MONOCHROME1 with presentation LUT shape IDENTITY: inverted, as the former says")
	note(h.Photometric == "MONOCHROME2" && h.shape == "INVERSE", "MONOCHROME2 with presentation LUT shape INVERSE: inverted by Standard, as the latter says")
	note(h.Photometric == "" && h.SamplesPerPixel == 1, "no photometric interpretation: the film is refused")
	note(h.monochrome() && h.BitsAllocated <= 16 && h.bitsStored < h.BitsAllocated && h.highBit != h.bitsStored-1, "high bit is not bits stored - 1")
	note(h.view == cxr.ViewUnknown, "no view position")
	return notes
}
