package graypng

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"sync"
)

// A strip deflates some rows of an image into one IDAT chunk. It is reused:
// a flate.Writer weighs most of a megabyte.
type strip struct {
	small  bool
	z      *flate.Writer
	rows   filter
	done   chan struct{} // receives once a deflate
	chunk  bytes.Buffer  // the IDAT chunk
	adler  uint32        // of the filtered rows
	length int           // of the filtered rows
	err    error
}

var fastStrips, smallStrips = stripPool(false), stripPool(true)

func stripsOf(small bool) *sync.Pool {
	if small {
		return smallStrips
	}
	return fastStrips
}

func stripPool(small bool) *sync.Pool {
	level := flate.HuffmanOnly
	if small {
		level = smallLevel
	}
	return &sync.Pool{New: func() any {
		z, err := flate.NewWriter(nil, level)
		return &strip{small: small, z: z, err: err, done: make(chan struct{}, 1)}
	}}
}

// smallLevel is where more effort stops paying on radiographs: level 9 takes
// three times as long for less than a thousandth of the file.
const smallLevel = 6

// deflate makes the chunk of the rows of pix that begin at value from; the row
// before them, if any, is the first one's "up".
func (s *strip) deflate(pix []uint16, from, width, depth int) {
	defer func() { s.done <- struct{}{} }()
	s.rows.reset(width, depth)
	s.chunk.Reset()
	s.chunk.Write([]byte("\x00\x00\x00\x00IDAT"))
	if from == 0 {
		s.chunk.Write([]byte{0x78, 0x01}) // zlib: deflate, 32 KiB window, fastest (RFC 1950 2.2)
	}
	s.z.Reset(&s.chunk)
	sum := adler32.New()
	for y := from; y < len(pix); y += width {
		var up []uint16
		if y > 0 {
			up = pix[y-width : y]
		}
		var line []byte
		if s.small {
			line = s.rows.best(pix[y:y+width], up)
		} else {
			line = s.rows.up(pix[y:y+width], up)
		}
		sum.Write(line)
		if _, s.err = s.z.Write(line); s.err != nil {
			return
		}
	}
	if s.err = s.z.Flush(); s.err != nil { // ends on a byte, so that strips can be joined
		return
	}
	s.adler, s.length = sum.Sum32(), (len(pix)-from)/width*s.rows.size()
	b := s.chunk.Bytes()
	binary.BigEndian.PutUint32(b, uint32(len(b)-8))
	s.chunk.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b[4:])))
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
	// a starts at 1 in both; b of the second grows by a1-1 in each of its bytes.
	a := (a1 + a2 + mod - 1) % mod
	b := (b1 + b2 + n*(a1+mod-1)) % mod
	return uint32(b<<16 | a)
}
