package dicomconv

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/tiff"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/dicomscan"
)

// An Info is what a file's header says about its picture. It holds no attribute
// of the patient and no free text: what a file has beside the terms that DICOM
// defines for an attribute is "other".
type Info struct {
	Format         string // "dicom", "png", "jpeg" or "tiff"; of the latter three only size is told
	TransferSyntax string // UID
	Modality       string // "CR", "DX", ...
	View           cxr.View
	Width, Height  int
	Frames         int
	Photometric    string // Photometric Interpretation
	BitsAllocated  int
	BitsStored     int
	Signed         bool
	Windows        []Window // Center and Width of each
	VOILUTs        int      // number of VOI LUTs, which come before windows
	BurnedIn       string   // Burned In Annotation: "YES", "NO" or ""
	Pseudonym      string   // of the SOP Instance UID, with Options.PseudonymKey
	Notes          []string // what makes the picture less than certain, in fixed sentences
}

// modalities are the defined terms of PS3.3 C.7.3.1.1.1 met with single images.
var modalities = []string{"CR", "DX", "DR", "RG", "RF", "XA", "PX", "IO", "MG", "BI", "OT", "SC", "XC", "ES", "GM", "SM", "OP", "OPT",
	"CT", "MR", "US", "NM", "PT", "SEG", "RTIMAGE", "RTDOSE", "RTSTRUCT", "RTPLAN", "SR", "PR", "KO", "ECG", "HD", "DOC", "PMAP"}

// Stat reads the header of a film, in DICOM no more of r than the part before
// the pixel data. It makes no picture and applies no policy.
func (c *Converter) Stat(r io.Reader) (Info, error) {
	if c.err != nil {
		return Info{}, fmt.Errorf("dicomconv: options: %w", c.err)
	}
	var b []byte
	for part := int64(64 << 10); ; part *= 4 {
		more, err := io.ReadAll(io.LimitReader(r, min(part, c.o.Limits.Bytes-int64(len(b)))))
		if err != nil {
			return Info{}, err
		}
		b = append(b, more...)
		info, err := c.stat(b)
		if err == nil || len(more) == 0 || !errors.Is(err, cxr.ErrTruncated) {
			return info, err
		}
	}
}

// stat reads a header of which b is the beginning.
func (c *Converter) stat(b []byte) (Info, error) {
	if format := sniff(b); format != "" {
		return statPicture(format, b)
	}
	s, err := dicomscan.ScanHeader(b, c.o.Limits.scan())
	if err != nil {
		return Info{}, err
	}
	h, err := parseHeader(s)
	if err != nil {
		return Info{}, err
	}
	info := Info{
		Format:         "dicom",
		TransferSyntax: validUID(s.TransferSyntax),
		Modality:       known(h.modality, modalities),
		View:           h.view,
		Width:          h.Columns,
		Height:         h.Rows,
		Frames:         h.Frames,
		Photometric:    known(h.Photometric, photometrics),
		BitsAllocated:  h.BitsAllocated,
		BitsStored:     h.bitsStored,
		Signed:         h.signed,
		Windows:        h.windows,
		VOILUTs:        len(h.voiLUTs),
		BurnedIn:       known(h.burnedIn, []string{"YES", "NO"}),
		Notes:          h.notes(),
	}
	if c.o.PseudonymKey != nil && h.instance != "" {
		info.Pseudonym = Pseudonym(c.o.PseudonymKey, h.instance)
	}
	return info, nil
}

func statPicture(format string, b []byte) (Info, error) {
	config := png.DecodeConfig
	switch format {
	case "jpeg":
		config = jpeg.DecodeConfig
	case "tiff":
		config = tiff.DecodeConfig
	}
	m, err := config(bytes.NewReader(b))
	if err != nil {
		return Info{}, pictureError(err)
	}
	return Info{Format: format, Width: m.Width, Height: m.Height, Frames: 1}, nil
}

// notes are the facts that a careful reader of the pictures wants to know.
func (h *header) notes() []string {
	var notes []string
	note := func(ok bool, s string) {
		if ok {
			notes = append(notes, s)
		}
	}
	note(h.burnedIn != "NO", "the file does not deny burned-in annotation")
	note(h.processing, "raw detector data, for processing and not for presentation")
	note(h.secondary, "secondary capture: gray values of a screen or a scanned film")
	note(h.lossy || syntaxes[h.syntax].lossy, "lossy compression")
	note(len(h.windows)+len(h.voiLUTs) == 0, "no window and no VOI LUT: Standard takes an automatic window")
	note(len(h.windows)+len(h.voiLUTs) > 1, "several windows or VOI LUTs: Options.VOI chooses")
	note(h.padding != nil, "padding: excluded by Standard, taken for pixels by the other recipes")
	note(h.shutter != nil, "display shutter: applied by Standard only")
	note(h.monochrome() && h.BitsAllocated <= 16 && h.bitsStored < h.BitsAllocated && h.highBit != h.bitsStored-1, "high bit is not bits stored - 1")
	note(h.view == cxr.ViewUnknown, "no view position")
	return notes
}
