package dicomconv_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"log"
	"testing/fstest"

	"github.com/suyashkumar/dicom"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// film is a DICOM file of one row: 12 bits, a rescale, a window, MONOCHROME1.
func film(view string) []byte {
	return dicomtest.Film(1, 4).Bits(16, 12, false).
		Set(dicomtest.PixelData, "OW", []uint16{0, 1000, 2048, 4095}).
		Set(dicomtest.Photometric, "CS", "MONOCHROME1").
		Set(dicomtest.Slope, "DS", "1").Set(dicomtest.Intercept, "DS", "-1000").
		Window("1048", "4096").
		Set(dicomtest.ViewPosition, "CS", view).Bytes()
}

func Example() {
	m, err := dicomconv.New(nil).Normalize(bytes.NewReader(film("PA")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Width, m.Height, m.View, m.Recipe, m.Pix)
	// Output: 4 1 PA standard/1 [65535 49531 32759 0]
}

func ExampleConverter_Normalize() {
	_, err := dicomconv.New(nil).Normalize(bytes.NewReader(film("LL")))
	fmt.Println(errors.Is(err, cxr.ErrNotFrontal), err)

	any := dicomconv.New(&dicomconv.Options{Recipe: cxr.Upstream, Views: dicomconv.ViewsAny})
	m, err := any.Normalize(bytes.NewReader(film("LL")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Recipe, m.Pix)
	// Output:
	// true not a frontal view: view position is lateral
	// upstream/1 [65535 49531 32759 0]
}

func ExampleConverter_FromDataset() {
	b := film("PA")
	ds, err := dicom.Parse(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		log.Fatal(err)
	}
	m, err := dicomconv.New(&dicomconv.Options{Depth: 8}).FromDataset(ds)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Depth, m.Pix)
	// Output: 8 [255 193 127 0]
}

func ExampleConverter_FromImage() {
	gray := image.NewGray(image.Rect(0, 0, 3, 1))
	copy(gray.Pix, []uint8{0, 100, 255})
	m, err := dicomconv.New(nil).FromImage(gray)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Depth, m.Pix)
	// Output: 16 [0 25700 65535]
}

func ExampleConverter_Stat() {
	info, err := dicomconv.New(nil).Stat(bytes.NewReader(film("AP")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Modality, info.View, info.Width, info.Height, info.Photometric, info.BitsStored, info.Windows)
	for _, note := range info.Notes {
		fmt.Println("-", note)
	}
	// Output:
	// DX AP 4 1 MONOCHROME1 12 [{1048 4096 0}]
	// - the file does not deny burned-in annotation
}

func ExampleConverter_Files() {
	archive := fstest.MapFS{ // os.DirFS or a zip.Reader
		"a.dcm":     {Data: film("PA")},
		"b.dcm":     {Data: film("LATERAL")},
		"notes.txt": {Data: []byte("to be read by people")},
	}
	films := dicomconv.New(nil).Files(archive)
	for {
		m, err := films.Next(context.Background())
		var bad *cxr.ItemError
		switch {
		case err == io.EOF:
			return
		case errors.As(err, &bad):
			fmt.Println(bad)
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(m.ID, m.View)
		}
	}
	// Output:
	// a.dcm PA
	// decode b.dcm: not a frontal view: view position is lateral
	// decode notes.txt: not supported: not a DICOM, PNG, JPEG or TIFF file
}

// A decoder for a transfer syntax that is not built in; here, one that finds
// every pixel in the codestream's first byte.
func ExampleDecoder() {
	const private = "2.25.42"
	c := dicomconv.New(&dicomconv.Options{Decoders: map[string]dicomconv.Decoder{
		private: func(src []byte, want dicomconv.Shape) (*dicomconv.Frame, error) {
			if len(src) == 0 {
				return nil, cxr.ErrTruncated
			}
			f := &dicomconv.Frame{Shape: want, Precision: 8, Pix: make([]uint16, want.Width*want.Height)}
			for i := range f.Pix {
				f.Pix[i] = uint16(src[0])
			}
			return f, nil
		},
	}})
	file := dicomtest.Film(1, 2).Bits(8, 8, false).Set(dicomtest.PixelData, "OB", dicomtest.Fragments{nil, {51, 0}})
	file.Syntax, file.Encoding = private, dicomtest.ExplicitLittle
	m, err := c.Normalize(bytes.NewReader(file.Bytes()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Pix)
	// Output: [13107 13107]
}

func ExamplePseudonym() {
	fmt.Println(dicomconv.Pseudonym([]byte("kept by the study's owner"), "1.2.840.99999.1"))
	// Output: KYET4Z4CZ5TEPFMHWFW7TA43SN
}
