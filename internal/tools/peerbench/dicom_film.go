//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/cxrkit/cxrkit/cxr/phantom"
)

// Size of the film: a 35 x 43 cm detector of 0.17 mm.
const filmWidth, filmHeight = 2048, 2500

// makeFilm is a phantom of 12 bits in 16, MONOCHROME1, with rescale and window,
// as a DICOM file. Its noise takes JPEG-LS 7.4 bits a pixel; a real digital
// film of 12 bits takes 7.6.
func makeFilm() ([]byte, error) {
	film := phantom.Film{ID: "bench", Patient: "bench", Seed: 1, Anatomy: 1, Size: filmHeight}
	p := film.Draw()
	crop := &phantom.Picture{Width: filmWidth, Height: filmHeight}
	left := (p.Width - filmWidth) / 2
	for y := range filmHeight {
		row := p.Pix[y*p.Width : (y+1)*p.Width]
		crop.Pix = append(crop.Pix, row[left:left+filmWidth]...)
	}
	var file bytes.Buffer
	err := crop.WriteDICOM(&file, film, phantom.Mono1Rescale)
	return file.Bytes(), err
}

// setDS writes film to path with other decimal strings.
func setDS(film []byte, values map[tag.Tag]string, path string) error {
	ds, err := dicom.Parse(bytes.NewReader(film), int64(len(film)), nil, dicom.SkipProcessingPixelDataValue())
	if err != nil {
		return err
	}
	for i, el := range ds.Elements {
		v, ok := values[el.Tag]
		if !ok {
			continue
		}
		if ds.Elements[i], err = dicom.NewElement(el.Tag, []string{v}); err != nil {
			return fmt.Errorf("element %v: %w", el.Tag, err)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := dicom.Write(f, ds); err != nil {
		return err
	}
	return f.Close()
}
