package dicomconv_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// The values wanted are worked out by hand from the formulas of PS3.3.
func TestStandardWindows(t *testing.T) {
	x := signed(-1000, -160, -128, -60, 0, 40, 65, 140, 193, 239, 240, 1000)
	tests := []struct {
		name     string
		function string
		depth    int
		want     []uint16
	}{
		// C.11.2.1.2.1: ((x - 39.5)/399 + 0.5) * 255
		{"no function is LINEAR", "", 8, []uint16{0, 0, 20, 64, 102, 128, 144, 192, 226, 255, 255, 255}},
		{"LINEAR", "LINEAR", 8, []uint16{0, 0, 20, 64, 102, 128, 144, 192, 226, 255, 255, 255}},
		{"LINEAR in 16 bits", "LINEAR", 16, []uint16{0, 0, 5256, 16425, 26280, 32850, 36956, 49274, 57980, 65535, 65535, 65535}},
		// C.11.2.1.3.2: ((x - 40)/400 + 0.5) * 255, halves to even
		{"LINEAR_EXACT", "LINEAR_EXACT", 8, []uint16{0, 0, 20, 64, 102, 128, 143, 191, 225, 254, 255, 255}},
		// C.11.2.1.3.1: 255 / (1 + exp(-4 (x - 40)/400))
		{"SIGMOID", "SIGMOID", 8, []uint16{0, 30, 40, 69, 102, 128, 143, 186, 210, 224, 225, 255}},
		{"SIGMOID in 16 bits", "SIGMOID", 16, []uint16{2, 7812, 10295, 17625, 26300, 32768, 36842, 47910, 53870, 57654, 57723, 65531}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := row(x...).Bits(16, 16, true).Window("40", "400")
			if test.function != "" {
				f.Set(dicomtest.VOIFunction, "CS", test.function)
			}
			pixels(t, &dicomconv.Options{Depth: test.depth}, f, test.depth, test.want...)
		})
	}
}

func TestStandardPipeline(t *testing.T) {
	lut := func(descriptor []int, data ...uint16) []*dicomtest.File {
		return []*dicomtest.File{dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", descriptor).Set(dicomtest.LUTData, "OW", data)}
	}
	tests := []struct {
		name string
		film *dicomtest.File
		o    dicomconv.Options
		want []uint16
	}{
		{"rescale comes before the window", row(0, 10, 20).Set(dicomtest.Slope, "DS", "2").Set(dicomtest.Intercept, "DS", "-10").Window("10.5", "41"),
			dicomconv.Options{}, []uint16{0, 32768, 65535}}, // modality values -10, 10, 30
		{"a slope without intercept counts", row(0, 50, 100).Set(dicomtest.Slope, "DS", "2").Window("100.5", "201"),
			dicomconv.Options{}, []uint16{0, 32768, 65535}},
		{"an intercept without slope counts", row(0, 50, 100).Set(dicomtest.Intercept, "DS", "100").Window("150.5", "101"),
			dicomconv.Options{}, []uint16{0, 32768, 65535}},
		{"fractions of the rescale are kept", row(0, 1, 2).Set(dicomtest.Slope, "DS", "0.25").Set(dicomtest.Intercept, "DS", "0").Window("0.75", "1.5"),
			dicomconv.Options{}, []uint16{0, 32768, 65535}},
		{"a modality LUT replaces the rescale", row(4, 5, 6, 7, 8).Set(dicomtest.ModalityLUT, "SQ", lut([]int{3, 5, 16}, 0, 100, 200)).
			Set(dicomtest.Slope, "DS", "9").Set(dicomtest.Intercept, "DS", "9").Window("100.5", "201"),
			dicomconv.Options{}, []uint16{0, 0, 32768, 65535, 65535}},
		{"a modality LUT of signed input", row(signed(-2, -1, 0)...).Bits(16, 12, true).Set(dicomtest.ModalityLUT, "SQ", lut([]int{3, 0xfffe, 16}, 0, 100, 200)).Window("100.5", "201"),
			dicomconv.Options{}, []uint16{0, 32768, 65535}},
		{"a VOI LUT is preferred to a window", row(9, 10, 11, 12, 13).Set(dicomtest.VOILUT, "SQ", lut([]int{3, 10, 12}, 0, 2048, 4095)).Window("0", "1"),
			dicomconv.Options{}, []uint16{0, 0, 32776, 65535, 65535}}, // 2048/4095
		{"a VOI LUT of rescaled values begins below zero", row(8, 10, 11, 12).Set(dicomtest.Slope, "DS", "1").Set(dicomtest.Intercept, "DS", "-20").
			Set(dicomtest.VOILUT, "SQ", lut([]int{3, 0xfff6, 8}, 0, 51, 255)), // from -10
			dicomconv.Options{}, []uint16{0, 0, 13107, 65535}},
		{"a VOI LUT of signed values begins below zero", row(signed(-2, -1, 0)...).Bits(16, 16, true).Set(dicomtest.VOILUT, "SQ", lut([]int{3, 0xfffe, 8}, 0, 51, 255)),
			dicomconv.Options{}, []uint16{0, 13107, 65535}},
		{"a VOI LUT of unsigned values begins high", row(65533, 65534, 65535).Set(dicomtest.VOILUT, "SQ", lut([]int{2, 0xfffe, 8}, 51, 255)),
			dicomconv.Options{}, []uint16{13107, 13107, 65535}},
		{"a VOI LUT of 8 bits", row(0, 1).Set(dicomtest.VOILUT, "SQ", lut([]int{2, 0, 8}, 51, 255)),
			dicomconv.Options{}, []uint16{13107, 65535}},
		{"a VOI LUT of 65536 entries", row(0, 65535).Set(dicomtest.VOILUT, "SQ", lut([]int{0, 0, 16}, identity()...)),
			dicomconv.Options{}, []uint16{0, 65535}},
		{"VOI 1 is the window after the VOI LUT", row(0, 100).Set(dicomtest.VOILUT, "SQ", lut([]int{2, 0, 8}, 51, 255)).Window("50.5", "101"),
			dicomconv.Options{VOI: 1}, []uint16{0, 65535}},
		{"the first of several windows", row(0, 50, 100).Window("50.5\\10", "101\\20"),
			dicomconv.Options{}, []uint16{0, 32768, 65535}},
		{"VOI 1 is the second window", row(0, 1, 2).Window("50\\1.5", "100\\3"),
			dicomconv.Options{VOI: 1}, []uint16{0, 32768, 65535}},
		{"several windows keep their fractions", row(0, 1, 2).Window("1.5\\9", "3.0\\9"),
			dicomconv.Options{}, []uint16{0, 32768, 65535}},
		{"the caller's window beats the file's", row(0, 1, 2).Window("50", "100"),
			dicomconv.Options{Window: &dicomconv.Window{Center: 1, Width: 2, Function: dicomconv.ExactWindow}}, []uint16{0, 32768, 65535}},
		{"a window of width 1 is a threshold", row(9, 10, 11).Window("10.5", "1"),
			dicomconv.Options{}, []uint16{0, 0, 65535}},
		{"MONOCHROME1 is inverted in the range, not at the image's maximum", row(0, 50, 100).Set(dicomtest.Photometric, "CS", "MONOCHROME1").Window("100.5", "201"),
			dicomconv.Options{}, []uint16{65535, 49151, 32768}},
		{"PresentationLUTShape INVERSE inverts", row(0, 100).Set(0x20500020, "CS", "INVERSE").Window("50.5", "101"),
			dicomconv.Options{}, []uint16{65535, 0}},
		{"MONOCHROME1 with INVERSE is inverted once", row(0, 100).Set(dicomtest.Photometric, "CS", "MONOCHROME1").Set(0x20500020, "CS", "INVERSE").Window("50.5", "101"),
			dicomconv.Options{}, []uint16{65535, 0}},
		{"MONOCHROME2 with IDENTITY stays", row(0, 100).Set(0x20500020, "CS", "IDENTITY").Window("50.5", "101"),
			dicomconv.Options{}, []uint16{0, 65535}},
		{"padding is black and not in the automatic window", row(63536, 0, 50, 100).Set(dicomtest.Padding, "US", 63536),
			dicomconv.Options{}, []uint16{0, 0, 32768, 65535}},
		{"padding of inverted films is black too", row(0, 1, 100).Set(dicomtest.Photometric, "CS", "MONOCHROME1").Set(dicomtest.Padding, "US", 0).Window("50.5", "101"),
			dicomconv.Options{}, []uint16{0, 64880, 0}},
		{"padding is a range", row(0, 5, 10, 11, 111).Set(dicomtest.Padding, "US", 0).Set(dicomtest.PaddingLimit, "US", 10),
			dicomconv.Options{}, []uint16{0, 0, 0, 0, 65535}},
		{"padding of signed films is signed", row(signed(-2000, 0, 100)...).Bits(16, 16, true).Set(dicomtest.Padding, "SS", 0xf830),
			dicomconv.Options{}, []uint16{0, 0, 65535}},
		{"a film all of padding is black", row(7, 7).Set(dicomtest.Padding, "US", 7),
			dicomconv.Options{}, []uint16{0, 0}},
		{"bits above the high bit are overlays and no pixels", row(0x8000, 0xf800, 0x0fff).Bits(16, 12, false).Window("2048", "4096"),
			dicomconv.Options{}, []uint16{0, 32776, 65535}}, // 2048 -> 2048/4095
		{"bits below the sample are no pixels", row(0x000f, 0x800f, 0xffff).Bits(16, 12, false).Set(dicomtest.HighBit, "US", 15).Window("2048", "4096"),
			dicomconv.Options{}, []uint16{0, 32776, 65535}},
		{"the sign is in the high bit", row(0x0800, 0x0000, 0x07ff).Bits(16, 12, true).Window("0", "4096"),
			dicomconv.Options{}, []uint16{0, 32776, 65535}},
		{"a film of 8 bits without window shows its whole range", row8(0, 51, 204),
			dicomconv.Options{}, []uint16{0, 13107, 52428}},
		{"a film of 7 bits without window shows its whole range", row8(0, 127, 64).Bits(8, 7, false),
			dicomconv.Options{}, []uint16{0, 65535, 33026}}, // 64/127
		{"a signed film of 8 bits", row8(0x80, 0x00, 0x7f).Bits(8, 8, true),
			dicomconv.Options{}, []uint16{0, 32896, 65535}}, // 128/255
		{"a constant film of 16 bits is black", row(9, 9),
			dicomconv.Options{}, []uint16{0, 0}},
		{"one bit a pixel, lowest first", dicomtest.Film(1, 10).Bits(1, 1, false).Set(dicomtest.PixelData, "OB", []byte{0b00000101, 0b10}),
			dicomconv.Options{}, []uint16{65535, 0, 65535, 0, 0, 0, 0, 0, 0, 65535}},
		{"32 bits unsigned", dicomtest.Film(1, 3).Bits(32, 32, false).Set(dicomtest.PixelData, "OW", []byte{0, 0, 0, 0, 0x00, 0xca, 0x9a, 0x3b, 0x00, 0x94, 0x35, 0x77}),
			dicomconv.Options{Window: &dicomconv.Window{Center: 1e9, Width: 2e9, Function: dicomconv.ExactWindow}}, []uint16{0, 32768, 65535}},
		{"32 bits signed", dicomtest.Film(1, 2).Bits(32, 32, true).Set(dicomtest.PixelData, "OW", []byte{0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0}),
			dicomconv.Options{}, []uint16{0, 65535}},
		{"32 bits big endian", bigEndian(dicomtest.Film(1, 2).Bits(32, 32, true).Set(dicomtest.PixelData, "OW", []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1})),
			dicomconv.Options{}, []uint16{0, 65535}},
		{"floating point", dicomtest.Film(1, 3).Bits(32, 32, false).Remove(dicomtest.PixelData).Set(0x7fe00008, "OF", []byte{0, 0, 0, 0xbf, 0, 0, 0, 0, 0, 0, 0, 0x3f}),
			dicomconv.Options{}, []uint16{0, 32768, 65535}}, // -0.5, 0, 0.5
		{"a negative slope", row(0, 100).Set(dicomtest.Slope, "DS", "-1").Set(dicomtest.Intercept, "DS", "100").Window("50.5", "101"),
			dicomconv.Options{}, []uint16{65535, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { pixels(t, &test.o, test.film, 16, test.want...) })
	}
}

func identity() []uint16 {
	v := make([]uint16, 1<<16)
	for i := range v {
		v[i] = uint16(i)
	}
	return v
}

// The darkest and the brightest half percent of 1000 pixels are 5 each.
func TestAutomaticWindowLeavesOutTheTails(t *testing.T) {
	words := make([]uint16, 1000)
	for i := range words {
		words[i] = uint16(1000 + i)
	}
	m, err := normalize(nil, row(words...))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]uint16{0: 0, 5: 0, 994: 65535, 999: 65535, 6: 66} { // 65535/989
		if m.Pix[i] != want {
			t.Errorf("pixel %d is %d, want %d", i, m.Pix[i], want)
		}
	}
}

func TestStandardRefusesWhatHasNoMeaning(t *testing.T) {
	tests := []struct {
		name string
		film *dicomtest.File
		o    dicomconv.Options
		want error
	}{
		{"a slope of 0", row(1, 2).Set(dicomtest.Slope, "DS", "0").Set(dicomtest.Intercept, "DS", "1"), dicomconv.Options{}, cxr.ErrCorrupt},
		{"a window of width 0", row(1, 2).Window("1", "0"), dicomconv.Options{}, cxr.ErrCorrupt},
		{"a LINEAR window narrower than 1", row(1, 2).Window("1", "0.5"), dicomconv.Options{}, cxr.ErrCorrupt},
		{"a VOI that is not there", row(1, 2).Window("1", "2"), dicomconv.Options{VOI: 1}, cxr.ErrUnsupported},
		{"a pixel that is not a number", dicomtest.Film(1, 1).Bits(32, 32, false).Remove(dicomtest.PixelData).Set(0x7fe00008, "OF", []byte{0, 0, 0xc0, 0x7f}), dicomconv.Options{}, cxr.ErrUnsupported},
		{"12 bits allocated", dicomtest.Film(1, 2).Bits(12, 12, false), dicomconv.Options{}, cxr.ErrUnsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := normalize(&test.o, test.film); !errors.Is(err, test.want) {
				t.Errorf("error %v, want one that is %v", err, test.want)
			}
		})
	}
}

func TestDisplayShutter(t *testing.T) {
	const shape, left, right, upper, lower, center, radius, vertices = 0x00181600, 0x00181602, 0x00181604, 0x00181606, 0x00181608, 0x00181610, 0x00181612, 0x00181620
	tests := []struct {
		name string
		set  func(f *dicomtest.File)
		want string // of 5 x 5 white pixels
	}{
		{"rectangular", func(f *dicomtest.File) {
			f.Set(shape, "CS", "RECTANGULAR").Set(left, "IS", "2").Set(right, "IS", "4").Set(upper, "IS", "3").Set(lower, "IS", "5")
		}, "..... ..... .###. .###. .###."},
		{"circular", func(f *dicomtest.File) {
			f.Set(shape, "CS", "CIRCULAR").Set(center, "IS", "3\\2").Set(radius, "IS", "1")
		}, "..... .#... ###.. .#... ....."},
		{"polygonal", func(f *dicomtest.File) {
			f.Set(shape, "CS", "POLYGONAL").Set(vertices, "IS", "1\\0\\6\\0\\6\\5")
		}, "..... #.... ##... ###.. ####."},
		{"rectangular and circular", func(f *dicomtest.File) {
			f.Set(shape, "CS", "RECTANGULAR\\CIRCULAR").Set(left, "IS", "2").Set(center, "IS", "3\\2").Set(radius, "IS", "1")
		}, "..... .#... .##.. .#... ....."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := dicomtest.Film(5, 5).Window("-10", "1")
			test.set(f)
			m, err := normalize(nil, f)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for i, v := range m.Pix {
				if i > 0 && i%5 == 0 {
					got += " "
				}
				got += map[bool]string{true: "#", false: "."}[v == 65535]
			}
			if got != test.want {
				t.Errorf("shown\n%s, want\n%s", got, test.want)
			}
		})
	}
}

// A side crosses the row at column 400, or a hair before it where products are
// fused with sums: machines that do so must not show another picture.
func TestPolygonsAreTheSameOnEveryMachine(t *testing.T) {
	f := dicomtest.Film(6, 1200).Window("-10", "1").Set(0x00181600, "CS", "POLYGONAL").Set(0x00181620, "IS", `1\1200\6\200\6\1200`)
	m, err := normalize(nil, f)
	if err != nil {
		t.Fatal(err)
	}
	if row := m.Pix[4*1200:]; row[399] != 0 || row[400] != 65535 {
		t.Errorf("columns 400 and 401 of row 5 are %d and %d, want 0 and 65535", row[399], row[400])
	}
}

// Whatever the number of bits, the least value becomes black and the greatest
// white, and what is above the high bit does not matter.
func TestEveryNumberOfBits(t *testing.T) {
	for stored := 1; stored <= 16; stored++ {
		for _, negative := range []bool{false, true} {
			if stored == 1 && negative {
				continue // one bit has no room for a sign
			}
			low, high := 0, 1<<stored-1
			if negative {
				low, high = -1<<(stored-1), 1<<(stored-1)-1
			}
			above := uint16(0xffff) << (stored % 16)
			if stored == 16 {
				above = 0
			}
			window := &dicomconv.Window{Center: float64(low+high) / 2, Width: float64(high - low), Function: dicomconv.ExactWindow}
			f := row(uint16(low)|above, uint16(high)&^above, uint16(high)|above).Bits(16, stored, negative)
			pixels(t, &dicomconv.Options{Window: window}, f, 16, 0, 65535, 65535)
			if stored <= 8 {
				f := row8(byte(low)|byte(above), byte(high)).Bits(8, stored, negative)
				pixels(t, nil, f, 16, 0, 65535)
			}
		}
	}
}

// coded is a film whose decoder returns the frame given.
func coded(t *testing.T, f *dicomtest.File, o dicomconv.Options, precision int, negative bool, pix ...uint16) []uint16 {
	t.Helper()
	f.Set(dicomtest.PixelData, "OB", dicomtest.Fragments{nil, []byte("ab")})
	f.Syntax, f.Encoding = dicomtest.JPEGBaseline, dicomtest.ExplicitLittle
	o.Decoders = map[string]dicomconv.Decoder{dicomtest.JPEGBaseline: func(_ []byte, want dicomconv.Shape) (*dicomconv.Frame, error) {
		return &dicomconv.Frame{Shape: want, Precision: precision, Signed: negative, Pix: slices.Clone(pix)}, nil
	}}
	m, err := normalize(&o, f)
	if err != nil {
		t.Fatal(err)
	}
	return m.Pix
}

func TestDecodedSamples(t *testing.T) {
	window := dicomconv.Options{Window: &dicomconv.Window{Center: 512, Width: 1024, Function: dicomconv.ExactWindow}}
	around := dicomconv.Options{Window: &dicomconv.Window{Center: 0, Width: 4096, Function: dicomconv.ExactWindow}}
	tests := []struct {
		name      string
		film      *dicomtest.File
		o         dicomconv.Options
		precision int
		negative  bool
		pix       []uint16
		want      []uint16
	}{
		{"more bits than bits stored are no overlay", row(0, 0, 0).Bits(16, 10, false), window, 12, false, []uint16{512, 1000, 1024}, []uint16{32768, 63999, 65535}},
		{"16 bits under 12, without a window", row(0, 0, 0).Bits(16, 12, false), dicomconv.Options{}, 16, false, []uint16{0, 32768, 65535}, []uint16{0, 32768, 65535}},
		{"8 bits under 7, without a window", row8(0, 0, 0).Bits(8, 7, false), dicomconv.Options{}, 8, false, []uint16{0, 100, 200}, []uint16{0, 32768, 65535}},
		{"8 bits under 7 that use 7", row8(0, 0, 0).Bits(8, 7, false), dicomconv.Options{}, 8, false, []uint16{0, 50, 100}, []uint16{0, 25801, 51602}},
		{"signed samples of 12 bits in a stream of 16", row(0, 0).Bits(16, 12, true), around, 16, false, []uint16{0x800, 0x400}, []uint16{0, 49151}},
		{"signed samples of 16 bits under 12", row(0, 0).Bits(16, 12, true), around, 16, false, signed(-2048, 1024), []uint16{0, 49151}},
		{"signed samples without sign extension", row(0, 0).Bits(16, 12, true), around, 12, false, []uint16{0x800, 0x400}, []uint16{0, 49151}},
		{"signed samples, sign-extended", row(0, 0).Bits(16, 12, true), around, 12, true, signed(-2048, 1024), []uint16{0, 49151}},
		{"signed samples under an unsigned header", row(0, 0).Bits(16, 12, false), around, 12, true, signed(-2048, 1024), []uint16{0, 49151}},
	}
	for _, test := range tests {
		if got := coded(t, test.film, test.o, test.precision, test.negative, test.pix...); !slices.Equal(got, test.want) {
			t.Errorf("%s: pixels %v, want %v", test.name, got, test.want)
		}
	}
}

func TestDecodersThatBreakTheirPromiseAreCaught(t *testing.T) {
	for name, frame := range map[string]*dicomconv.Frame{
		"no frame":         nil,
		"another size":     {Shape: dicomconv.Shape{Width: 1, Height: 1, Components: 1}, Precision: 8, Pix: make([]uint16, 1)},
		"too few pixels":   {Shape: dicomconv.Shape{Width: 2, Height: 1, Components: 1}, Precision: 8, Pix: make([]uint16, 1)},
		"too much of bits": {Shape: dicomconv.Shape{Width: 2, Height: 1, Components: 1}, Precision: 12, Pix: make([]uint16, 2)},
	} {
		f := row8(0, 0).Set(dicomtest.PixelData, "OB", dicomtest.Fragments{nil, []byte("ab")})
		f.Syntax, f.Encoding = "2.25.42", dicomtest.ExplicitLittle
		decode := func([]byte, dicomconv.Shape) (*dicomconv.Frame, error) { return frame, nil }
		if m, err := normalize(&dicomconv.Options{Decoders: map[string]dicomconv.Decoder{"2.25.42": decode}}, f); err == nil {
			t.Errorf("%s: image %v", name, m.Pix)
		}
	}
}
