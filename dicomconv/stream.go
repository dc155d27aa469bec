package dicomconv

import (
	"bytes"
	"encoding/binary"

	"github.com/cxrkit/cxrkit/internal/codec/j2k"
	"github.com/cxrkit/cxrkit/internal/codec/jls"
	"github.com/cxrkit/cxrkit/internal/codec/jpegdct"
	"github.com/cxrkit/cxrkit/internal/codec/jpll"
)

// A coding is a kind of codestream.
type coding int

const (
	codingUnknown coding = iota
	codingDCT            // JPEG, sequential or progressive
	codingLossless
	codingLS
	codingJ2K
	codingHTJ2K
)

// codings are their names and decoders.
var codings = [...]struct {
	name   string
	decode decoder
}{
	codingDCT:      {"JPEG", jpegdct.Decode},
	codingLossless: {"lossless JPEG", jpll.Decode},
	codingLS:       {"JPEG-LS", jls.Decode},
	codingJ2K:      {"JPEG 2000", j2k.Decode},
	codingHTJ2K:    {"high-throughput JPEG 2000", j2k.Decode},
}

// A stream is what the head of a codestream says of it. It is believed before
// the transfer syntax, which archives change without changing the pixels.
type stream struct {
	coding    coding
	precision int  // bits of a sample
	lossy     bool // quantized, as far as the head tells: layers may be missing
}

// maxStreamHead is how much of a codestream is looked at for its head.
const maxStreamHead = 64 << 10

// readStream reads the head of a codestream. cut tells that b ends before that
// does.
func readStream(b []byte) (s stream, cut bool) {
	switch {
	case len(b) < 4:
		return s, true
	case b[0] == 0xff && b[1] == 0xd8:
		return readJPEGHead(b)
	case b[0] == 0xff && b[1] == 0x4f:
		return readJ2KHead(b)
	case len(b) >= 12 && string(b[4:8]) == "jP  ":
		if i := bytes.Index(b, []byte("jp2c\xff\x4f")); i >= 0 {
			return readJ2KHead(b[i+4:])
		}
		return s, true
	}
	return s, false
}

// readJPEGHead reads marker segments (T.81 B.1, T.87 C.1) up to the first scan.
func readJPEGHead(b []byte) (s stream, cut bool) {
	for pos := 2; ; {
		if pos+4 > len(b) {
			return s, true
		}
		if b[pos] != 0xff {
			return s, false
		}
		marker, length := b[pos+1], int(binary.BigEndian.Uint16(b[pos+2:]))
		switch {
		case marker == 0xff: // fill
			pos++
			continue
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd7:
			pos += 2
			continue
		case length < 2:
			return s, false
		case pos+2+length > len(b):
			return s, true
		}
		segment := b[pos+4 : pos+2+length]
		pos += 2 + length
		switch {
		case marker == 0xda: // the last parameters of the scan
			if n := len(segment); n >= 3 {
				near, transform := segment[n-3], segment[n-1]&15
				s.lossy = s.lossy || s.coding == codingLS && near > 0 || s.coding == codingLossless && transform > 0
			}
			return s, false
		case len(segment) == 0:
		case marker >= 0xc0 && marker <= 0xc2:
			s = stream{codingDCT, int(segment[0]), true}
		case marker == 0xc3:
			s = stream{codingLossless, int(segment[0]), false}
		case marker == 0xf7:
			s = stream{codingLS, int(segment[0]), false}
		}
	}
}

// readJ2KHead reads the main header up to the coding style (T.800 A.4 to A.6).
func readJ2KHead(b []byte) (s stream, cut bool) {
	coding, precision := codingJ2K, 0
	for pos := 2; ; {
		if pos+4 > len(b) {
			return s, true
		}
		marker, length := binary.BigEndian.Uint16(b[pos:]), int(binary.BigEndian.Uint16(b[pos+2:]))
		if marker < 0xff4f || length < 2 || marker == 0xff90 {
			return s, false
		}
		if pos+2+length > len(b) {
			return s, true
		}
		segment := b[pos+4 : pos+2+length]
		pos += 2 + length
		switch {
		case marker == 0xff51 && len(segment) > 36: // SIZ
			precision = int(segment[36]&0x7f) + 1
		case marker == 0xff50: // CAP
			coding = codingHTJ2K
		case marker == 0xff52 && len(segment) >= 10: // COD
			if segment[8]&0x40 != 0 {
				coding = codingHTJ2K
			}
			return stream{coding, precision, segment[9] == 0}, false
		}
	}
}
