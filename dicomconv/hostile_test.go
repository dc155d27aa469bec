package dicomconv_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// The full count is 20000, with 2000 cuts; then no answer may take more than a
// second.
var mutations = flag.Int("mutations", 500, "mutated headers of each seed")

const fullCount = 20_000

// a verdict is what became of one file, and at what cost.
type verdict struct {
	m     *cxr.Image
	err   error
	took  time.Duration
	alloc uint64 // bytes allocated in all, and so no less than the peak
	limit uint64 // 4 x file + 3 x pixels x 2 bytes + 16 MiB
}

// judge normalizes b by both recipes and fails the test if that panics, or
// allocates more than the limit.
func judge(t *testing.T, name string, b []byte) verdict {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("%s: panic: %v", name, r)
		}
	}()
	var worst verdict
	for _, recipe := range []string{cxr.Upstream, cxr.Standard} {
		c := dicomconv.New(&dicomconv.Options{Recipe: recipe, Views: dicomconv.ViewsAny})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		m, err := c.Normalize(bytes.NewReader(b))
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		v := verdict{m, err, max(took, worst.took), after.TotalAlloc - before.TotalAlloc, uint64(4*len(b) + 16<<20)}
		if info, err := c.Stat(bytes.NewReader(b)); err == nil && info.Width > 0 && info.Height > 0 {
			if pixels := int64(info.Width) * int64(info.Height) * int64(info.Frames); pixels > 0 && pixels <= 32<<20 {
				v.limit += uint64(pixels) * 6
			}
		}
		if v.alloc > v.limit && !raceDetector {
			t.Errorf("%s: %d bytes allocated, at most %d expected", name, v.alloc, v.limit)
		}
		if m != nil {
			if err := m.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		worst = v
	}
	return worst
}

func TestHostileFiles(t *testing.T) {
	wants := map[string]error{
		"hugeVL_OB_4G": cxr.ErrTruncated, "hugeVL_UT_4G": cxr.ErrTruncated, "hugeVL_pixel_4G_native": cxr.ErrTruncated,
		"hugeVL_fragment_4G": cxr.ErrTruncated, "hugeVL_implicit_US": cxr.ErrTruncated, "hugeVL_deflated_OW": cxr.ErrTruncated,
		"deflate_bomb_1G": cxr.ErrTooLarge, "nest_1000": cxr.ErrTooLarge, "nest_100000": cxr.ErrTooLarge, "nest_2000000": cxr.ErrTooLarge,
		"voi_nonitem_definedlen": cxr.ErrCorrupt, "rows_empty": cxr.ErrCorrupt, "rows0": cxr.ErrCorrupt,
		"frames_overflow": cxr.ErrTooLarge, "frames_negative": cxr.ErrCorrupt, "columns_65535_rows_same": cxr.ErrTooLarge,
		"ts_private_GE": cxr.ErrUnsupported, "ts_htj2k": cxr.ErrCorrupt, "empty": cxr.ErrUnsupported, "short": cxr.ErrUnsupported,
		"multiframe_frag": cxr.ErrCorrupt, "encap_no_delim": cxr.ErrTruncated, "meta_only": cxr.ErrTruncated,
		"ok": nil, "sq_nonitem_definedlen": nil, "meta_grouplen_empty": nil, "charset_thai": nil, "charset_ir58": nil, "charset_unknown": nil,
		"charset_UN": nil, "ts_empty": nil, "no_preamble": nil, "no_preamble_no_dicm": nil, "undefined_len_UN": nil,
		"trailing_padding": nil, "trailing_garbage": nil, "dup_pixel": nil, "pix_in_icon_first": nil,
	}
	files := dicomtest.Hostile()
	if len(files) != len(wants) {
		t.Errorf("%d files, want %d", len(files), len(wants))
	}
	for name, b := range files {
		if _, known := wants[name]; !known {
			t.Errorf("%s: what should become of it?", name)
		}
		if v := judge(t, name, b); !errors.Is(v.err, wants[name]) {
			t.Errorf("%s: error %v, want %v", name, v.err, wants[name])
		}
	}
}

// seeds are five small films, each of another encoding.
func seeds(t testing.TB) map[string][]byte {
	t.Helper()
	film := func(syntax string) *dicomtest.File {
		f := dicomtest.Film(12, 10).Bits(16, 12, false).Window("2048", "4096").Set(dicomtest.ViewPosition, "CS", "PA").
			Set(0x00081140, "SQ", []*dicomtest.File{dicomtest.Item().Set(0x00081150, "UI", "1.2.3")})
		f.Syntax = syntax
		return f
	}
	lut := []*dicomtest.File{dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{4, 0, 16}).Set(dicomtest.LUTData, "OW", []uint16{1, 2, 3, 4})}
	implicit := film(dicomtest.ImplicitLittle).Set(dicomtest.ModalityLUT, "SQ", lut).Set(dicomtest.VOILUT, "SQ", lut)
	implicit.Undefined = true
	var j bytes.Buffer
	if err := jpeg.Encode(&j, image.NewGray(image.Rect(0, 0, 10, 12)), nil); err != nil {
		t.Fatal(err)
	}
	baseline := film(dicomtest.JPEGBaseline).Bits(8, 8, false).Set(dicomtest.PixelData, "OB", dicomtest.Fragments{nil, j.Bytes()})
	deflated := film(dicomtest.Deflated).Set(dicomtest.Slope, "DS", "1.5").Set(dicomtest.Intercept, "DS", "-3")
	return map[string][]byte{
		"explicit": film(dicomtest.ExplicitLittle).Bytes(),
		"implicit": implicit.Bytes(),
		"big":      film(dicomtest.ExplicitBig).Bits(16, 16, true).Bytes(),
		"deflated": deflated.Bytes(),
		"jpeg":     baseline.Bytes(),
	}
}

func TestSeedsAreFilms(t *testing.T) {
	for name, b := range seeds(t) {
		if v := judge(t, name, b); v.err != nil {
			t.Errorf("%s: %v", name, v.err)
		}
	}
}

func TestMutatedHeaders(t *testing.T) {
	for name, b := range seeds(t) {
		mutate(t, name, b, *mutations)
	}
}

func TestMutatedHeadersOfRealFilms(t *testing.T) {
	for _, syntax := range []string{"EVLE", "RLE", "JPEGllSV1", "JPEGLSll", "J2Kll"} {
		t.Run(syntax, func(t *testing.T) {
			mutate(t, syntax, read(t, shared(t, "chest_transcoded", "gdcmCR_M1_10bit_"+syntax+".dcm")), *mutations/20)
		})
	}
}

// mutate judges n copies of b with one to five bytes of the header changed.
func mutate(t *testing.T, name string, b []byte, n int) {
	t.Helper()
	if testing.Short() {
		n /= 10
	}
	r := rand.New(rand.NewPCG(1, 2))
	var slowest time.Duration
	films := 0
	for i := range n {
		m := bytes.Clone(b)
		for range 1 + r.IntN(5) {
			m[132+r.IntN(min(len(m)-132, 2500))] = byte(r.IntN(256))
		}
		title := fmt.Sprintf("%s, mutation %d", name, i)
		v := judge(t, title, m)
		if v.took > time.Second { // the machine may have been at something else
			v.took = min(v.took, judge(t, title, m).took)
		}
		slowest = max(slowest, v.took)
		if v.err == nil {
			films++
		}
	}
	t.Logf("%s: %d of %d mutations are films, slowest %v", name, films, n, slowest)
	if *mutations >= fullCount && slowest > time.Second {
		t.Errorf("%s: slowest answer after %v", name, slowest)
	}
}

func TestEveryProperPrefixIsAnError(t *testing.T) {
	for name, b := range seeds(t) {
		for n := range b {
			if _, err := dicomconv.New(nil).Normalize(bytes.NewReader(b[:n])); err == nil {
				t.Errorf("%s: %d of %d bytes make a film", name, n, len(b))
			}
		}
	}
}

func TestCutRealFilmsAreErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	cuts := *mutations / 10
	for _, syntax := range []string{"EVLE", "Deflated", "RLE", "JPEGllSV1", "JPEGLSll", "J2Kll"} {
		b := read(t, shared(t, "chest_transcoded", "gdcmCR_M1_10bit_"+syntax+".dcm"))
		for i := range cuts {
			n := r.IntN(len(b) - 1) // a deflated film's last byte can be padding
			if i%2 == 0 {
				n = r.IntN(min(4096, len(b)))
			}
			if v := judge(t, fmt.Sprintf("%s, %d of %d bytes", syntax, n, len(b)), b[:n]); v.err == nil {
				t.Errorf("%s: %d of %d bytes make a film", syntax, n, len(b))
			}
		}
	}
}

// The parser of headers writes to the standard logger; not when we use it.
func TestNothingIsLogged(t *testing.T) {
	var b bytes.Buffer
	log.SetOutput(&b)
	defer log.SetOutput(os.Stderr)
	for name, file := range dicomtest.Hostile() {
		if len(file) < 1<<20 {
			dicomconv.New(nil).Normalize(bytes.NewReader(file))
			dicomconv.New(nil).Stat(bytes.NewReader(file))
		}
		if b.Len() > 0 {
			t.Fatalf("%s: %q in the log", name, b.String())
		}
	}
}

// Text that is not in the character set it should be in is no reason to refuse
// a film.
func TestStrangeBytesInTextAreNoMatter(t *testing.T) {
	for _, text := range []string{"\xff\xfe", "\x1b$B8", "Röntgen", "\x00\x00", "\\\\\\"} {
		for _, tag := range []uint32{dicomtest.Modality, 0x00080016, 0x00080064, dicomtest.VOIFunction, 0x20500020, 0x00280301, dicomtest.WindowCenter} {
			if _, err := normalize(nil, row(1, 2).Set(tag, "CS", text)); err != nil {
				t.Errorf("%q in %08x: %v", text, tag, err)
			}
		}
	}
}

// What a reader fails with is passed on.
func TestReadersErrorsArePassedOn(t *testing.T) {
	r := io.MultiReader(bytes.NewReader(row(1, 2).Bytes()[:100]), failing{})
	if _, err := dicomconv.New(nil).Normalize(r); !errors.Is(err, errFault) {
		t.Errorf("error %v, want %v", err, errFault)
	}
	r = io.MultiReader(bytes.NewReader(row(1, 2).Bytes()[:100]), failing{})
	if _, err := dicomconv.New(nil).Stat(r); !errors.Is(err, errFault) {
		t.Errorf("error of Stat %v, want %v", err, errFault)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFault }

func TestLargeFilmsStayWithinTheLimitOfMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no large films")
	}
	const rows, columns = 1500, 1200
	r := rand.New(rand.NewPCG(5, 6))
	b := make([]byte, 4*rows*columns)
	for i := range b {
		b[i] = byte(r.IntN(64))
	}
	film := func(bits int) *dicomtest.File {
		return dicomtest.Film(rows, columns).Bits(bits, bits, false).Set(dicomtest.PixelData, "OW", b[:rows*columns*bits/8])
	}
	syntax := func(f *dicomtest.File, uid string) *dicomtest.File { f.Syntax = uid; return f }
	lut := dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{0, 0, 16}).Set(dicomtest.LUTData, "OW", identity())
	for name, f := range map[string]*dicomtest.File{
		"1 bit":           film(1),
		"8 bits":          film(8),
		"16 bits":         film(16),
		"16 bits, big":    syntax(film(16), dicomtest.ExplicitBig),
		"16 bits, zipped": syntax(film(16), dicomtest.Deflated),
		"32 bits":         film(32).Set(dicomtest.Slope, "DS", "1").Set(dicomtest.Intercept, "DS", "0"),
		"a VOI LUT":       film(16).Set(dicomtest.VOILUT, "SQ", []*dicomtest.File{lut}),
	} {
		if v := judge(t, name, f.Bytes()); v.err != nil {
			t.Errorf("%s: %v", name, v.err)
		}
	}
	many := row(1, 2).Set(dicomtest.VOILUT, "SQ", slices.Repeat([]*dicomtest.File{lut}, 100))
	if v := judge(t, "100 VOI LUTs", many.Bytes()); !errors.Is(v.err, cxr.ErrTooLarge) {
		t.Errorf("100 VOI LUTs: error %v, want one that is cxr.ErrTooLarge", v.err)
	}
}

// Nothing after the pixels is looked at, and so takes no time.
func TestALongTailOfZerosTakesNoTime(t *testing.T) {
	f := row(1, 2)
	f.Trailer = append(make([]byte, 700_000), 0xff)
	if v := judge(t, "zeros", f.Bytes()); v.err != nil || v.took > time.Second {
		t.Errorf("error %v after %v", v.err, v.took)
	}
}
