package graypng

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"slices"
	"sync"
)

// A strip deflates some rows of an image into one IDAT chunk. It is reused.
type strip struct {
	filter  filter
	rows    []byte // filtered
	chunk   []byte // IDAT
	adler   uint32 // of rows
	matcher *flate.Writer
	matched bytes.Buffer
	done    chan struct{} // receives once a deflate
	err     error
}

var strips = sync.Pool{New: func() any { return &strip{done: make(chan struct{}, 1)} }}

// deflate makes the chunk of the rows of pix that begin at value from; the row
// before them, if any, is the first one's "above".
func (s *strip) deflate(pix []uint16, from, width, depth int, small bool) {
	defer func() { s.done <- struct{}{} }()
	s.filter.reset(width, depth)
	s.rows = slices.Grow(s.rows[:0], (len(pix)-from)/width*(1+width*depth/8))
	for y := from; y < len(pix); y += width {
		var above []uint16
		if y > 0 {
			above = pix[y-width : y]
		}
		if small {
			s.rows = s.filter.appendBest(s.rows, pix[y:y+width], above)
		} else {
			s.rows = s.filter.appendUp(s.rows, pix[y:y+width], above)
		}
	}
	s.adler = adler32.Checksum(s.rows)

	const head = "\x00\x00\x00\x00IDAT"
	s.chunk = slices.Grow(s.chunk[:0], len(s.rows)+blockOverhead) // a code is no longer than its data
	s.chunk = append(s.chunk, head...)
	if from == 0 {
		s.chunk = append(s.chunk, 0x78, 0x01) // zlib: deflate, 32 KiB window (RFC 1950 2.2)
	}
	start := len(s.chunk)
	s.chunk = appendBlock(s.chunk, s.rows)
	if small {
		s.err = s.match(start)
	}
	binary.BigEndian.PutUint32(s.chunk, uint32(len(s.chunk)-len(head)))
	s.chunk = binary.BigEndian.AppendUint32(s.chunk, crc32.ChecksumIEEE(s.chunk[4:]))
}

// match deflates rows again, with a search for matches, and puts the result in
// place of the chunk's from start on if it is smaller: as it often is of smooth
// films of 16 bits, seldom of 8.
func (s *strip) match(start int) error {
	s.matched.Reset()
	if s.matcher == nil {
		var err error
		if s.matcher, err = flate.NewWriter(nil, flate.DefaultCompression); err != nil {
			return err
		}
	}
	s.matcher.Reset(&s.matched)
	if _, err := s.matcher.Write(s.rows); err != nil {
		return err
	}
	if err := s.matcher.Flush(); err != nil { // ends on a byte, and does not end the stream
		return err
	}
	if s.matched.Len() < len(s.chunk)-start {
		s.chunk = append(s.chunk[:start], s.matched.Bytes()...)
	}
	return nil
}

// adlerCombine is the Adler-32 (RFC 1950, 9) of two texts joined, from the sum
// of each and the length of the second.
func adlerCombine(sum1, sum2 uint32, len2 int) uint32 {
	const mod = 65521
	var (
		a1, b1 = uint64(sum1 & 0xffff), uint64(sum1 >> 16)
		a2, b2 = uint64(sum2 & 0xffff), uint64(sum2 >> 16)
		n      = uint64(len2) % mod
	)
	// a starts at 1 in both; each byte of the second adds a1-1 once more to b.
	a := (a1 + a2 + mod - 1) % mod
	b := (b1 + b2 + n*(a1+mod-1)) % mod
	return uint32(b<<16 | a)
}
