package dicomconv_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
	"time"

	"golang.org/x/image/tiff"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
)

func TestPicturesBecomeGray(t *testing.T) {
	gray := image.NewGray(image.Rect(5, 7, 8, 8)) // bounds need not begin at 0
	copy(gray.Pix, []byte{0, 100, 255})
	deep := image.NewGray16(image.Rect(0, 0, 3, 1))
	copy(deep.Pix, []byte{0, 0, 0x12, 0x34, 0xff, 0xff})
	palette := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.Black, color.RGBA{R: 255, A: 255}})
	palette.Pix[1] = 1
	rgb := image.NewRGBA64(image.Rect(0, 0, 1, 1))
	rgb.SetRGBA64(0, 0, color.RGBA64{R: 0xffff, A: 0xffff})
	ybr := image.NewYCbCr(image.Rect(0, 0, 1, 1), image.YCbCrSubsampleRatio420)
	ybr.Y[0], ybr.Cb[0], ybr.Cr[0] = 77, 1, 2
	tests := []struct {
		name  string
		m     image.Image
		depth int
		want  []uint16
	}{
		{"8-bit gray", gray, 16, []uint16{0, 25700, 65535}},
		{"8-bit gray as 8 bits", gray, 8, []uint16{0, 100, 255}},
		{"16-bit gray", deep, 16, []uint16{0, 0x1234, 65535}},
		{"16-bit gray as 8 bits is rounded", deep, 8, []uint16{0, 18, 255}}, // 4660/257 = 18.1
		{"a palette", palette, 16, []uint16{0, 76 * 257}},
		{"16-bit color is luma in 16 bits", rgb, 16, []uint16{19595}},
		{"YBR is its Y", ybr, 8, []uint16{77}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, err := dicomconv.New(&dicomconv.Options{Depth: test.depth}).FromImage(test.m)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, test.name, m, test.depth, test.want)
			if m.Recipe != cxr.Standard {
				t.Errorf("recipe %q", m.Recipe)
			}
		})
	}
}

// encoded is one picture in every format.
func encoded(t testing.TB) map[string][]byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 40, 30))
	for i := range m.Pix {
		m.Pix[i] = byte(i)
	}
	files := map[string][]byte{}
	var b bytes.Buffer
	for name, encode := range map[string]func() error{
		"png":  func() error { return png.Encode(&b, m) },
		"jpeg": func() error { return jpeg.Encode(&b, m, nil) },
		"tiff": func() error { return tiff.Encode(&b, m, nil) },
	} {
		b.Reset()
		if err := encode(); err != nil {
			t.Fatal(err)
		}
		files[name] = bytes.Clone(b.Bytes())
	}
	return files
}

func TestPictureFilesAreKnownByContent(t *testing.T) {
	for name, b := range encoded(t) {
		m, err := dicomconv.New(nil).Normalize(bytes.NewReader(b))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m.Width != 40 || m.Height != 30 || m.Depth != 16 || name != "jpeg" && m.Pix[77] != 77*257 {
			t.Errorf("%s: %d x %d, depth %d, pixel 77 is %d", name, m.Width, m.Height, m.Depth, m.Pix[77])
		}
		info, err := dicomconv.New(nil).Stat(bytes.NewReader(b))
		if err != nil || info.Format != name || info.Width != 40 || info.Height != 30 {
			t.Errorf("%s: Stat says %+v, %v", name, info, err)
		}
	}
}

// No cut goes unnoticed, but for the resolution at the end of a TIFF file.
func TestCutPicturesAreErrors(t *testing.T) {
	for name, b := range encoded(t) {
		tail := 0
		if name == "tiff" {
			tail = 20
		}
		for n := range len(b) - tail {
			if _, err := dicomconv.New(nil).Normalize(bytes.NewReader(b[:n])); err == nil {
				t.Errorf("%s: %d of %d bytes make an image", name, n, len(b))
			}
		}
	}
}

func TestBrokenPicturesSayWhatIsWrong(t *testing.T) {
	files := encoded(t)
	broken := bytes.Clone(files["png"])
	broken[40] ^= 1
	odd := bytes.Clone(files["tiff"])
	odd[bytes.Index(odd, []byte{6, 1, 3, 0, 1, 0, 0, 0})+8] = 9 // Photometric Interpretation ICCLab
	for _, test := range []struct {
		name string
		file []byte
		want error
	}{
		{"a PNG file cut short", files["png"][:20], cxr.ErrTruncated},
		{"a PNG file with a bit changed", broken, cxr.ErrCorrupt},
		{"a TIFF file of a kind that is not read", odd, cxr.ErrUnsupported},
	} {
		if _, err := dicomconv.New(nil).Normalize(bytes.NewReader(test.file)); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want one that is %v", test.name, err, test.want)
		}
	}
}

func TestPicturesHaveLimits(t *testing.T) {
	c := dicomconv.New(&dicomconv.Options{Limits: dicomconv.Limits{Pixels: 1199}})
	for name, b := range encoded(t) {
		if _, err := c.Normalize(bytes.NewReader(b)); !errors.Is(err, cxr.ErrTooLarge) {
			t.Errorf("%s: error %v, want one that is cxr.ErrTooLarge", name, err)
		}
	}
	if _, err := c.FromImage(image.NewGray(image.Rect(0, 0, 40, 30))); !errors.Is(err, cxr.ErrTooLarge) {
		t.Errorf("error %v, want one that is cxr.ErrTooLarge", err)
	}
	for _, m := range []image.Image{nil, image.NewGray(image.Rect(0, 0, 0, 9))} {
		if _, err := c.FromImage(m); !errors.Is(err, cxr.ErrImage) {
			t.Errorf("error %v, want one that is cxr.ErrImage", err)
		}
	}
}

// scanBomb is a progressive JPEG file of 4096 x 4096 pixels with scans of the
// given coefficients and bits, of a few bytes each.
func scanBomb(n int, from, to, bits byte) []byte {
	const side = 4096
	b := []byte{0xff, 0xd8, 0xff, 0xc2, 0, 11, 8, side >> 8, 0, side >> 8, 0, 1, 1, 0x11, 0, 0xff, 0xdb, 0, 67, 0}
	b = append(b, bytes.Repeat([]byte{1}, 64)...)
	for class, symbol := range []byte{0, 0xe0} { // blocks like the one before; bands that end for 2^14 blocks and more
		b = append(b, 0xff, 0xc4, 0, 20, byte(class)<<4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, symbol)
	}
	b = append(append(b, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0), make([]byte, side*side/64/8+1)...)
	for range n {
		b = append(append(b, 0xff, 0xda, 0, 8, 1, 1, 0, from, to, bits), make([]byte, 64)...)
	}
	return append(b, 0xff, 0xd9)
}

func TestJPEGFilesOfManyScans(t *testing.T) {
	for name, test := range map[string]struct {
		b    []byte
		want error
	}{
		"thousands of scans":               {scanBomb(3000, 1, 1, 0x10), cxr.ErrTooLarge},
		"every coefficient too often":      {scanBomb(90, 1, 63, 0x10), cxr.ErrTooLarge},
		"as many as an encoder could make": {scanBomb(4, 1, 63, 0x10), nil},
	} {
		start := time.Now()
		_, err := dicomconv.New(nil).Normalize(bytes.NewReader(test.b))
		if took := time.Since(start); !errors.Is(err, test.want) || took > 10*time.Second && !raceDetector {
			t.Errorf("%s: error %v after %v, want %v", name, err, took, test.want)
		}
	}
}
