package dicomscan

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Geometry is the size of the pixels as the header promises it.
type Geometry struct {
	Rows, Columns   int
	Frames          int
	SamplesPerPixel int
	BitsAllocated   int
	Photometric     string
}

// Check reports a size that is missing or has more than max pixels.
func (g Geometry) Check(max int64) error {
	if g.Rows <= 0 || g.Columns <= 0 || g.Frames <= 0 || g.SamplesPerPixel <= 0 || g.BitsAllocated <= 0 {
		return fmt.Errorf("%w: %d rows, %d columns, %d frames, %d samples per pixel, %d bits allocated, all of which must be above 0",
			cxr.ErrCorrupt, g.Rows, g.Columns, g.Frames, g.SamplesPerPixel, g.BitsAllocated)
	}
	if hi, lo := bits.Mul64(uint64(g.Rows)*uint64(g.Columns), uint64(g.Frames)); hi != 0 || lo > uint64(max) {
		return fmt.Errorf("%w: %d rows x %d columns x %d frames, more than %d pixels", cxr.ErrTooLarge, g.Rows, g.Columns, g.Frames, max)
	}
	return nil
}

// FrameBits is the size of one native frame, whose frames follow each other
// without a gap. YBR_FULL_422 has one pair of color samples for two pixels
// (PS3.3 C.7.6.3.1.2). The Geometry must have passed Check.
func (g Geometry) FrameBits() int64 {
	samples := int64(g.SamplesPerPixel)
	if g.Photometric == "YBR_FULL_422" && samples == 3 {
		samples = 2
	}
	return int64(g.Rows) * int64(g.Columns) * samples * int64(g.BitsAllocated)
}

// NativeBytes is the size of all native frames.
func (g Geometry) NativeBytes() int64 { return (g.FrameBits()*int64(g.Frames) + 7) / 8 }

// Geometry is read from the attributes, absent ones being zero, and one for
// frames and samples.
func (f *File) Geometry() Geometry {
	g := Geometry{
		Rows:            f.uint16(tagRows, 0),
		Columns:         f.uint16(tagColumns, 0),
		SamplesPerPixel: f.uint16(tagSamplesPerPixel, 1),
		BitsAllocated:   f.uint16(tagBitsAllocated, 0),
		Photometric:     strings.ToUpper(f.text(tagPhotometric)),
		Frames:          1,
	}
	if s := f.text(tagNumberOfFrames); s != "" {
		g.Frames, _ = ParseFrames(s) // no number: 0, which Check refuses
	}
	return g
}

// ParseFrames reads Number of Frames as it is found: empty or 0 in files of one
// frame, with a fraction of zeros, with white space around it.
func ParseFrames(s string) (n int, ok bool) {
	s = strings.Trim(s, Blanks)
	if i := strings.IndexAny(s, ".,"); i > 0 && strings.Trim(s[i+1:], "0") == "" {
		s = s[:i]
	}
	if s == "" {
		return 1, true
	}
	frames, err := strconv.ParseInt(s, 10, 64)
	if err != nil || frames < 0 {
		return 0, false
	}
	return int(min(max(frames, 1), math.MaxInt32)), true
}

// Blanks is what is found around values, padding and more.
const Blanks = " \x00\t\r\n\v\f"

func (f *File) uint16(t Tag, absent int) int {
	e := f.Element(t)
	switch {
	case e == nil || len(e.Value) < 2:
		return absent
	case f.BigEndian:
		return int(binary.BigEndian.Uint16(e.Value))
	}
	return int(binary.LittleEndian.Uint16(e.Value))
}

func (f *File) text(t Tag) string {
	if e := f.Element(t); e != nil {
		return strings.Trim(string(e.Value), Blanks)
	}
	return ""
}
