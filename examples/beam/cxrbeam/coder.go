package cxrbeam

import (
	"bytes"
	"encoding/gob"
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
	register.Function1x2(encodeSums)
	register.Function1x2(decodeSums)
	beam.RegisterCoder(reflect.TypeFor[moments](), encodeMoments, decodeMoments)
	beam.RegisterCoder(reflect.TypeFor[state](), encodeState, decodeState)
	beam.RegisterCoder(reflect.TypeFor[sums](), encodeSums, decodeSums)
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
func encodeSums(s sums) ([]byte, error) { return encode(s) }
func decodeSums(data []byte) (s sums, err error) {
	err = decode(data, &s)
	return s, err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func decode(data []byte, v any) error { return gob.NewDecoder(bytes.NewReader(data)).Decode(v) }
