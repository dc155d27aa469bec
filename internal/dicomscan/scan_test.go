package dicomscan_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/dicomscan"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

func film() *dicomtest.File {
	return dicomtest.Film(2, 3).Set(dicomtest.PixelData, "OW", []uint16{1, 2, 3, 4, 5, 6})
}

func sequence(depth int) []*dicomtest.File {
	item := dicomtest.Item().Set(0x00081150, "UI", "1.2")
	if depth > 1 {
		item.Set(0x00081140, "SQ", sequence(depth-1))
	}
	return []*dicomtest.File{item}
}

func TestEveryEncodingIsFound(t *testing.T) {
	tests := []struct {
		name string
		edit func(f *dicomtest.File)
	}{
		{"explicit little endian", func(f *dicomtest.File) {}},
		{"implicit little endian", func(f *dicomtest.File) { f.Syntax = dicomtest.ImplicitLittle }},
		{"explicit big endian", func(f *dicomtest.File) { f.Syntax = dicomtest.ExplicitBig }},
		{"deflated", func(f *dicomtest.File) { f.Syntax = dicomtest.Deflated }},
		{"implicit under an explicit syntax", func(f *dicomtest.File) { f.Encoding = dicomtest.ImplicitLittle }},
		{"explicit under an implicit syntax", func(f *dicomtest.File) {
			f.Syntax, f.Encoding = dicomtest.ImplicitLittle, dicomtest.ExplicitLittle
		}},
		{"no preamble", func(f *dicomtest.File) { f.NoPreamble = true }},
		{"no preamble and no meta group", func(f *dicomtest.File) { f.NoPreamble, f.NoMeta = true, true }},
		{"no meta group, implicit", func(f *dicomtest.File) { f.NoMeta, f.Encoding = true, dicomtest.ImplicitLittle }},
		{"no meta group, big endian", func(f *dicomtest.File) { f.NoMeta, f.Encoding = true, dicomtest.ExplicitBig }},
		{"nested sequences of undefined length", func(f *dicomtest.File) {
			f.Undefined = true
			f.Set(0x00081140, "SQ", sequence(3))
		}},
		{"implicit sequences of undefined length", func(f *dicomtest.File) {
			f.Undefined, f.Syntax = true, dicomtest.ImplicitLittle
			f.Set(0x00081140, "SQ", sequence(3))
		}},
		{"an unknown sequence, which is implicit within", func(f *dicomtest.File) {
			inner := append([]byte{0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff}, 8, 0, 0x50, 0x11, 4, 0, 0, 0, '1', '.', '2', 0)
			inner = append(inner, 0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0, 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0)
			f.Set(0x00091001, "UN", undefinedLength(inner))
		}},
		{"a deflated film larger than one part", func(f *dicomtest.File) {
			f.Syntax = dicomtest.Deflated
			f.Set(0x00091001, "OB", make([]byte, 3<<20))
		}},
		{"padding at the end", func(f *dicomtest.File) { f.Trailer = make([]byte, 13) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := film()
			test.edit(f)
			b := f.Bytes()
			got, err := dicomscan.Scan(b, dicomscan.Limits{Elements: 100, Depth: 10, Pixels: 6, Inflated: 8 << 20})
			if err != nil {
				t.Fatal(err)
			}
			want := []byte{1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0}
			if got.BigEndian {
				want = []byte{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6}
			}
			if !bytes.Equal(got.PixelData.Native, want) {
				t.Errorf("pixel data %v, want %v", got.PixelData.Native, want)
			}
			if g := got.Geometry(); g.Rows != 2 || g.Columns != 3 || g.Frames != 1 || g.BitsAllocated != 16 {
				t.Errorf("geometry %+v", g)
			}
		})
	}
}

// undefinedLength is the value of an element whose length is not told.
func undefinedLength(b []byte) dicomtest.Raw { return dicomtest.Raw(b) }

func TestHeadersHoldTheAttributesAlone(t *testing.T) {
	for _, syntax := range []string{dicomtest.ExplicitLittle, dicomtest.ImplicitLittle, dicomtest.ExplicitBig, dicomtest.Deflated} {
		f := film().Set(0x00100010, "PN", "Doe^Jane").Set(0x00100020, "LO", "12345").Set(0x00091001, "LO", "Doe").
			Set(dicomtest.VOILUT, "SQ", []*dicomtest.File{dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{2, 0, 16}).
				Set(dicomtest.LUTData, "US", []uint16{1, 0x203}).Set(0x00283003, "LO", "made for Doe")})
		f.Syntax = syntax
		file, err := dicomscan.Scan(f.Bytes(), limits)
		if err != nil {
			t.Fatal(err)
		}
		h := string(file.Header())
		for _, secret := range []string{"Doe", "12345"} {
			if strings.Contains(h, secret) {
				t.Errorf("%s: the header holds %s", syntax, secret)
			}
		}
		for _, want := range []string{"\x28\x00\x10\x00US\x02\x00\x02\x00", "\x28\x00\x06\x30OW\x00\x00\x04\x00\x00\x00\x01\x00\x03\x02", "MONOCHROME2"} {
			if !strings.Contains(h, want) {
				t.Errorf("%s: the header lacks %q", syntax, want)
			}
		}
	}
}

func TestFragmentsAreJoined(t *testing.T) {
	offsets := func(v ...byte) []byte {
		var b []byte
		for _, v := range v {
			b = append(b, v, 0, 0, 0)
		}
		return b
	}
	parts := func(table []byte, parts ...string) dicomtest.Fragments {
		f := dicomtest.Fragments{table}
		for _, p := range parts {
			f = append(f, []byte(p))
		}
		return f
	}
	tests := []struct {
		name     string
		value    dicomtest.Fragments
		extended []byte // offset table
		frames   int
		want     []string
	}{
		{"one frame in one fragment", parts(nil, "ab"), nil, 1, []string{"ab"}},
		{"one frame in three fragments", parts(nil, "ab", "cd", "ef"), nil, 1, []string{"abcdef"}},
		{"as many fragments as frames", parts(nil, "ab", "cd"), nil, 2, []string{"ab", "cd"}},
		{"an offset table", parts(offsets(0, 20), "ab", "cd", "ef"), nil, 2, []string{"abcd", "ef"}},
		{"an extended offset table", parts(nil, "ab", "cd", "ef"), append(make([]byte, 8), 10, 0, 0, 0, 0, 0, 0, 0), 2, []string{"ab", "cdef"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := film().Set(dicomtest.PixelData, "OB", test.value)
			f.Syntax, f.Encoding = dicomtest.JPEGBaseline, dicomtest.ExplicitLittle
			if test.extended != nil {
				f.Set(0x7fe00001, "OV", test.extended)
			}
			file, err := dicomscan.Scan(f.Bytes(), limits)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range test.want {
				got, err := file.PixelData.Frame(i, test.frames)
				if err != nil || string(got) != want {
					t.Errorf("frame %d is %q, %v, want %q", i, got, err, want)
				}
			}
		})
	}
}

func TestFramesThatCannotBeToldApart(t *testing.T) {
	tests := []struct {
		name  string
		value dicomtest.Fragments
		want  error
	}{
		{"no fragment", dicomtest.Fragments{nil}, cxr.ErrTruncated},
		{"three fragments for two frames", dicomtest.Fragments{nil, []byte("ab"), []byte("cd"), []byte("ef")}, cxr.ErrUnsupported},
		{"offsets beside the fragments", dicomtest.Fragments{{200, 0, 0, 0, 0, 1, 0, 0}, []byte("ab"), []byte("cd"), []byte("ef")}, cxr.ErrCorrupt},
	}
	for _, test := range tests {
		f := film().Set(dicomtest.PixelData, "OB", test.value)
		file, err := dicomscan.Scan(f.Bytes(), limits)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.PixelData.Frame(0, 2); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want one that is %v", test.name, err, test.want)
		}
	}
}

func TestLimits(t *testing.T) {
	with := func(edit func(l *dicomscan.Limits)) dicomscan.Limits {
		l := dicomscan.Limits{Elements: 100, Depth: 10, Pixels: 6, Inflated: 8 << 20}
		edit(&l)
		return l
	}
	deep := film().Set(0x00081140, "SQ", sequence(6))
	deep.Undefined = true
	deflated := film().Set(0x00091001, "OB", make([]byte, 100))
	deflated.Syntax = dicomtest.Deflated
	large := film().Set(0x00091001, "OB", make([]byte, 5<<20))
	large.Syntax = dicomtest.Deflated
	tests := []struct {
		name string
		file *dicomtest.File
		l    dicomscan.Limits
	}{
		{"elements", film(), with(func(l *dicomscan.Limits) { l.Elements = 5 })},
		{"elements within sequences", deep, with(func(l *dicomscan.Limits) { l.Elements = 20 })},
		{"depth", deep, with(func(l *dicomscan.Limits) { l.Depth = 5 })},
		{"inflated bytes", deflated, with(func(l *dicomscan.Limits) { l.Inflated = 200 })},
		{"inflated bytes before the pixel data", large, with(func(*dicomscan.Limits) {})},
	}
	for _, test := range tests {
		if _, err := dicomscan.Scan(test.file.Bytes(), test.l); !errors.Is(err, cxr.ErrTooLarge) {
			t.Errorf("%s: error %v, want one that is cxr.ErrTooLarge", test.name, err)
		}
	}
	if err := film2().Check(5); !errors.Is(err, cxr.ErrTooLarge) {
		t.Errorf("pixels: error %v, want one that is cxr.ErrTooLarge", err)
	}
}

func film2() dicomscan.Geometry {
	return dicomscan.Geometry{Rows: 2, Columns: 3, Frames: 1, SamplesPerPixel: 1, BitsAllocated: 16}
}

func TestGeometry(t *testing.T) {
	g := dicomscan.Geometry{Rows: 3, Columns: 5, Frames: 2, SamplesPerPixel: 1, BitsAllocated: 1}
	if g.FrameBits() != 15 || g.NativeBytes() != 4 {
		t.Errorf("%d bits, %d bytes, want 15, 4", g.FrameBits(), g.NativeBytes())
	}
	g = dicomscan.Geometry{Rows: 1, Columns: 4, Frames: 1, SamplesPerPixel: 3, BitsAllocated: 8, Photometric: "YBR_FULL_422"}
	if g.NativeBytes() != 8 {
		t.Errorf("%d bytes of YBR_FULL_422, want 8", g.NativeBytes())
	}
	huge := dicomscan.Geometry{Rows: 65535, Columns: 65535, Frames: math.MaxInt, SamplesPerPixel: 1, BitsAllocated: 8}
	if err := huge.Check(1 << 60); !errors.Is(err, cxr.ErrTooLarge) {
		t.Errorf("countless pixels: error %v, want one that is cxr.ErrTooLarge", err)
	}
}
