package dicomconv_test

import (
	"errors"
	"image"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// What Google's programs do, quirk by quirk; the values wanted are worked out
// by hand from their source.
func TestGooglesRecipes(t *testing.T) {
	const up, hai, sig = cxr.Upstream, cxr.HAIDEF, cxr.MedSigLIP
	lut := func(descriptor []int, data ...uint16) []*dicomtest.File {
		return []*dicomtest.File{dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", descriptor).Set(dicomtest.LUTData, "OW", data)}
	}
	mono1 := func(f *dicomtest.File) *dicomtest.File { return f.Set(dicomtest.Photometric, "CS", "MONOCHROME1") }
	rescale := func(f *dicomtest.File, slope, intercept string) *dicomtest.File {
		return f.Set(dicomtest.Slope, "DS", slope).Set(dicomtest.Intercept, "DS", intercept)
	}
	tests := []struct {
		name   string
		recipe string
		film   *dicomtest.File
		depth  int
		want   []uint16
	}{
		{"16 bits are stretched from darkest to brightest", up, row(3, 4, 5), 16, []uint16{0, 32767, 65535}},
		{"the stretch truncates", up, row(5, 6, 7, 10), 16, []uint16{0, 13107, 26214, 65535}},
		{"signed 16 bits are shifted and stretched", up, row(signed(-1, 0, 1)...).Bits(16, 16, true), 16, []uint16{0, 32767, 65535}},
		{"signed 8 bits are shifted and not stretched", up, row8(0x80, 6, 7, 0x7f).Bits(8, 8, true), 8, []uint16{0, 134, 135, 255}},
		{"8 bits stay as they are", up, row8(10, 20), 8, []uint16{10, 20}},
		{"8 bits with rescale 1 and 0 become 16", up, rescale(row8(10, 20), "1", "0"), 16, []uint16{0, 65535}},
		{"a slope without intercept does not count", up, row8(10, 20).Set(dicomtest.Slope, "DS", "2"), 8, []uint16{10, 20}},
		{"a constant film is white", up, row(7, 7), 16, []uint16{65535, 65535}},
		{"high bits count", up, row(0x0000, 0x0fff, 0x8000).Bits(16, 12, false), 16, []uint16{0, 8189, 65535}},
		{"padding counts", up, row(0, 100, 65535).Set(dicomtest.Padding, "US", 65535), 16, []uint16{0, 100, 65535}},
		{"fractions of a rescale are dropped", up, rescale(row(0, 1, 2, 3), "0.5", "0"), 16, []uint16{0, 0, 65535, 65535}},
		{"rescaled values beyond 16 bits are scaled down", up, rescale(row(0, 1, 4), "100000", "0"), 16, []uint16{0, 16383, 65535}},
		{"window 2048, 4096", up, row(0, 2047, 2048, 4095).Window("2048", "4096"), 16, []uint16{0, 32759, 32775, 65535}},
		{"window 2048, 4", up, row(2045, 2046, 2047, 2048, 2049, 2050).Window("2048", "4"), 16, []uint16{0, 0, 21845, 43690, 65535, 65535}},
		{"the first of several windows loses its fraction", up, row(2045, 2046, 2047, 2048, 2049, 2050).Window("2048.9\\1", "4.9\\1"), 16, []uint16{0, 0, 21845, 43690, 65535, 65535}},
		{"a single window keeps its fraction", up, row(0, 1, 2, 3).Window("2.5", "3"), 16, []uint16{0, 0, 32767, 65535}},
		{"a window of width 1 makes all white", up, row(1, 2, 3).Window("2", "1"), 16, []uint16{65535, 65535, 65535}},
		{"VOI LUT Function is ignored", up, row(2045, 2047, 2050).Window("2048", "4").Set(dicomtest.VOIFunction, "CS", "SIGMOID"), 16, []uint16{0, 21845, 65535}},
		{"VOI LUT Sequence is ignored", up, row(3, 4, 5).Set(dicomtest.VOILUT, "SQ", lut([]int{2, 0, 8}, 1, 2)), 16, []uint16{0, 32767, 65535}},
		{"MONOCHROME1 is inverted at the image's maximum", up, mono1(row8(10, 60, 110)), 8, []uint16{100, 50, 0}},
		{"the inversion wraps in signed words", up, mono1(row(signed(-20000, 20000)...).Bits(16, 16, true)), 16, []uint16{0, 65535}}, // 40000 wraps to -25536
		{"PresentationLUTShape is ignored", up, row8(10, 20).Set(0x20500020, "CS", "INVERSE"), 8, []uint16{10, 20}},
		{"a modality LUT of 16 bits is stretched", up, row(4, 5, 6, 9).Set(dicomtest.ModalityLUT, "SQ", lut([]int{2, 5, 16}, 7, 9)), 16, []uint16{0, 0, 65535, 65535}},
		{"a modality LUT of 8 bits is not", up, row(4, 5, 6, 9).Set(dicomtest.ModalityLUT, "SQ", lut([]int{2, 5, 8}, 7, 9)), 8, []uint16{7, 7, 9, 9}},
		{"32 bits with rescale", up, rescale(dicomtest.Film(1, 2).Bits(32, 32, true).Set(dicomtest.PixelData, "OW", []byte{0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0}), "1", "0"), 16, []uint16{0, 65535}},
		{"big-endian words, which stop upstream, are words", up, bigEndian(row(3, 4, 5)), 16, []uint16{0, 32767, 65535}},

		{"HAI-DEF windows unsigned words as upstream does", hai, row(0, 2047, 2048, 4095).Window("2048", "4096"), 16, []uint16{0, 32759, 32775, 65535}},
		{"HAI-DEF halves odd windows down", hai, row(0, 1, 2, 3, 4).Window("2", "5"), 16, []uint16{0, 21845, 43690, 65535, 65535}},
		{"HAI-DEF keeps 8 bits small in a 16-bit picture", hai, row8(10, 20), 16, []uint16{10, 20}},
		{"HAI-DEF windows signed words to 15 bits and stretches those", hai, row(signed(-1, 0, 1, 2, 3)...).Bits(16, 16, true).Window("2", "4"), 16, []uint16{0, 0, 21844, 43688, 65535}},
		{"HAI-DEF windows rescaled films, which stop the container, to 16 bits", hai, rescale(row(0, 1, 2, 3), "1", "0").Window("2", "4"), 16, []uint16{0, 21845, 43690, 65535}},
		{"HAI-DEF windows bytes to bytes", hai, row8(0, 10, 19, 30).Window("15", "10"), 16, []uint16{0, 0, 255, 255}},

		{"MedSigLIP windows symmetrically and rounds", sig, row(0, 1, 2, 3, 4, 5).Window("2", "4"), 16, []uint16{0, 16384, 32768, 49151, 65535, 65535}},
		{"MedSigLIP inverts last and in the full range", sig, mono1(row(0, 1, 2, 3, 4).Window("2", "4")), 16, []uint16{65535, 49151, 32767, 16384, 0}},
		{"MedSigLIP inverts bytes in the full range", sig, mono1(row8(10, 20)), 8, []uint16{245, 235}},
		{"MedSigLIP truncates rescaled bytes to bytes", sig, rescale(row8(10, 21), "0.5", "0"), 8, []uint16{5, 10}},
		{"MedSigLIP lets them wrap", sig, rescale(row8(10, 200), "2", "0"), 8, []uint16{20, 144}},
		{"MedSigLIP stretches words without window", sig, row(3, 4, 5), 16, []uint16{0, 32767, 65535}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pixels(t, &dicomconv.Options{Recipe: test.recipe}, test.film, test.depth, test.want...)
		})
	}
}

func bigEndian(f *dicomtest.File) *dicomtest.File {
	f.Syntax = dicomtest.ExplicitBig
	return f
}

func TestGooglesRecipesRefuseWhatGooglesProgramsCannotRead(t *testing.T) {
	wide := dicomtest.Film(1, 1).Bits(32, 32, false).Set(dicomtest.PixelData, "OW", make([]byte, 4))
	lut12 := row(1).Set(dicomtest.ModalityLUT, "SQ",
		[]*dicomtest.File{dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{1, 0, 12}).Set(dicomtest.LUTData, "OW", []uint16{1})})
	for _, recipe := range []string{cxr.Upstream, cxr.HAIDEF, cxr.MedSigLIP} {
		for name, film := range map[string]*dicomtest.File{"32 bits without rescale": wide, "a modality LUT of 12 bits": lut12} {
			if _, err := normalize(&dicomconv.Options{Recipe: recipe}, film); !errors.Is(err, cxr.ErrUnsupported) {
				t.Errorf("%s, %s: error %v, want one that is cxr.ErrUnsupported", recipe, name, err)
			}
		}
	}
}

// convert("L") of Pillow clips 16-bit gray and weighs 19595, 38470, 7471.
func TestPicturesByGooglesRecipes(t *testing.T) {
	deep := image.NewGray16(image.Rect(0, 0, 3, 1))
	copy(deep.Pix, []byte{0, 200, 0, 255, 1, 0})
	rgb := image.NewNRGBA(image.Rect(0, 0, 5, 1))
	copy(rgb.Pix, []byte{255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 200, 200, 200, 9, 77, 77, 77, 0})
	for _, test := range []struct {
		name string
		m    image.Image
		want []uint16
	}{
		{"16-bit gray is clipped", deep, []uint16{200, 255, 255}},
		{"color is luma, without regard to alpha", rgb, []uint16{76, 150, 29, 200, 77}},
	} {
		m, err := dicomconv.New(&dicomconv.Options{Recipe: cxr.Upstream}).FromImage(test.m)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, test.name, m, 8, test.want)
	}
}
