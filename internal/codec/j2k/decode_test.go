package j2k

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

// A vector is a codestream that OpenJPEG wrote and the hash of the samples it
// reads from it, 16-bit little endian; see testdata/make.py.
type vector struct {
	Width, Height, Components, Precision int
	SHA256                               string
	Half                                 string // at half the size
	Lossless                             bool
}

func (v vector) shape() codec.Shape {
	return codec.Shape{Width: v.Width, Height: v.Height, Components: v.Components}
}

func vectors(t testing.TB) map[string]vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]vector
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func stream(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".j2k"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func hash(f *codec.Frame) string {
	var b []byte
	for _, v := range f.Pix {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestSamplesEqualOpenJPEGs(t *testing.T) {
	lossless := 0
	for name, v := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			f, err := Decode(stream(t, name), v.shape())
			if err != nil {
				t.Fatal(err)
			}
			if f.Precision != v.Precision || f.Shape != v.shape() || f.Signed {
				t.Errorf("%+v of %d bits, signed %v", f.Shape, f.Precision, f.Signed)
			}
			if got := hash(f); got != v.SHA256 {
				t.Errorf("samples hash to %s, want %s", got, v.SHA256)
			}
			if v.Lossless {
				lossless++
			}
			if v.Half == "" {
				return
			}
			if f, err = DecodeReduced(stream(t, name), v.shape(), 1); err != nil {
				t.Fatal(err)
			}
			if got := hash(f); got != v.Half {
				t.Errorf("at half the size samples hash to %s, want %s", got, v.Half)
			}
		})
	}
	if lossless < 20 {
		t.Errorf("only %d streams are the picture they were made of", lossless)
	}
}

// Packet headers may stand apart from their packets, in the tile's header (PPT)
// or in the main one (PPM). OpenJPEG does not write that, so a stream with SOP
// and EPH markers is taken apart here.
func TestPackedPacketHeaders(t *testing.T) {
	v := vectors(t)["sopeph"]
	data := stream(t, "sopeph")
	sot := bytes.Index(data, []byte{0xFF, 0x90})
	sod := bytes.Index(data, []byte{0xFF, 0x93})
	main, tile := data[:sot], data[sot+12:sod] // after the 12 bytes of SOT
	var headers, bodies []byte
	rest := data[sod+2 : len(data)-2]
	for len(rest) > 0 {
		if binary.BigEndian.Uint16(rest) != 0xFF91 {
			t.Fatal("no SOP marker")
		}
		end := bytes.Index(rest, []byte{0xFF, 0x92})
		headers = append(headers, rest[6:end]...)
		rest = rest[end+2:]
		next := bytes.Index(rest, []byte{0xFF, 0x91})
		if next < 0 {
			next = len(rest)
		}
		bodies = append(bodies, rest[:next]...)
		rest = rest[next:]
	}
	segment := func(marker uint16, body ...byte) []byte {
		out := binary.BigEndian.AppendUint16(nil, marker)
		return append(binary.BigEndian.AppendUint16(out, uint16(len(body)+2)), body...)
	}
	build := func(main, tile []byte) []byte {
		part := append(append(append([]byte{}, tile...), 0xFF, 0x93), bodies...)
		sot := segment(markerSOT, 0, 0, 0, 0, byte((len(part)+12)>>8), byte(len(part)+12), 0, 1)
		return append(append(append(append([]byte{}, main...), sot...), part...), 0xFF, 0xD9)
	}
	half := len(headers) / 2
	ppt := append(segment(markerPPT, append([]byte{0}, headers[:half]...)...), segment(markerPPT, append([]byte{1}, headers[half:]...)...)...)
	list := append(binary.BigEndian.AppendUint32(nil, uint32(len(headers))), headers...)
	ppm := append(segment(markerPPM, append([]byte{0}, list[:half]...)...), segment(markerPPM, append([]byte{1}, list[half:]...)...)...)
	for name, data := range map[string][]byte{
		"in the tile's header": build(main, append(append([]byte{}, tile...), ppt...)),
		"in the main header":   build(append(append([]byte{}, main...), ppm...), tile),
	} {
		f, err := Decode(data, v.shape())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := hash(f); got != v.SHA256 {
			t.Errorf("%s: another picture", name)
		}
	}
}

func TestBoxedStream(t *testing.T) {
	v, data := vectors(t)["g8"], stream(t, "g8")
	box := []byte("\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x08ftyp")
	box = append(binary.BigEndian.AppendUint32(box, uint32(len(data)+8)), "jp2c"...)
	f, err := Decode(append(box, data...), v.shape())
	if err != nil || hash(f) != v.SHA256 {
		t.Errorf("error %v", err)
	}
}

// Cut anywhere before its end marker, a stream is an error.
func TestEveryPrefixIsAnError(t *testing.T) {
	for _, name := range []string{"g8", "tiles", "layers", "style5"} {
		v, data := vectors(t)[name], stream(t, name)
		for n := range len(data) - 2 {
			if _, err := Decode(data[:n], v.shape()); err == nil {
				t.Fatalf("%s: the first %d of %d bytes decoded", name, n, len(data))
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	v, good := vectors(t)["g8"], stream(t, "g8")
	change := func(at int, b ...byte) []byte {
		d := append([]byte(nil), good...)
		copy(d[at:], b)
		return d
	}
	tests := map[string]struct {
		data []byte
		want codec.Shape
		err  error
	}{
		"another size":         {good, codec.Shape{Width: 56, Height: 45, Components: 1}, cxr.ErrCorrupt},
		"another number":       {good, codec.Shape{Width: 56, Height: 44, Components: 3}, cxr.ErrCorrupt},
		"17 bits":              {change(42, 16), v.shape(), cxr.ErrUnsupported},
		"no subsampling":       {change(43, 0), v.shape(), cxr.ErrCorrupt},
		"tiles of one pixel":   {change(24, 0, 0, 0, 1, 0, 0, 0, 1), v.shape(), cxr.ErrTruncated},
		"what is no JPEG 2000": {[]byte("no picture at all"), v.shape(), cxr.ErrCorrupt},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(test.data, test.want); !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
		})
	}
	if _, err := DecodeReduced(good, v.shape(), 9); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("nine levels less: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for name, v := range vectors(f) {
		f.Add(stream(f, name), v.Width, v.Height, v.Components, 0)
	}
	f.Fuzz(func(t *testing.T, data []byte, w, h, n, levels int) {
		if w < 1 || h < 1 || n < 1 || w > 256 || h > 256 || n > 4 {
			return
		}
		got, err := DecodeReduced(data, codec.Shape{Width: w, Height: h, Components: n}, levels)
		if err == nil && len(got.Pix) != got.Width*got.Height*n {
			t.Fatalf("%d samples for %d x %d x %d", len(got.Pix), got.Width, got.Height, n)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"g16", "lossy"} {
		b.Run(name, func(b *testing.B) {
			v, data := vectors(b)[name], stream(b, name)
			b.SetBytes(int64(2 * v.Width * v.Height))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(data, v.shape()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
