//go:build unix

package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/codec"
	"github.com/cxrkit/cxrkit/internal/codec/j2k"
	"github.com/cxrkit/cxrkit/internal/codec/jls"
	"github.com/cxrkit/cxrkit/internal/codec/jpegdct"
	"github.com/cxrkit/cxrkit/internal/codec/jpll"
	"github.com/cxrkit/cxrkit/internal/codec/rle"
)

// convert writes a film as upstream would, to a PNG file. Arguments: film,
// file.
func convert(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("convert: %d arguments, want 2", len(args))
	}
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer in.Close()
	m, err := dicomconv.New(&dicomconv.Options{Recipe: cxr.Upstream}).Normalize(in)
	if err != nil {
		return err
	}
	out, err := os.Create(args[1])
	if err != nil {
		return err
	}
	defer out.Close()
	if err := m.EncodePNG(out, nil); err != nil {
		return err
	}
	return out.Close()
}

// decoders are those to measure, by transfer syntax.
var decoders = map[string]func([]byte, codec.Shape) (*codec.Frame, error){
	"1.2.840.10008.1.2.5":    decodeRLE,
	"1.2.840.10008.1.2.4.51": jpegdct.Decode,
	"1.2.840.10008.1.2.4.70": jpll.Decode,
	"1.2.840.10008.1.2.4.80": jls.Decode,
	"1.2.840.10008.1.2.4.90": j2k.Decode,
}

func decodeRLE(src []byte, want codec.Shape) (*codec.Frame, error) { return rle.Decode(src, want, 16) }

// decode decodes a film so many times. Arguments: times, film.
func decode(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("decode: %d arguments, want 2", len(args))
	}
	times, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	syntax, shape, src, err := frameOf(args[1])
	if err != nil {
		return err
	}
	var frame *codec.Frame
	for range times {
		if frame, err = decoders[syntax](src, shape); err != nil {
			return err
		}
	}
	fmt.Println(digest(frame.Pix))
	return nil
}

// frameOf is the transfer syntax, the size and the only frame of a film that a
// peer has encoded, which needs none of dicomconv's care.
func frameOf(path string) (syntax string, shape codec.Shape, src []byte, err error) {
	ds, err := dicom.ParseFile(path, nil)
	if err != nil {
		return "", shape, nil, err
	}
	var values [4]dicom.Value
	for i, t := range []tag.Tag{tag.TransferSyntaxUID, tag.Columns, tag.Rows, tag.PixelData} {
		el, err := ds.FindElementByTag(t)
		if err != nil {
			return "", shape, nil, err
		}
		values[i] = el.Value
	}
	shape = codec.Shape{Width: dicom.MustGetInts(values[1])[0], Height: dicom.MustGetInts(values[2])[0], Components: 1}
	for _, f := range dicom.MustGetPixelDataInfo(values[3]).Frames { // fragments, in fact
		src = append(src, f.EncapsulatedData.Data...)
	}
	return dicom.MustGetStrings(values[0])[0], shape, src, nil
}
