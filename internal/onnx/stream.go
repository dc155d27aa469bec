package onnx

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/cxr"
)

// A stream is a file that is read as it is parsed, so that each large tensor has
// memory of its own, which is free as soon as nobody needs it, and begins where
// numbers can be read as they are.
type stream struct {
	r    *bufio.Reader
	left int64 // bytes of the file
}

// fields calls f for each field of the message that is the next n bytes. Of a field
// of messages that is nested, f reads the length bytes itself.
func (s *stream) fields(n int64, nested protowire.Number, f func(field) error) error {
	end := s.left - n
	for s.left > end {
		tag, err := s.varint(end)
		if err != nil {
			return err
		}
		v := field{}
		v.number, v.kind = protowire.DecodeTag(tag)
		if v.number < protowire.MinValidNumber {
			return fmt.Errorf("%w: field %d", cxr.ErrTruncated, v.number)
		}
		switch v.kind {
		case protowire.VarintType:
			v.varint, err = s.varint(end)
		case protowire.Fixed32Type:
			var b []byte
			if b, err = s.take(4, end); err == nil {
				v.varint = uint64(binary.LittleEndian.Uint32(b))
			}
		case protowire.Fixed64Type:
			var b []byte
			if b, err = s.take(8, end); err == nil {
				v.varint = binary.LittleEndian.Uint64(b)
			}
		case protowire.BytesType:
			var length uint64
			if length, err = s.varint(end); err == nil && length > uint64(s.left-end) {
				err = fmt.Errorf("%w: %d bytes where %d are left", cxr.ErrTruncated, length, s.left-end)
			}
			if v.length = int64(length); err == nil && v.number != nested {
				v.bytes, err = s.take(v.length, end)
			}
		default:
			err = fmt.Errorf("%w: field %d of wire type %d", cxr.ErrTruncated, v.number, v.kind)
		}
		if err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

// take is the next n bytes of a message that ends where so many are left.
func (s *stream) take(n, end int64) ([]byte, error) {
	if n > s.left-end {
		return nil, fmt.Errorf("%w: %d bytes where %d are left", cxr.ErrTruncated, n, s.left-end)
	}
	b := make([]byte, n)
	s.left -= n
	_, err := io.ReadFull(s.r, b)
	return b, truncated(err)
}

func (s *stream) varint(end int64) (uint64, error) {
	var v uint64
	for shift := 0; shift < 70 && s.left > end; shift += 7 {
		b, err := s.r.ReadByte()
		if err != nil {
			return 0, truncated(err)
		}
		s.left--
		if shift == 63 && b > 1 {
			break
		}
		if v |= uint64(b&0x7f) << shift; b < 0x80 {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%w: a number without its end", cxr.ErrTruncated)
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %v", cxr.ErrTruncated, err)
	}
	return err
}
