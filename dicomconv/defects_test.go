package dicomconv_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// A defect is the right outcome of a file that readers have been reported to get
// wrong.
type defect struct {
	as   func() *dicomtest.File // a film whose picture it must be
	view cxr.View
	note string // a part of one
	err  error
	say  string // a part of the error
	off  int    // by which a stored value may differ from that before lossy compression
}

// ramp is the film that the files of ../shared/defects/dicom are made of: 16 x 8
// words, each 32 more than the one before.
func ramp() *dicomtest.File {
	words := make([]uint16, 16*8)
	for i := range words {
		words[i] = uint16(32 * i)
	}
	return dicomtest.Film(8, 16).Bits(16, 12, false).Set(dicomtest.PixelData, "OW", words)
}

func windowed() *dicomtest.File { return ramp().Window("2048", "4096") }

// Each file of ../shared/defects/dicom, and a line on the reports it stands for.
func defects() map[string]defect {
	plain := defect{as: windowed}
	narrow := defect{as: func() *dicomtest.File { return ramp().Window("1024", "512") }}
	viewed := func(v cxr.View) defect { return defect{as: windowed, view: v} }
	return map[string]defect{
		"00_ok": plain,
		// Number of Frames 0, with a fraction, with a line end.
		"01_frames0": plain, "01_frames_1.0": plain, "01_frames_nl": plain,
		// Bytes after complete pixel data.
		"02_448_after_pixels": plain, "02_trailing_crlf": plain, "02_trailing_ff": plain,
		// fo-dicom#1296 and its kin: numbers that were taken for absent.
		"03_comma_slope": {as: func() *dicomtest.File {
			return ramp().Window("0", "2000").Set(dicomtest.Slope, "DS", "0.5").Set(dicomtest.Intercept, "DS", "-1024")
		}},
		"03_comma_window":  {as: func() *dicomtest.File { return wide16().Window("20958.0000415", "40000.5") }},
		"03_nan_intercept": {err: cxr.ErrCorrupt, say: "rescale intercept (0028,1052) is there, but is no number"},
		"03_slope_fd": {as: func() *dicomtest.File {
			return windowed().Set(dicomtest.Slope, "DS", "0.5").Set(dicomtest.Intercept, "DS", "0")
		}},
		"03_window_newline": narrow, "03_window_tab": narrow, "03_window_vr_fd": narrow, "03_window_vr_us": narrow,
		// Value representations that are none.
		"05_vr_lower": plain, "05_vr_nul_private": plain, "05_vr_qq_private": plain, "05_vr_spaces_private": plain,
		// LUTs without content, which DCMTK passes over, and delimiters where none belongs.
		"07_modality_empty_item":       {as: windowed, note: "modality LUT without its entries"},
		"07_voi_empty_descriptor":      {as: windowed, note: "VOI LUT without its entries"},
		"07_voi_empty_item":            {as: windowed, note: "VOI LUT without its entries"},
		"07_voi_no_data":               {as: windowed, note: "VOI LUT without its entries"},
		"07_viewcode_item_delim_after": viewed(cxr.ViewAP),
		"07_voi_item_delim_after":      {as: func() *dicomtest.File { return windowed().Set(dicomtest.VOILUT, "SQ", falling()) }},
		// Errors that did not say what is wrong.
		"08_photo_missing":            {err: cxr.ErrCorrupt, say: "photometric interpretation (0028,0004) is missing"},
		"09_undefined_native_delim":   {err: cxr.ErrCorrupt, say: "native pixel data at byte 424 of undefined length"},
		"10_deflate_uid_not_deflated": {err: cxr.ErrCorrupt, say: "says that the data set at byte 236 is deflated, and it is not"},
		// pydicom#2012, dcm4che#504: more bits in the codestream than Bits Stored.
		"bs12_j2k_p16": {note: "the codestream has 16 bits, more than bits stored"},
		"bs12_jls_p14": {note: "the codestream has 16 bits, more than bits stored"},
		// Encapsulated pixel data of defined length, as Konica wrote them.
		"encap_explicit_length": {off: 5}, "encap_explicit_length_nodelim": {off: 5},
		"view_AP_AXIAL":        {err: cxr.ErrNotFrontal, say: "view position is other"},
		"view_LATERAL":         {err: cxr.ErrNotFrontal, say: "view position is lateral"},
		"view_AP_SUPINE":       viewed(cxr.ViewAP),
		"view_CHEST_PA":        viewed(cxr.ViewPA),
		"view_POSTEROANTERIOR": viewed(cxr.ViewPA),
		"view_pa_lower":        viewed(cxr.ViewPA),
	}
}

// wide16 is ramp in 16 bits.
func wide16() *dicomtest.File {
	words := make([]uint16, 16*8)
	for i := range words {
		words[i] = uint16(512 * i)
	}
	return ramp().Bits(16, 16, false).Set(dicomtest.PixelData, "OW", words)
}

// falling is a VOI LUT that inverts 12 bits.
func falling() []*dicomtest.File {
	data := make([]uint16, 4096)
	for i := range data {
		data[i] = uint16(4095 - i)
	}
	return []*dicomtest.File{dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{4096, 0, 12}).Set(dicomtest.LUTData, "OW", data)}
}

// judge compares what becomes of b with what should.
func (d defect) judge(t *testing.T, b []byte) {
	t.Helper()
	m, err := dicomconv.New(nil).Normalize(bytes.NewReader(b))
	if d.err != nil {
		if !errors.Is(err, d.err) || !strings.Contains(err.Error(), d.say) {
			t.Errorf("error %v, want one that is %v and says %q", err, d.err, d.say)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if m.View != d.view {
		t.Errorf("view %v, want %v", m.View, d.view)
	}
	if d.as != nil {
		want, err := normalize(nil, d.as())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.Pix, want.Pix) {
			t.Errorf("pixels %v, want %v", m.Pix[:8], want.Pix[:8])
		}
	}
	info, err := dicomconv.New(nil).Stat(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(info.Notes, func(n string) bool { return strings.Contains(n, d.note) }) {
		t.Errorf("notes %q, want %q among them", info.Notes, d.note)
	}
}

func TestReportedDefects(t *testing.T) {
	folder := shared(t, "..", "defects", "dicom")
	files, err := filepath.Glob(filepath.Join(folder, "*.dcm"))
	if err != nil || len(files) == 0 {
		t.Skip("no reported defects beside the project")
	}
	wants := defects()
	for _, name := range files {
		stem := strings.TrimSuffix(filepath.Base(name), ".dcm")
		t.Run(stem, func(t *testing.T) {
			want, ok := wants[stem]
			if !ok {
				t.Fatal("what should become of it?")
			}
			delete(wants, stem)
			b := read(t, name)
			want.judge(t, b)
			values, err := os.ReadFile(strings.TrimSuffix(name, ".dcm") + ".npy")
			if err != nil {
				return // of most, the picture is known
			}
			got, err := dicomconv.StoredValues(b)
			if err != nil {
				t.Fatal(err)
			}
			size := 4 * len(got) / (len(values) - 10 - int(binary.LittleEndian.Uint16(values[8:]))) // bytes of a value of ours: theirs are int32
			values = values[10+binary.LittleEndian.Uint16(values[8:]):]
			for i := 0; i < len(values)/4; i++ {
				v := int(binary.LittleEndian.Uint32(append(slices.Clone(got[size*i:][:size]), make([]byte, 4-size)...)))
				if off := v - int(binary.LittleEndian.Uint32(values[4*i:])); off > want.off || -off > want.off {
					t.Fatalf("stored value %d is %d, %d beside the reference", i, v, off)
				}
			}
		})
	}
	for name := range wants {
		t.Errorf("%s is missing", name)
	}
}
