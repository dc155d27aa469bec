package dicomconv

import (
	"errors"
	"fmt"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/dicomscan"
)

// An Info is what a file's header says about its picture. It holds no attribute
// of the patient and no free text: what a file has beside the terms that DICOM
// defines for an attribute is "other".
type Info struct {
	Format         string // "dicom", "png", "jpeg" or "tiff"; of the latter three only size is told
	TransferSyntax string // UID
	Codestream     string // "JPEG", "lossless JPEG", "JPEG-LS", "JPEG 2000", "high-throughput JPEG 2000", where its head tells; else ""
	Modality       string // "CR", "DX", ...
	BodyPart       string // Body Part Examined: "CHEST", ...
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
	Patient        string   // pseudonym of Patient ID, likewise: the same in all films of a patient
	Notes          []string // what makes the picture less than certain, in fixed sentences
}

// modalities are the defined terms of PS3.3 C.7.3.1.1.1 met with single images.
var modalities = []string{"CR", "DX", "DR", "RG", "RF", "XA", "PX", "IO", "MG", "BI", "OT", "SC", "XC", "ES", "GM", "SM", "OP", "OPT",
	"CT", "MR", "US", "NM", "PT", "SEG", "RTIMAGE", "RTDOSE", "RTSTRUCT", "RTPLAN", "SR", "PR", "KO", "ECG", "HD", "DOC", "PMAP"}

// Stat reads the header of a film, in DICOM no more of r than the part before
// the pixel data and the head of a codestream. It makes no picture and applies no
// policy.
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
		info, cut, err := c.stat(b)
		if len(more) == 0 || !cut && !errors.Is(err, cxr.ErrTruncated) {
			return info, err
		}
	}
}

// stat reads a header of which b is the beginning. cut tells that more of b
// would tell more.
func (c *Converter) stat(b []byte) (info Info, cut bool, err error) {
	if format := sniff(b); format != "" {
		info, err := statPicture(format, b)
		return info, false, err
	}
	s, err := dicomscan.ScanHeader(b, c.o.Limits.scan())
	if err != nil {
		return Info{}, false, scanError(err)
	}
	h, err := parseHeader(s)
	if err != nil {
		return Info{}, false, err
	}
	head, cut := readStream(s.Stream)
	info = c.info(h, head)
	return info, cut && s.PixelData.Encapsulated && len(s.Stream) < maxStreamHead, nil
}

// info is what is told of a film, the head of whose codestream is known, or
// zero.
func (c *Converter) info(h *header, head stream) Info {
	info := Info{
		Format:         "dicom",
		TransferSyntax: validUID(h.syntax),
		Codestream:     codings[head.coding].name,
		Modality:       known(h.modality, modalities),
		BodyPart:       h.bodyPart,
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
		Notes:          h.notes(head),
	}
	if key := c.o.PseudonymKey; key != nil {
		info.Patient = h.pseudonym(key)
		if h.instance != "" {
			info.Pseudonym = Pseudonym(key, h.instance)
		}
	}
	return info
}

func statPicture(format string, b []byte) (Info, error) {
	m, err := config(format, b)
	if err != nil {
		return Info{}, err
	}
	return Info{Format: format, Width: m.Width, Height: m.Height, Frames: 1}, nil
}
