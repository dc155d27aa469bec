//go:build unix

package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

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
	m, err := dicomconv.New(&dicomconv.Options{Recipe: dicomconv.Upstream}).Normalize(in)
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
	syntax, src, err := frameOf(args[1])
	if err != nil {
		return err
	}
	shape := codec.Shape{Width: filmWidth, Height: filmHeight, Components: 1}
	var frame *codec.Frame
	for range times {
		if frame, err = decoders[syntax](src, shape); err != nil {
			return err
		}
	}
	fmt.Println(digest(frame.Pix))
	return nil
}

// frameOf is the transfer syntax and the only frame of a film of ours, which
// needs none of dicomconv's care.
func frameOf(path string) (syntax string, src []byte, err error) {
	ds, err := dicom.ParseFile(path, nil)
	if err != nil {
		return "", nil, err
	}
	el, err := ds.FindElementByTag(tag.TransferSyntaxUID)
	if err != nil {
		return "", nil, err
	}
	syntax = dicom.MustGetStrings(el.Value)[0]
	if el, err = ds.FindElementByTag(tag.PixelData); err != nil {
		return "", nil, err
	}
	for _, f := range dicom.MustGetPixelDataInfo(el.Value).Frames { // fragments, in fact
		src = append(src, f.EncapsulatedData.Data...)
	}
	return syntax, src, nil
}
