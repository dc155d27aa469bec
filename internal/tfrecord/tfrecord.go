// Package tfrecord reads and writes TFRecord files: for each record its length,
// a checksum of the length, the data, and a checksum of the data
// (tensorflow/core/lib/io/record_writer.h). Checksums are CRC-32C, masked.
package tfrecord

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/cxrkit/cxrkit/cxr"
)

var table = crc32.MakeTable(crc32.Castagnoli)

func masked(data []byte) uint32 {
	c := crc32.Checksum(data, table)
	return (c>>15 | c<<17) + 0xa282ead8
}

// Append adds a record to dst.
func Append(dst, data []byte) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(data)))
	dst = binary.LittleEndian.AppendUint32(dst, masked(dst[at:]))
	dst = append(dst, data...)
	return binary.LittleEndian.AppendUint32(dst, masked(data))
}

// Read reads the next record of at most so many bytes; [io.EOF] behind the last.
// A file that ends within a record is [cxr.ErrTruncated], a wrong checksum
// [cxr.ErrCorrupt].
func Read(r io.Reader, most int) ([]byte, error) {
	var head [12]byte
	switch n, err := io.ReadFull(r, head[:]); {
	case n == 0 && err == io.EOF:
		return nil, io.EOF
	case err == io.ErrUnexpectedEOF:
		return nil, fmt.Errorf("%w: TFRecord of %d bytes", cxr.ErrTruncated, n)
	case err != nil:
		return nil, err
	}
	if binary.LittleEndian.Uint32(head[8:]) != masked(head[:8]) {
		return nil, fmt.Errorf("%w: checksum of a TFRecord's length", cxr.ErrCorrupt)
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > uint64(most) {
		return nil, fmt.Errorf("%w: TFRecord of %d bytes", cxr.ErrTooLarge, n)
	}
	data := make([]byte, n+4)
	switch _, err := io.ReadFull(r, data); {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return nil, fmt.Errorf("%w: TFRecord", cxr.ErrTruncated)
	case err != nil:
		return nil, err
	}
	if binary.LittleEndian.Uint32(data[n:]) != masked(data[:n]) {
		return nil, fmt.Errorf("%w: checksum of a TFRecord", cxr.ErrCorrupt)
	}
	return data[:n], nil
}
