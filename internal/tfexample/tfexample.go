// Package tfexample reads and writes tf.train.Example messages: named lists of
// byte strings or float32 values (tensorflow/core/example/feature.proto).
package tfexample

import (
	"errors"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Feature is one named list. Either Bytes or Floats is set.
type Feature struct {
	Name   string
	Bytes  [][]byte
	Floats []float32
}

// Numbers of the fields of Feature.
const (
	bytesList = protowire.Number(1)
	floatList = protowire.Number(2)
)

// Marshal writes features in the order given, as upstream's client does.
func Marshal(features ...Feature) []byte {
	all := 0
	for _, f := range features {
		all += sizeMessage(f.size())
	}
	dst := begin(make([]byte, 0, sizeMessage(all)), 1, all)
	for _, f := range features {
		entry := f.size()
		dst = begin(dst, 1, entry)
		dst = message(dst, 1, []byte(f.Name))
		field, values := f.list()
		dst = begin(dst, 2, sizeMessage(values))
		dst = begin(dst, field, values)
		if f.Floats != nil {
			dst = begin(dst, 1, 4*len(f.Floats))
			for _, v := range f.Floats {
				dst = protowire.AppendFixed32(dst, math.Float32bits(v))
			}
		}
		for _, v := range f.Bytes {
			dst = message(dst, 1, v)
		}
	}
	return dst
}

// list is the field of a feature's list, and the size of what is in it.
func (f Feature) list() (field protowire.Number, size int) {
	field = bytesList
	if f.Floats != nil {
		field, size = floatList, sizeMessage(4*len(f.Floats))
	}
	for _, v := range f.Bytes {
		size += sizeMessage(len(v))
	}
	return field, size
}

// size is that of the map entry of a feature: its name and the feature.
func (f Feature) size() int {
	_, values := f.list()
	return sizeMessage(len(f.Name)) + sizeMessage(sizeMessage(values))
}

// sizeMessage is that of a field of so many bytes: fields here have numbers
// below 16, so a tag is one byte.
func sizeMessage(n int) int { return 1 + protowire.SizeBytes(n) }

func begin(dst []byte, n protowire.Number, size int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(dst, n, protowire.BytesType), uint64(size))
}

func message(dst []byte, n protowire.Number, v []byte) []byte {
	return append(begin(dst, n, len(v)), v...)
}

var errCorrupt = errors.New("tfexample: malformed message")

// Parse reads an Example. Byte strings point into data. Lists of integers are
// left out; fields that are not known are passed over.
func Parse(data []byte) ([]Feature, error) {
	var features []Feature
	err := each(data, 1, func(list []byte) error {
		return each(list, 1, func(entry []byte) error {
			var f Feature
			err := each(entry, 1, func(name []byte) error {
				f.Name = string(name)
				return nil
			})
			if err != nil {
				return err
			}
			err = each(entry, 2, func(feature []byte) error {
				err := each(feature, 1, func(list []byte) error {
					return each(list, 1, func(v []byte) error {
						f.Bytes = append(f.Bytes, v)
						return nil
					})
				})
				if err != nil {
					return err
				}
				return each(feature, 2, f.floats)
			})
			if err == nil && (f.Bytes != nil || f.Floats != nil) {
				features = append(features, f)
			}
			return err
		})
	})
	return features, err
}

// floats reads a list, packed or not.
func (f *Feature) floats(list []byte) error {
	for len(list) > 0 {
		n, kind, k := protowire.ConsumeTag(list)
		if k < 0 {
			return errCorrupt
		}
		list = list[k:]
		switch {
		case n == 1 && kind == protowire.Fixed32Type:
			v, k := protowire.ConsumeFixed32(list)
			if k < 0 {
				return errCorrupt
			}
			f.Floats, list = append(f.Floats, math.Float32frombits(v)), list[k:]
		case n == 1 && kind == protowire.BytesType:
			packed, k := protowire.ConsumeBytes(list)
			if k < 0 || len(packed)%4 != 0 {
				return errCorrupt
			}
			for list = list[k:]; len(packed) > 0; packed = packed[4:] {
				v, _ := protowire.ConsumeFixed32(packed)
				f.Floats = append(f.Floats, math.Float32frombits(v))
			}
		default:
			k := protowire.ConsumeFieldValue(n, kind, list)
			if k < 0 {
				return errCorrupt
			}
			list = list[k:]
		}
	}
	return nil
}

// each calls f for every value of a field of a message.
func each(data []byte, field protowire.Number, f func(v []byte) error) error {
	for len(data) > 0 {
		n, kind, k := protowire.ConsumeTag(data)
		if k < 0 {
			return errCorrupt
		}
		data = data[k:]
		if n == field && kind == protowire.BytesType {
			v, k := protowire.ConsumeBytes(data)
			if k < 0 {
				return errCorrupt
			}
			if err := f(v); err != nil {
				return err
			}
			data = data[k:]
			continue
		}
		if k = protowire.ConsumeFieldValue(n, kind, data); k < 0 {
			return errCorrupt
		}
		data = data[k:]
	}
	return nil
}
