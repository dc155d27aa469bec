package cxrbeam

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

// What training passes on is opaque to engines. As rows of Beam, which structs are
// by default, Flink and Spark would read it, and cannot if a slice is nil: Go
// leaves such a field out, which Java does not expect of one that is not nullable.
func init() {
	register.Function1x2(encodeMoments)
	register.Function1x2(decodeMoments)
	register.Function1x2(encodeState)
	register.Function1x2(decodeState)
	register.Function1x2(encodePiece)
	register.Function1x2(decodePiece)
	beam.RegisterCoder(reflect.TypeFor[moments](), encodeMoments, decodeMoments)
	beam.RegisterCoder(reflect.TypeFor[state](), encodeState, decodeState)
	beam.RegisterCoder(reflect.TypeFor[piece](), encodePiece, decodePiece)
}

func encodeMoments(m moments) ([]byte, error) { return encode(m) }
func decodeMoments(data []byte) (m moments, err error) {
	err = decode(data, &m)
	return m, err
}
func encodeState(s state) ([]byte, error) { return encode(s) }
func decodeState(data []byte) (s state, err error) {
	err = decode(data, &s)
	return s, err
}

// A piece is its numbers and values, as there are many.
func encodePiece(p piece) ([]byte, error) {
	data := binary.LittleEndian.AppendUint64(nil, uint64(p.Of))
	data = binary.LittleEndian.AppendUint64(data, uint64(p.Number))
	return binary.Append(data, binary.LittleEndian, p.Values)
}

func decodePiece(data []byte) (piece, error) {
	if len(data) < 16 || len(data)%8 != 0 {
		return piece{}, fmt.Errorf("train: a piece of %d bytes", len(data))
	}
	p := piece{
		Of:     int64(binary.LittleEndian.Uint64(data)),
		Number: int64(binary.LittleEndian.Uint64(data[8:])),
		Values: make([]float64, len(data)/8-2),
	}
	_, err := binary.Decode(data[16:], binary.LittleEndian, p.Values)
	return p, err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func decode(data []byte, v any) error { return gob.NewDecoder(bytes.NewReader(data)).Decode(v) }
