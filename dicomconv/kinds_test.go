package dicomconv_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// The kinds of reported defects, with more members than the reports have.

// itemOf is the bytes of an item of a sequence or of encapsulated pixel data.
func itemOf(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte{0xfe, 0xff, 0x00, 0xe0}, uint32(len(b))), b...)
}

var (
	itemEnd     = []byte{0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0}
	sequenceEnd = []byte{0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0}
)

// explicit is an element in explicit VR little endian with a 16-bit length.
func explicit(tag uint32, vr string, v []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(tag>>16))
	b = append(binary.LittleEndian.AppendUint16(b, uint16(tag)), vr...)
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(v))), v...)
}

func TestFilmsThatOthersRead(t *testing.T) {
	plain := defect{as: windowed}
	with := func(tag uint32, vr string, v any) *dicomtest.File { return windowed().Set(tag, vr, v) }
	trailer := func(b []byte) *dicomtest.File { f := windowed(); f.Trailer = b; return f }
	lut := func(items ...*dicomtest.File) []*dicomtest.File { return items }
	private := func(vr string, v any) *dicomtest.File { return with(0x00091001, vr, v) }
	code := slices.Concat(explicit(0x00080100, "SH", []byte("R-10206 ")))
	last := func(uid string) *dicomtest.File { f := windowed(); f.Syntax = uid; return f }
	tests := map[string]struct {
		film *dicomtest.File
		want defect
	}{
		"frames 0":                          {with(dicomtest.Frames, "IS", "0"), plain},
		"frames 00":                         {with(dicomtest.Frames, "IS", "00"), plain},
		"frames 1.000":                      {with(dicomtest.Frames, "IS", "1.000"), plain},
		"frames in a word":                  {with(dicomtest.Frames, "US", 1), plain},
		"frames with a tab":                 {with(dicomtest.Frames, "IS", "\t1\r\n"), plain},
		"frames blank":                      {with(dicomtest.Frames, "IS", "  "), plain},
		"frames 1.5":                        {with(dicomtest.Frames, "IS", "1.5"), defect{err: cxr.ErrCorrupt, say: "number of frames (0028,0008)"}},
		"frames one":                        {with(dicomtest.Frames, "IS", "one"), defect{err: cxr.ErrCorrupt, say: "number of frames (0028,0008)"}},
		"one byte behind the pixels":        {trailer([]byte{0x0a}), plain},
		"a whole file behind the pixels":    {trailer(windowed().Bytes()), plain},
		"half an element behind the pixels": {trailer(explicit(0x7fe10010, "OB", nil)[:7]), plain},
		"text behind the pixels, big endian": {func() *dicomtest.File {
			f := trailer([]byte("end of file"))
			f.Syntax = dicomtest.ExplicitBig
			return f
		}(), plain},
		"zeros behind the pixels, deflated":   {func() *dicomtest.File { f := trailer(make([]byte, 9)); f.Syntax = dicomtest.Deflated; return f }(), plain},
		"a VR of one blank":                   {private(" \x00", "abcd"), plain},
		"a VR in lower case":                  {private("lo", "abcd"), plain},
		"a VR in mixed case, long":            {private("Un", "abcd"), defect{as: windowed}},
		"a VR made up, long":                  {private("ZZ", append([]byte{0, 0}, 1, 2)), plain},
		"a VR of NULs before a sequence":      {private("\x00\x00", "ab").Set(0x00091140, "SQ", lut(dicomtest.Item().Set(0x00091002, "??", "x"))), plain},
		"an odd VR within an item":            {with(0x00081140, "SQ", lut(dicomtest.Item().Set(0x00081150, "??", "1.2 "))), plain},
		"a VOI LUT without an item":           {with(dicomtest.VOILUT, "SQ", lut()), plain},
		"a VOI LUT of no bits":                {with(dicomtest.VOILUT, "SQ", lut(dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{2, 0, 0}).Set(dicomtest.LUTData, "OW", []uint16{1, 2}))), defect{as: windowed, note: "VOI LUT without its entries"}},
		"a VOI LUT cut off":                   {with(dicomtest.VOILUT, "SQ", lut(dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{9, 0, 16}).Set(dicomtest.LUTData, "OW", []uint16{1, 2}))), defect{as: windowed, note: "VOI LUT without its entries"}},
		"a modality LUT without entries":      {with(dicomtest.ModalityLUT, "SQ", lut(dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{9, 0, 16}))), defect{as: windowed, note: "modality LUT without its entries"}},
		"a window in US":                      {ramp().Set(dicomtest.WindowCenter, "US", 2048).Set(dicomtest.WindowWidth, "US", 4096), plain},
		"a window in SL, FD":                  {ramp().Set(dicomtest.WindowCenter, "SL", []byte{0, 8, 0, 0}).Set(dicomtest.WindowWidth, "FD", binary.LittleEndian.AppendUint64(nil, math.Float64bits(4096))), plain},
		"a window in UN":                      {ramp().Set(dicomtest.WindowCenter, "UN", "2048").Set(dicomtest.WindowWidth, "UN", "4096"), plain},
		"a window among blanks":               {ramp().Window("\n 2048\t", "\v4096\r\n"), plain},
		"a window with an exponent":           {ramp().Window("2.048E3", "+4,096e+3"), plain},
		"several windows with commas":         {ramp().Window(`2048,0\1`, `4096,0\2`), plain},
		"a window that is none":               {ramp().Window("auto", "4096"), defect{as: ramp, note: "window whose center or width is no number"}},
		"a window of infinite width":          {ramp().Window("2048", "inf"), defect{as: ramp, note: "window whose center or width is no number"}},
		"half a window":                       {ramp().Set(dicomtest.WindowCenter, "DS", "2048"), defect{as: ramp, note: "has no other half"}},
		"a slope in FL":                       {with(dicomtest.Slope, "FL", binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.25))), defect{as: func() *dicomtest.File { return windowed().Set(dicomtest.Slope, "DS", "0.25") }}},
		"a slope blank":                       {with(dicomtest.Slope, "DS", "  "), plain},
		"a slope nan":                         {with(dicomtest.Slope, "DS", "NaN"), defect{err: cxr.ErrCorrupt, say: "rescale slope (0028,1053) is there, but is no number"}},
		"a slope that is not finite, in FD":   {with(dicomtest.Slope, "FD", binary.LittleEndian.AppendUint64(nil, math.Float64bits(math.Inf(1)))), defect{err: cxr.ErrCorrupt, say: "rescale slope"}},
		"a slope with two commas":             {with(dicomtest.Slope, "DS", "1,000,0"), defect{err: cxr.ErrCorrupt, say: "rescale slope"}},
		"an intercept of words":               {with(dicomtest.Intercept, "DS", "minus one"), defect{err: cxr.ErrCorrupt, say: "rescale intercept (0028,1052) is there, but is no number"}},
		"an intercept in hexadecimal":         {with(dicomtest.Intercept, "DS", "0x10"), defect{err: cxr.ErrCorrupt, say: "rescale intercept"}},
		"a view code, UN and explicit within": {with(0x00540220, "UN", dicomtest.Raw(slices.Concat(itemOf(code), sequenceEnd))), defect{as: windowed, view: cxr.ViewAP}},
		"UN and explicit within, private":     {private("UN", dicomtest.Raw(slices.Concat(itemOf(code), itemOf(nil), sequenceEnd))), plain},
		"UN, an empty item, then explicit":    {private("UN", dicomtest.Raw(slices.Concat(itemOf(nil), itemOf(code), sequenceEnd))), plain},
		"a stray delimiter in a sequence":     {private("SQ", dicomtest.Raw(slices.Concat(itemOf(code), itemEnd, sequenceEnd))), plain},
		"an item without its delimiter":       {private("SQ", dicomtest.Raw(slices.Concat([]byte{0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff}, code, sequenceEnd))), plain},
		"a stray delimiter in the data set":   {private("LO", slices.Concat([]byte("ab"), nil)), plain},
		"a VOI LUT with a stray delimiter":    {with(dicomtest.VOILUT, "SQ", slices.Concat(itemOf(nil), itemEnd, itemEnd)), defect{as: windowed, note: "VOI LUT without its entries"}},
		"MONOCHROME2 in lower case":           {with(dicomtest.Photometric, "CS", "monochrome2"), plain},
		"MONOCHROME1 with IDENTITY":           {with(dicomtest.Photometric, "CS", "MONOCHROME1").Set(0x20500020, "CS", "IDENTITY"), defect{as: func() *dicomtest.File { return windowed().Set(dicomtest.Photometric, "CS", "MONOCHROME1") }, note: "MONOCHROME1 with presentation LUT shape IDENTITY"}},
		"MONOCHROME2 with INVERSE":            {with(0x20500020, "CS", "INVERSE"), defect{as: func() *dicomtest.File { return windowed().Set(dicomtest.Photometric, "CS", "MONOCHROME1") }, note: "MONOCHROME2 with presentation LUT shape INVERSE"}},
		"12-bit entries under 16 (Agfa)":      {with(dicomtest.VOILUT, "SQ", lut(dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{2, 0, 16}).Set(dicomtest.LUTData, "OW", []uint16{0, 4095}))), defect{note: "VOI LUT of 16-bit entries that use 12 bits"}},
		"implicit, though deflated is said":   {func() *dicomtest.File { f := last(dicomtest.Deflated); f.Encoding = dicomtest.ImplicitLittle; return f }(), defect{err: cxr.ErrCorrupt, say: "is deflated, and it is not"}},
		"no photometric interpretation":       {windowed().Remove(dicomtest.Photometric), defect{err: cxr.ErrCorrupt, say: "photometric interpretation (0028,0004) is missing"}},
		"undefined length, native, implicit": {func() *dicomtest.File {
			f := windowed().Set(dicomtest.PixelData, "OW", dicomtest.Raw(make([]byte, 256)))
			f.Syntax = dicomtest.ImplicitLittle
			return f
		}(), defect{err: cxr.ErrCorrupt, say: "native pixel data at byte"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test.want.judge(t, test.film.Bytes()) })
	}
}

func TestViewPositionsAsTheyAreWritten(t *testing.T) {
	for position, want := range map[string]cxr.View{
		"PA": cxr.ViewPA, "pa": cxr.ViewPA, "CHEST PA": cxr.ViewPA, "PA CHEST": cxr.ViewPA, "W033 PA": cxr.ViewOther, "PA ERECT": cxr.ViewPA, "P.A.": cxr.ViewPA,
		"POSTEROANTERIOR": cxr.ViewPA, "POSTERO-ANTERIOR": cxr.ViewPA, "Postero Anterior": cxr.ViewPA, "PA_UPRIGHT": cxr.ViewPA,
		"ANTEROPOSTERIOR": cxr.ViewAP, "AP SUPINE": cxr.ViewAP, "AP PORTABLE": cxr.ViewAP, "AP-SEMI-ERECT": cxr.ViewAP, "PORTABLE AP": cxr.ViewAP, "ap\n": cxr.ViewAP,
		"AP AXIAL": cxr.ViewOther, "AP LORDOTIC": cxr.ViewOther, "AP/PA": cxr.ViewOther, "PA LATERAL": cxr.ViewOther, "CHEST": cxr.ViewOther, "LPO": cxr.ViewOther,
		"LATERAL": cxr.ViewLateral, "LEFT LATERAL": cxr.ViewLateral, "Lat": cxr.ViewLateral, "LL": cxr.ViewLateral, "LLAT": cxr.ViewLateral,
		"": cxr.ViewUnknown, "  ": cxr.ViewUnknown,
	} {
		info, err := dicomconv.New(nil).Stat(bytes.NewReader(windowed().Set(dicomtest.ViewPosition, "CS", position).Bytes()))
		if err != nil || info.View != want {
			t.Errorf("%q is %v, %v, want %v", position, info.View, err, want)
		}
	}
}

// coded24 is the film of testdata/streams/make.py with one of its codestreams.
func coded24(t testing.TB, name, uid string, allocated, stored int) *dicomtest.File {
	t.Helper()
	b := read(t, filepath.Join("testdata", "streams", name))
	f := dicomtest.Film(16, 24).Bits(allocated, stored, false).Set(dicomtest.PixelData, "OB", dicomtest.Fragments{nil, b})
	f.Syntax, f.Encoding = uid, dicomtest.ExplicitLittle
	return f
}

const (
	uidBaseline = "1.2.840.10008.1.2.4.50"
	uidLossless = "1.2.840.10008.1.2.4.70"
	uidLS       = "1.2.840.10008.1.2.4.80"
	uidNear     = "1.2.840.10008.1.2.4.81"
	uidJ2K      = "1.2.840.10008.1.2.4.90"
	uidJ2KLossy = "1.2.840.10008.1.2.4.91"
	uidHT       = "1.2.840.10008.1.2.4.201"
	uidHTRPCL   = "1.2.840.10008.1.2.4.202"
	uidHTLossy  = "1.2.840.10008.1.2.4.203"
)

func TestTheCodestreamDecidesWhatItIs(t *testing.T) {
	tests := []struct {
		stream, uid       string
		allocated, stored int
		step              int  // pixel i has step*i/2
		off               int  // by which a lossy one may differ
		said              bool // the transfer syntax says what it is
		notes             []string
	}{
		{"sof0_8.jpg", uidBaseline, 8, 8, 1, 2, true, nil},
		{"sof0_8.jpg", uidLossless, 8, 8, 1, 2, false, []string{"the codestream is JPEG,", "the codestream is lossy"}},
		{"sof2_8.jpg", uidBaseline, 8, 8, 1, 2, true, nil},
		{"sof2_8.jpg", uidJ2K, 8, 8, 1, 2, false, nil},
		{"sof3_16.jpg", uidBaseline, 16, 16, 340, 0, false, []string{"the codestream is lossless JPEG,"}},
		{"sof3_12.jpg", uidLossless, 16, 12, 20, 0, true, nil},
		{"sof3_16.jpg", uidLossless, 16, 12, 340, 0, true, []string{"the codestream has 16 bits"}},
		{"ls_16.jls", uidLossless, 16, 16, 340, 0, false, []string{"the codestream is JPEG-LS,"}},
		{"ls_16.jls", uidLS, 16, 10, 340, 0, true, []string{"the codestream has 16 bits"}},
		{"ls_near_16.jls", uidLS, 16, 16, 340, 3, true, []string{"the codestream is lossy", "lossy compression"}},
		{"ls_near_16.jls", uidNear, 16, 12, 340, 3, true, []string{"the codestream has 16 bits"}},
		{"j2k_53_16.j2k", uidLS, 16, 16, 340, 0, false, []string{"the codestream is JPEG 2000,"}},
		{"j2k_53_16.j2k", uidJ2K, 16, 12, 340, 0, true, []string{"the codestream has 16 bits"}},
		{"j2k_97_16.j2k", uidJ2K, 16, 16, 340, 40, true, []string{"the codestream is lossy", "lossy compression"}},
		{"j2k_97_16.j2k", uidJ2KLossy, 16, 12, 340, 40, true, []string{"the codestream has 16 bits"}},
		{"ht_53_16.j2c", uidHT, 16, 16, 340, 0, true, nil},
		{"ht_53_16.j2c", uidHTRPCL, 16, 12, 340, 0, true, []string{"the codestream has 16 bits"}},
		{"ht_97_16.j2c", uidHTLossy, 16, 16, 340, 40, true, []string{"lossy compression"}},
		{"ht_97_16.j2c", uidHT, 16, 16, 340, 40, true, []string{"the codestream is lossy", "lossy compression"}},
		{"ht_53_16.j2c", uidJ2K, 16, 16, 340, 0, false, []string{"the codestream is high-throughput JPEG 2000,"}},
		{"j2k_53_16.j2k", uidHT, 16, 16, 340, 0, false, []string{"the codestream is JPEG 2000,"}},
		{"sof3_16.jpg", dicomtest.RLE, 16, 16, 340, 0, false, []string{"the codestream is lossless JPEG,"}},
		{"ls_16.jls", dicomtest.ExplicitLittle, 16, 16, 340, 0, false, []string{"the codestream is JPEG-LS,"}},
	}
	for _, test := range tests {
		t.Run(test.stream+" under "+test.uid, func(t *testing.T) {
			b := coded24(t, test.stream, test.uid, test.allocated, test.stored).Bytes()
			values, err := dicomconv.StoredValues(b)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 24 * 16 {
				got := int(values[i])
				if test.allocated == 16 {
					got = int(binary.LittleEndian.Uint16(values[2*i:]))
				}
				if off := got - test.step*i/2; off > test.off || -off > test.off {
					t.Fatalf("value %d is %d, want %d", i, got, test.step*i/2)
				}
			}
			m, err := dicomconv.New(nil).Normalize(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if white := m.Pix[300]; white == m.Pix[len(m.Pix)-1] || white < m.Pix[200] || m.Pix[200] < m.Pix[100] {
				t.Errorf("not a ramp: %d, %d, %d, %d", m.Pix[100], m.Pix[200], m.Pix[300], m.Pix[len(m.Pix)-1])
			}
			info, err := dicomconv.New(nil).Stat(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(info.Notes, "\n")
			for _, note := range test.notes {
				if !strings.Contains(all, note) {
					t.Errorf("notes %q, want %q among them", info.Notes, note)
				}
			}
			if test.said == strings.Contains(all, "which the transfer syntax does not say") {
				t.Errorf("notes %q", info.Notes)
			}
		})
	}
}

func TestEncapsulatedPixelsOfDefinedLength(t *testing.T) {
	stream, err := os.ReadFile("testdata/streams/sof3_16.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if len(stream)%2 == 1 {
		stream = append(stream, 0)
	}
	want, err := dicomconv.StoredValues(coded24(t, "sof3_16.jpg", uidLossless, 16, 16).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string][]byte{
		"a delimiter":       slices.Concat(itemOf(nil), itemOf(stream), sequenceEnd),
		"no delimiter":      slices.Concat(itemOf(nil), itemOf(stream)),
		"an offset table":   slices.Concat(itemOf(make([]byte, 4)), itemOf(stream)),
		"two fragments":     slices.Concat(itemOf(nil), itemOf(stream[:100]), itemOf(stream[100:]), sequenceEnd),
		"a stray delimiter": slices.Concat(itemOf(nil), itemOf(stream), itemEnd, sequenceEnd),
	} {
		f := coded24(t, "sof3_16.jpg", uidLossless, 16, 16).Set(dicomtest.PixelData, "OB", value)
		got, err := dicomconv.StoredValues(f.Bytes())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: error %v, or other values", name, err)
		}
		if info, err := dicomconv.New(nil).Stat(bytes.NewReader(f.Bytes())); err != nil || info.Codestream != "lossless JPEG" {
			t.Errorf("%s: codestream %q, %v", name, info.Codestream, err)
		}
	}
	for name, value := range map[string][]byte{
		"an item too long": slices.Concat(itemOf(nil), itemOf(stream)[:200]),
		"no fragment":      itemOf(nil),
	} {
		f := coded24(t, "sof3_16.jpg", uidLossless, 16, 16).Set(dicomtest.PixelData, "OB", value)
		if _, err := dicomconv.StoredValues(f.Bytes()); !errors.Is(err, cxr.ErrTruncated) {
			t.Errorf("%s: error %v, want one that is cxr.ErrTruncated", name, err)
		}
	}
}

// Stat reads as much of a file as it needs to tell the codestream, and no more.
func TestStatReadsTheHeadOfTheCodestream(t *testing.T) {
	stream := read(t, filepath.Join("testdata", "streams", "ls_near_16.jls"))
	f := coded24(t, "ls_near_16.jls", uidLS, 16, 16).Set(0x00091001, "OB", make([]byte, 200_000)).
		Set(dicomtest.PixelData, "OB", dicomtest.Fragments{make([]byte, 90_000), append(stream, make([]byte, 4<<20)...)})
	info, err := dicomconv.New(nil).Stat(&once{bytes.NewReader(f.Bytes()), 1_500_000})
	if err != nil || info.Codestream != "JPEG-LS" || !slices.Contains(info.Notes, "the codestream is lossy, though the transfer syntax is not") {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestWhatIsNotWantedIsNamed(t *testing.T) {
	film := func(tag uint32, v string) *dicomtest.File { return windowed().Set(tag, "CS", v) }
	const part = 0x00180015
	tests := []struct {
		film *dicomtest.File
		o    dicomconv.Options
		err  error
		say  string
	}{
		{film(dicomtest.Modality, "MG"), dicomconv.Options{Modalities: []string{"CR", "DX"}}, cxr.ErrModality, `modality not wanted: the file's is MG, want one of ["CR" "DX"]`},
		{film(dicomtest.Modality, "JANE"), dicomconv.Options{Modalities: []string{"CR"}}, cxr.ErrModality, `the file's is none that DICOM defines`},
		{film(dicomtest.Modality, ""), dicomconv.Options{Modalities: []string{"CR"}}, cxr.ErrModality, `the file's is not told`},
		{film(dicomtest.Modality, "cr"), dicomconv.Options{Modalities: []string{"CR"}}, nil, ""},
		{film(part, "HAND"), dicomconv.Options{BodyParts: []string{"CHEST"}}, cxr.ErrBodyPart, `body part not wanted: the file's is HAND, want one of ["CHEST"]`},
		{film(part, "JANE"), dicomconv.Options{BodyParts: []string{"CHEST"}}, cxr.ErrBodyPart, `none that DICOM defines`},
		{film(part, "Chest "), dicomconv.Options{BodyParts: []string{"CHEST"}}, nil, ""},
		{windowed(), dicomconv.Options{BodyParts: []string{"CHEST"}}, cxr.ErrBodyPart, "not told"},
		{windowed(), dicomconv.Options{BodyParts: []string{"CHEST", ""}}, nil, ""},
	}
	for _, test := range tests {
		if _, err := normalize(&test.o, test.film); !errors.Is(err, test.err) || err != nil && !strings.Contains(err.Error(), test.say) {
			t.Errorf("error %v, want one that says %q", err, test.say)
		}
	}
	for part, want := range map[string]string{"chest": "CHEST", "THORAX": "THORAX", "JANE DOE": "other", "": ""} {
		info, err := dicomconv.New(nil).Stat(bytes.NewReader(film(0x00180015, part).Bytes()))
		if err != nil || info.BodyPart != want {
			t.Errorf("%q is %q, %v, want %q", part, info.BodyPart, err, want)
		}
	}
	for _, text := range []string{"root:x:0:0:root:/root:/bin/bash\n", strings.Repeat("no film ", 30)} {
		if _, err := dicomconv.New(nil).Normalize(strings.NewReader(text)); err == nil || err.Error() != "not supported: not a DICOM, PNG, JPEG or TIFF file" {
			t.Errorf("error %v", err)
		}
	}
}
