package dicomconv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/color"

	"github.com/cxrkit/cxrkit/cxr"
)

// Bounds of the work that a progressive JPEG file can ask for: a scan of a few
// bytes can go over all blocks. Encoders make about ten scans, in which each
// coefficient is coded once and refined twice (libjpeg, MozJPEG).
const (
	maxScans  = 100
	maxVisits = 6 // of each coefficient
)

// checkScans refuses a JPEG file that is more work than its picture explains. What
// a comment or a preview has of a scan's marker, which entropy-coded data cannot
// hold, counts too.
func checkScans(b []byte, model color.Model) error {
	components := 3
	switch model {
	case color.GrayModel:
		components = 1
	case color.CMYKModel:
		components = 4
	}
	scans, coefficients := 0, 0
	for {
		i := bytes.Index(b, []byte{0xff, 0xda})
		if i < 0 {
			return nil
		}
		b = b[i+2:]
		scans++
		if n := 6 + 2*components; len(b) > n { // length, components, two bytes for each, first and last coefficient
			n = int(min(b[2], 4))
			if length := int(binary.BigEndian.Uint16(b)); length == 6+2*n {
				coefficients += n * (1 + max(0, min(int(b[4+2*n]), 63)-int(b[3+2*n])))
			}
		}
		if scans > maxScans || coefficients > maxVisits*64*components {
			return fmt.Errorf("%w: JPEG of more scans than an encoder makes", cxr.ErrTooLarge)
		}
	}
}

// checkChunks refuses a PNG file of many chunks beside those of its pixels, for
// each of which the decoder takes 4 KiB.
func checkChunks(b []byte) error {
	const most = 1000
	others := 0
	for at := 8; at+8 <= len(b); {
		if string(b[at+4:at+8]) != "IDAT" {
			others++
		}
		if others > most {
			return fmt.Errorf("%w: PNG file of more than %d chunks beside its pixels", cxr.ErrTooLarge, most)
		}
		n := int64(binary.BigEndian.Uint32(b[at:]))
		if n > int64(len(b)) {
			return nil // cut off, as the decoder will say
		}
		at += 12 + int(n)
	}
	return nil
}
