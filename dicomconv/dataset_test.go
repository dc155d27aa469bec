package dicomconv_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// fromDataset converts b by way of the caller's own parser.
func fromDataset(t *testing.T, o *dicomconv.Options, b []byte, p ...dicom.ParseOption) (*cxr.Image, error) {
	t.Helper()
	ds, err := dicom.Parse(bytes.NewReader(b), int64(len(b)), nil, append(p, dicom.AllowUnknownSpecificCharacterSet())...)
	if err != nil {
		t.Fatal(err)
	}
	return dicomconv.New(o).FromDataset(ds)
}

func TestParsedFilmsEqualReadOnes(t *testing.T) {
	t.Parallel()
	o := &dicomconv.Options{Views: dicomconv.ViewsAny}
	for _, e := range manifest(t) {
		switch {
		case e.Upstream == nil:
			continue
		case e.Stored == "": // floating point, which that parser does not know
			continue
		case strings.Contains(e.Path, "WG04") && !strings.Contains(e.Path, "/CT1_"): // one of NEMA's films in each syntax will do
			continue
		}
		b := read(t, shared(t, e.Path))
		want, err := dicomconv.New(o).Normalize(bytes.NewReader(b))
		if err != nil {
			t.Errorf("%s: %v", e.Path, err)
			continue
		}
		got, err := fromDataset(t, o, b)
		if err != nil {
			t.Errorf("%s, parsed: %v", e.Path, err)
			continue
		}
		if !slices.Equal(got.Pix, want.Pix) || got.View != want.View || got.Depth != want.Depth {
			t.Errorf("%s: the parsed film differs", e.Path)
		}
	}
}

func TestParsedFilmsOfEveryKind(t *testing.T) {
	big := func(f *dicomtest.File) *dicomtest.File { f.Syntax = dicomtest.ExplicitBig; return f }
	lut := []*dicomtest.File{dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{2, 0, 8}).Set(dicomtest.LUTData, "OW", []uint16{255, 51})}
	films := map[string]*dicomtest.File{
		"one bit":               dicomtest.Film(2, 8).Bits(1, 1, false).Set(dicomtest.PixelData, "OB", []byte{0b00000101, 0b11000000}),
		"8 bits":                row8(1, 2, 3, 4),
		"8 bits big endian, OW": big(row8(1, 2, 3, 4).Set(dicomtest.PixelData, "OW", []byte{2, 1, 4, 3})),
		"8 bits big endian, OB": big(row8(1, 2, 3, 4)),
		"16 bits":               row(100, 200, 40000),
		"16 bits signed":        row(signed(-5, 0, 7)...).Bits(16, 16, true).Set(dicomtest.Padding, "SS", 0xfffb),
		"16 bits big endian":    big(row(100, 200, 40000)),
		"32 bits":               dicomtest.Film(1, 2).Bits(32, 32, true).Set(dicomtest.PixelData, "OW", []byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}),
		"two frames":            dicomtest.Film(1, 2).Set(dicomtest.Frames, "IS", "2").Set(dicomtest.PixelData, "OW", []uint16{0, 1, 2, 3}),
		"a VOI LUT":             row(0, 1).Set(dicomtest.VOILUT, "SQ", lut),
		"a modality LUT, big":   big(row(0, 1).Set(dicomtest.ModalityLUT, "SQ", lut)),
	}
	for name, f := range films {
		b := f.Bytes()
		o := &dicomconv.Options{Frame: 1}
		want, err := dicomconv.New(o).Normalize(bytes.NewReader(b))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, p := range [][]dicom.ParseOption{nil, {dicom.SkipProcessingPixelDataValue()}} {
			got, err := fromDataset(t, o, b, p...)
			if err != nil {
				t.Errorf("%s, parsed: %v", name, err)
				continue
			}
			if !slices.Equal(got.Pix, want.Pix) {
				t.Errorf("%s: pixels %v parsed, %v read", name, got.Pix, want.Pix)
			}
		}
	}
}

func TestDatasetsWithoutAPictureAreRefused(t *testing.T) {
	if _, err := fromDataset(t, nil, row(1, 2).Bytes(), dicom.SkipPixelData()); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("skipped pixels: error %v, want one that is cxr.ErrUnsupported", err)
	}
	if _, err := dicomconv.New(nil).FromDataset(dicom.Dataset{}); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("an empty data set: error %v, want one that is cxr.ErrUnsupported", err)
	}
	if _, err := dicomconv.New(nil).FromDataset(dicom.Dataset{Elements: []*dicom.Element{nil, {}}}); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("nil elements: error %v, want one that is cxr.ErrUnsupported", err)
	}
}
