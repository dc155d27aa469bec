package dicomconv_test

import (
	"bytes"
	"errors"
	"image"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/suyashkumar/dicom"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

func TestPolicies(t *testing.T) {
	film := func(tag uint32, value string) *dicomtest.File { return row(1, 2).Set(tag, "CS", value) }
	view := func(code string) *dicomtest.File {
		return row(1, 2).Set(0x00540220, "SQ", []*dicomtest.File{dicomtest.Item().Set(0x00080100, "SH", code)})
	}
	two := dicomtest.Film(1, 4).Set(dicomtest.Columns, "US", 2).Set(dicomtest.Frames, "IS", "2").Set(dicomtest.PixelData, "OW", []uint16{0, 1, 1, 0})
	rgb := row8(10, 20, 30, 10, 20, 30).Set(dicomtest.Columns, "US", 2).Set(dicomtest.SamplesPerPixel, "US", 3).Set(dicomtest.Photometric, "CS", "RGB")
	tests := []struct {
		name string
		film *dicomtest.File
		o    dicomconv.Options
		want error
	}{
		{"PA is frontal", film(dicomtest.ViewPosition, "PA"), dicomconv.Options{}, nil},
		{"AP is frontal", film(dicomtest.ViewPosition, "AP"), dicomconv.Options{}, nil},
		{"no view is taken", row(1, 2), dicomconv.Options{}, nil},
		{"an empty view is taken", film(dicomtest.ViewPosition, ""), dicomconv.Options{}, nil},
		{"upstream refuses an empty view", film(dicomtest.ViewPosition, ""), dicomconv.Options{Recipe: cxr.Upstream}, cxr.ErrNotFrontal},
		{"LL is refused", film(dicomtest.ViewPosition, "LL"), dicomconv.Options{}, cxr.ErrNotFrontal},
		{"LATERAL is refused by every recipe", film(dicomtest.ViewPosition, "LATERAL"), dicomconv.Options{Recipe: cxr.Upstream}, cxr.ErrNotFrontal},
		{"an unknown view is refused", film(dicomtest.ViewPosition, "RAO"), dicomconv.Options{}, cxr.ErrNotFrontal},
		{"any view is taken on demand", film(dicomtest.ViewPosition, "LL"), dicomconv.Options{Views: dicomconv.ViewsAny}, nil},
		{"the code of a PA view", view("R-10214"), dicomconv.Options{}, nil},
		{"the code of a lateral view", view("399067008"), dicomconv.Options{}, cxr.ErrNotFrontal},
		{"burned-in annotation is refused", film(dicomtest.BurnedIn, "YES"), dicomconv.Options{}, cxr.ErrBurnedIn},
		{"burned-in annotation is taken on demand", film(dicomtest.BurnedIn, "YES"), dicomconv.Options{BurnedIn: dicomconv.BurnedInAllow}, nil},
		{"no word of annotation is taken", row(1, 2), dicomconv.Options{}, nil},
		{"no word of annotation is refused on demand", row(1, 2), dicomconv.Options{BurnedIn: dicomconv.BurnedInRequireNo}, cxr.ErrBurnedIn},
		{"annotation denied", film(dicomtest.BurnedIn, "NO"), dicomconv.Options{BurnedIn: dicomconv.BurnedInRequireNo}, nil},
		{"a modality of the list", row(1, 2), dicomconv.Options{Modalities: []string{"CR", "DX"}}, nil},
		{"a modality off the list", film(dicomtest.Modality, "CT"), dicomconv.Options{Modalities: []string{"CR", "DX"}}, cxr.ErrModality},
		{"two frames are refused", two, dicomconv.Options{}, cxr.ErrMultiFrame},
		{"frame 2 of two", two, dicomconv.Options{Frame: 2}, nil},
		{"frame 3 of two", two, dicomconv.Options{Frame: 3}, cxr.ErrMultiFrame},
		{"color is refused", rgb, dicomconv.Options{}, cxr.ErrColor},
		{"color is reduced on demand", rgb, dicomconv.Options{Color: dicomconv.ColorLuma}, nil},
		{"too many pixels", row(1, 2, 3), dicomconv.Options{Limits: dicomconv.Limits{Pixels: 2}}, cxr.ErrTooLarge},
		{"too large a file", row(1, 2, 3), dicomconv.Options{Limits: dicomconv.Limits{Bytes: 100}}, cxr.ErrTooLarge},
		{"too many elements", row(1, 2, 3), dicomconv.Options{Limits: dicomconv.Limits{Elements: 5}}, cxr.ErrTooLarge},
		{"a view policy unheard of", row(1, 2), dicomconv.Options{Views: 7}, cxr.ErrUnsupported},
		{"a burned-in policy unheard of", row(1, 2), dicomconv.Options{BurnedIn: -1}, cxr.ErrUnsupported},
		{"a color policy unheard of", row(1, 2), dicomconv.Options{Color: 2}, cxr.ErrUnsupported},
		{"a negative frame", row(1, 2), dicomconv.Options{Frame: -1}, cxr.ErrUnsupported},
		{"a negative limit", row(1, 2), dicomconv.Options{Limits: dicomconv.Limits{Depth: -1}}, cxr.ErrUnsupported},
		{"a window function unheard of", row(1, 2), dicomconv.Options{Window: &dicomconv.Window{Width: 9, Function: 3}}, cxr.ErrUnsupported},
		{"a window without bounds", row(1, 2), dicomconv.Options{Window: &dicomconv.Window{Width: math.Inf(1)}}, cxr.ErrUnsupported},
		{"a recipe unheard of", row(1, 2), dicomconv.Options{Recipe: "standard/99"}, cxr.ErrUnsupported},
		{"a depth that no image has", row(1, 2), dicomconv.Options{Depth: 12}, cxr.ErrUnsupported},
		{"a window that is none", row(1, 2), dicomconv.Options{Window: &dicomconv.Window{}}, cxr.ErrCorrupt},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := normalize(&test.o, test.film); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

func TestInvalidOptionsStopEveryMethod(t *testing.T) {
	c := dicomconv.New(&dicomconv.Options{Recipe: "standard/99"})
	_, normalize := c.Normalize(bytes.NewReader(row(1).Bytes()))
	_, dataset := c.FromDataset(dicom.Dataset{})
	_, picture := c.FromImage(image.NewGray(image.Rect(0, 0, 1, 1)))
	_, stat := c.Stat(bytes.NewReader(row(1).Bytes()))
	films := c.Files(fstest.MapFS{"a.dcm": {Data: row(1).Bytes()}})
	_, files := films.Next(t.Context())
	for _, err := range []error{normalize, dataset, picture, stat, files} {
		if !errors.Is(err, cxr.ErrUnsupported) || !strings.Contains(err.Error(), "options") {
			t.Errorf("error %v, want one of options that is cxr.ErrUnsupported", err)
		}
	}
}

func TestFramesAreChosenByNumber(t *testing.T) {
	f := dicomtest.Film(1, 6).Set(dicomtest.Columns, "US", 2).Set(dicomtest.Frames, "IS", "3").Set(dicomtest.PixelData, "OW", []uint16{1, 2, 3, 4, 5, 6}).Window("3.5", "7")
	pixels(t, &dicomconv.Options{Frame: 2}, f, 16, 32768, 43690)
	// 3 frames of 5 single bits: frame 2 is bits 5 to 9
	bits := dicomtest.Film(1, 5).Bits(1, 1, false).Set(dicomtest.Frames, "IS", "3").Set(dicomtest.PixelData, "OB", []byte{0b01000000, 0b10})
	pixels(t, &dicomconv.Options{Frame: 2}, bits, 16, 0, 65535, 0, 0, 65535)
}

func TestColorBecomesLuma(t *testing.T) {
	color := func(photometric string, samples int, b ...byte) *dicomtest.File {
		return row8(b...).Set(dicomtest.Columns, "US", 2).Set(dicomtest.SamplesPerPixel, "US", samples).Set(dicomtest.Photometric, "CS", photometric)
	}
	palette := row8(0, 1).Set(dicomtest.Photometric, "CS", "PALETTE COLOR")
	for i := range 3 {
		palette.Set(uint32(0x00281101+i), "US", []int{2, 0, 16}).Set(uint32(0x00281201+i), "OW", []uint16{0, uint16(i) * 0x3000})
	}
	tests := []struct {
		name string
		film *dicomtest.File
		want []uint16
	}{
		{"RGB", color("RGB", 3, 255, 0, 0, 0, 255, 0), []uint16{76 * 257, 150 * 257}},
		{"RGB in planes", color("RGB", 3, 255, 0, 0, 255, 0, 0).Set(0x00280006, "US", 1), []uint16{76 * 257, 150 * 257}},
		{"YBR_FULL", color("YBR_FULL", 3, 10, 128, 128, 20, 128, 128), []uint16{2570, 5140}},
		{"YBR_FULL_422", color("YBR_FULL_422", 3, 10, 20, 128, 128), []uint16{2570, 5140}},
		{"a palette of 16 bits, shown by an automatic window", palette, []uint16{0, 65535}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pixels(t, &dicomconv.Options{Color: dicomconv.ColorLuma}, test.film, 16, test.want...)
		})
	}
}

func TestColorThatIsNone(t *testing.T) {
	palette := row8(0, 1).Set(dicomtest.Photometric, "CS", "PALETTE COLOR")
	uneven := row8(0, 1).Set(dicomtest.Photometric, "CS", "PALETTE COLOR")
	for i := range 3 {
		uneven.Set(uint32(0x00281101+i), "US", []int{2, 0, 8 + 8*(i%2)}).Set(uint32(0x00281201+i), "OW", []uint16{0, 1})
	}
	wide := dicomtest.Film(1, 2).Bits(32, 32, false).Set(dicomtest.SamplesPerPixel, "US", 3).Set(dicomtest.Photometric, "CS", "RGB").
		Set(dicomtest.PixelData, "OW", make([]byte, 24))
	tests := []struct {
		name string
		film *dicomtest.File
		want error
	}{
		{"a palette that is missing, or segmented", palette, cxr.ErrUnsupported},
		{"a palette of different depths", uneven, cxr.ErrCorrupt},
		{"color of 32 bits", wide, cxr.ErrUnsupported},
		{"two samples a pixel", row(1, 2).Set(dicomtest.Columns, "US", 1).Set(dicomtest.SamplesPerPixel, "US", 2), cxr.ErrColor},
		{"a color space unheard of", row(1, 2).Set(dicomtest.Photometric, "CS", "CIELAB"), cxr.ErrColor},
	}
	for _, test := range tests {
		if _, err := normalize(&dicomconv.Options{Color: dicomconv.ColorLuma}, test.film); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.want)
		}
	}
}

func TestPseudonymsAreKeyed(t *testing.T) {
	// base32(HMAC-SHA-256("key", "2.25.1"))[:26], by Python's hmac and base64
	const want = "NUHJ6LNYD2XEBHL2CHXMV3TT6Q"
	if got := dicomconv.Pseudonym([]byte("key"), "2.25.1"); got != want {
		t.Errorf("pseudonym %s, want %s", got, want)
	}
	if dicomconv.Pseudonym([]byte("other key"), "2.25.1") == want {
		t.Error("the key does not matter")
	}
	m, err := normalize(&dicomconv.Options{PseudonymKey: []byte("key")}, row(1, 2))
	if err != nil {
		t.Fatal(err)
	}
	if m.ID != want {
		t.Errorf("ID %q, want %s", m.ID, want)
	}
}

// Whatever a file has in the places of coded terms, it does not get out.
func TestNothingOfThePatientGetsOut(t *testing.T) {
	const secret = "QUUX^ZOE"
	patient := map[uint32]string{0x00100010: "PN", 0x00100020: "LO", 0x00100030: "DA", 0x00081030: "LO", 0x00080080: "LO", 0x00324000: "LT"}
	coded := []uint32{0x00080016, 0x00080060, 0x00080064, 0x00080068, 0x00181600, dicomtest.ViewPosition, dicomtest.Photometric,
		dicomtest.Frames, dicomtest.BurnedIn, dicomtest.WindowCenter, dicomtest.Slope, dicomtest.VOIFunction, 0x00282110, 0x20500020}
	film := func() *dicomtest.File {
		f := row(1, 2)
		for tag, vr := range patient {
			f.Set(tag, vr, secret)
		}
		return f
	}
	leaks := func(s string) bool { return strings.Contains(s, "QUUX") || strings.Contains(s, "ZOE") }
	check := func(t *testing.T, f *dicomtest.File) {
		t.Helper()
		for _, o := range []*dicomconv.Options{nil, {Recipe: cxr.Upstream}, {Color: dicomconv.ColorLuma, Frame: 1}, {BurnedIn: dicomconv.BurnedInRequireNo}, {Modalities: []string{"CR"}}} {
			b := f.Bytes()
			m, err := dicomconv.New(o).Normalize(bytes.NewReader(b))
			if err != nil && leaks(err.Error()) {
				t.Errorf("error %q", err)
			}
			if m != nil && (leaks(m.ID) || bytes.Contains(m.PNG(), []byte("QUUX"))) {
				t.Errorf("image %q", m.ID)
			}
			info, err := dicomconv.New(o).Stat(bytes.NewReader(b))
			if err != nil && leaks(err.Error()) {
				t.Errorf("error of Stat %q", err)
			}
			if s := strings.ToUpper(print(info)); leaks(s) {
				t.Errorf("info %s", s)
			}
		}
	}
	check(t, film())
	for _, tag := range coded {
		check(t, film().Set(tag, "CS", secret))
	}
	syntax := film()
	syntax.Syntax, syntax.Encoding = secret, dicomtest.ExplicitLittle
	check(t, syntax)
	encapsulated := film().Set(dicomtest.PixelData, "OB", dicomtest.Fragments{nil, []byte(secret)})
	for _, uid := range []string{dicomtest.JPEGBaseline, dicomtest.RLE, "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"} {
		encapsulated.Syntax = uid
		check(t, encapsulated)
	}
}
