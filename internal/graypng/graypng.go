// Package graypng writes grayscale PNG files, fast and the same on every machine.
//
// The rows are cut into strips of fixed height, filtered and deflated by all
// cores at once, and written in order, so the bytes do not depend on the number
// of cores. A strip is coded by Up and a Huffman code, without a search for
// matches: radiographs hold noise, not repetitions. The files hold IHDR, IDAT
// and IEND chunks, nothing else: there is no room for a patient in them.
package graypng

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"runtime"
)

const (
	signature = "\x89PNG\r\n\x1a\n"

	// stripRows is part of the file's bytes: changing it changes every file.
	// On real films, files of strips of 64 to 256 rows differ by a hundredth.
	stripRows = 128

	// maxWidth keeps a strip of deflated 16-bit rows below the 2^31-1 bytes
	// that a chunk can hold (PNG 5.3), with room for deflate's own overhead.
	maxWidth = math.MaxInt32 / (2 * stripRows) / 2
)

// Encode writes pix, row-major, width*height values below 2^depth, as a PNG
// of depth 8 or 16. A small file takes tens of times as long to make; of real
// films of 12 bits in 16 it is 1 to 2 in 100 smaller, of films of 10 bits in 16
// and of 8 bits 8 to 18.
//
// Beside pix it holds a few strips in memory, never the whole file.
func Encode(w io.Writer, width, height, depth int, pix []uint16, small bool) error {
	switch {
	case depth != 8 && depth != 16:
		return fmt.Errorf("png: depth %d, want 8 or 16", depth)
	case width < 1 || height < 1 || width > maxWidth || height > math.MaxInt32:
		return fmt.Errorf("png: cannot hold %d x %d pixels", width, height)
	case len(pix)/width != height || len(pix)%width != 0:
		return fmt.Errorf("png: %d values for %d x %d pixels", len(pix), width, height)
	}
	if err := writeHeader(w, width, height, depth); err != nil {
		return err
	}
	sum, err := writeStrips(w, width, depth, pix, small)
	if err != nil {
		return err
	}
	return writeTrailer(w, sum)
}

// writeStrips writes the IDAT chunks of pix in order and returns the Adler-32
// of their filtered rows. It returns only when no goroutine uses pix anymore.
func writeStrips(w io.Writer, width, depth int, pix []uint16, small bool) (sum uint32, err error) {
	var (
		size    = stripRows * width
		limit   = runtime.GOMAXPROCS(0) + 1 // one is being written
		started = 0                         // values of pix
		queue   []*strip                    // being deflated, in order
	)
	sum = 1
	for {
		for err == nil && started < len(pix) && len(queue) < limit {
			s := strips.Get().(*strip)
			from, to := started, min(started+size, len(pix))
			go s.deflate(pix[:to], from, width, depth, small)
			queue = append(queue, s)
			started = to
		}
		if len(queue) == 0 {
			return sum, err
		}
		s := queue[0]
		queue = queue[1:]
		<-s.done
		if err == nil {
			err = s.err
		}
		if err == nil {
			_, err = w.Write(s.chunk)
		}
		sum = adlerCombine(sum, s.adler, len(s.rows))
		strips.Put(s)
	}
}

func writeHeader(w io.Writer, width, height, depth int) error {
	b := make([]byte, 13) // the rest: gray, deflate, adaptive filters, no interlace (PNG 11.2.2)
	binary.BigEndian.PutUint32(b, uint32(width))
	binary.BigEndian.PutUint32(b[4:], uint32(height))
	b[8] = byte(depth)
	_, err := w.Write(appendChunk([]byte(signature), "IHDR", b))
	return err
}

// writeTrailer ends the zlib stream, with an empty last block and the checksum
// of all strips, and the file.
func writeTrailer(w io.Writer, sum uint32) error {
	end := binary.BigEndian.AppendUint32([]byte{0x03, 0x00}, sum)
	b := appendChunk(nil, "IDAT", end)
	_, err := w.Write(appendChunk(b, "IEND", nil))
	return err
}

func appendChunk(b []byte, kind string, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	start := len(b)
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}
