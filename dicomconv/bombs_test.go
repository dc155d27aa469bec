package dicomconv_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// A bomb is a file that asks for much: for a picture of width x height by few
// bytes, or for many turns on the way to it.
type bomb struct {
	name          string
	file          []byte
	width, height int
}

// Twenty bombs and more of each kind of file are answered, by a film or by an
// error, in time and memory that their size and their picture's explain.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: time and memory under the race detector are not those of a program")
	}
	for kind, bombs := range map[string][]bomb{
		"baseline JPEG":    jpegBombs(t, "sof0_8.jpg", uidBaseline, 8),
		"progressive JPEG": jpegBombs(t, "sof2_8.jpg", uidBaseline, 8),
		"JPEG Lossless":    jpegBombs(t, "sof3_16.jpg", uidLossless, 16),
		"JPEG-LS":          jpegBombs(t, "ls_16.jls", uidLS, 16),
		"JPEG 2000":        j2kBombs(t, "j2k_53_16.j2k", uidJ2K),
		"HTJ2K":            j2kBombs(t, "ht_53_16.j2c", uidHT),
		"RLE":              rleBombs(),
		"PNG":              pngBombs(),
		"TIFF":             tiffBombs(),
	} {
		t.Run(kind, func(t *testing.T) {
			if len(bombs) < 20 {
				t.Errorf("%d bombs", len(bombs))
			}
			for _, b := range bombs {
				each := 3 * 2 // bytes a pixel, of the two that it is in the end
				if kind == "TIFF" {
					each = 8 * 2 // golang.org/x/image holds a strip while it grows
				}
				b.light(t, each)
			}
		})
	}
}

// light has the bomb normalized, with so many bytes allowed a pixel.
func (b bomb) light(t *testing.T, each int) {
	t.Helper()
	c := dicomconv.New(&dicomconv.Options{Views: dicomconv.ViewsAny, Color: dicomconv.ColorLuma})
	answer := func() (took time.Duration, most uint64, err error) {
		defer debug.SetGCPercent(debug.SetGCPercent(20)) // so that garbage counts little
		runtime.GC()
		before, done := heap(), make(chan uint64)
		stop := make(chan struct{})
		go func() {
			var most uint64
			for {
				select {
				case <-stop:
					done <- most
					return
				case <-time.After(time.Millisecond):
					most = max(most, heap())
				}
			}
		}()
		start := time.Now()
		_, err = c.Normalize(bytes.NewReader(b.file))
		took = time.Since(start)
		most = max(heap(), before)
		close(stop)
		return took, max(most, <-done) - before, err
	}
	took, most, err := answer()
	if took > 2*time.Second { // the machine may have been at something else
		again, _, _ := answer()
		took = min(took, again)
	}
	pixels := int64(b.width) * int64(b.height)
	if pixels > 32<<20 {
		pixels = 0 // refused
	}
	limit := uint64(4*int64(len(b.file)) + int64(each)*pixels + 64<<20)
	if took > 2*time.Second || most > limit {
		t.Errorf("%s: %d bytes for %d x %d: %v, %d MB of %d MB; %v", b.name, len(b.file), b.width, b.height, took, most>>20, limit>>20, err)
	}
}

// heap is the bytes of objects, dead ones that have not been collected included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// sizes that a codestream may claim: at the limit of pixels, beyond it, long and narrow.
var sizes = [][2]int{{4096, 4096}, {5792, 5792}, {65535, 512}, {512, 65535}, {65535, 65535}, {1, 65535}, {65535, 1}}

// film is a DICOM file of a codestream.
func (b *bomb) film(uid string, bits int, stream []byte) {
	f := dicomtest.Film(1, 1).Bits(bits, bits, false).Set(dicomtest.Rows, "US", b.height).Set(dicomtest.Columns, "US", b.width).Set(dicomtest.PixelData, "OB", dicomtest.Fragments{nil, stream})
	f.Syntax, f.Encoding = uid, dicomtest.ExplicitLittle
	b.file = f.Bytes()
}

// A marker of a JPEG stream, with the entropy-coded data behind it.
type marker struct {
	code byte
	all  []byte
}

func markers(stream []byte) (out []marker) {
	for at := 0; at < len(stream); {
		m := marker{code: stream[at+1]}
		end := at + 2
		if m.code != 0xd8 && m.code != 0xd9 {
			end += int(binary.BigEndian.Uint16(stream[end:]))
		}
		if m.code == 0xda {
			for end+1 < len(stream) && (stream[end] != 0xff || stream[end+1] < 0x80) {
				end++
			}
		}
		m.all = slices.Clone(stream[at:end])
		out, at = append(out, m), end
	}
	return out
}

// jpegBombs are bombs made of a valid codestream of the JPEG family.
func jpegBombs(t *testing.T, name, uid string, bits int) (bombs []bomb) {
	t.Helper()
	parts := markers(read(t, filepath.Join("testdata", "streams", name)))
	isFrame := func(code byte) bool {
		return code == 0xf7 || code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc
	}
	// make joins the parts, each of which may be changed or become several.
	mold := func(name string, width, height int, change func(m marker) []byte) {
		var stream []byte
		for _, m := range parts {
			m.all = slices.Clone(m.all)
			if isFrame(m.code) {
				binary.BigEndian.PutUint16(m.all[5:], uint16(height))
				binary.BigEndian.PutUint16(m.all[7:], uint16(width))
			}
			stream = append(stream, change(m)...)
		}
		b := bomb{name: name, width: width, height: height}
		b.film(uid, bits, stream)
		bombs = append(bombs, b)
	}
	same := func(m marker) []byte { return m.all }
	behind := func(code byte, more []byte) func(m marker) []byte {
		return func(m marker) []byte {
			if m.code == code {
				return append(m.all, more...)
			}
			return m.all
		}
	}
	again := func(is func(byte) bool, n int) func(m marker) []byte {
		return func(m marker) []byte {
			if is(m.code) {
				return bytes.Repeat(m.all, n)
			}
			return m.all
		}
	}
	for _, s := range sizes {
		mold("little data", s[0], s[1], same)
	}
	for _, fill := range [][]byte{{0}, {0xff, 0}, {0xaa}, {0x7f}, {0xff, 0xd0}, {0xff, 0x7f}} {
		mold(fmt.Sprintf("data of %x", fill), 5792, 5792, behind(0xda, bytes.Repeat(fill, 4<<20/len(fill))))
	}
	mold("restarts after each unit", 5792, 5792, behind(0xd8, []byte{0xff, 0xdd, 0, 4, 0, 1}))
	mold("a million empty comments", 4096, 4096, behind(0xd8, bytes.Repeat([]byte{0xff, 0xfe, 0, 2}, 1<<20)))
	mold("long comments", 4096, 4096, behind(0xd8, bytes.Repeat(append([]byte{0xff, 0xfe, 0xff, 0xff}, make([]byte, 65533)...), 200)))
	mold("four million fill bytes", 4096, 4096, behind(0xd8, bytes.Repeat([]byte{0xff}, 4<<20)))
	mold("tables again and again", 4096, 4096, again(func(c byte) bool { return c == 0xc4 || c == 0xdb || c == 0xf8 }, 40_000))
	mold("scans again and again", 4096, 4096, again(func(c byte) bool { return c == 0xda }, 5000))
	mold("frames again and again", 4096, 4096, again(isFrame, 20_000))
	mold("beginnings again and again", 4096, 4096, again(func(c byte) bool { return c == 0xd8 }, 1<<20))
	mold("large sampling factors", 5792, 5792, func(m marker) []byte {
		if isFrame(m.code) {
			m.all[11] = 0x44
		}
		return m.all
	})
	return bombs
}

// j2kBombs are bombs made of a valid JPEG 2000 codestream; those of its
// structures are in its package.
func j2kBombs(t *testing.T, name, uid string) (bombs []bomb) {
	t.Helper()
	stream := read(t, filepath.Join("testdata", "streams", name))
	siz := bytes.Index(stream, []byte{0xff, 0x51})
	add := func(name string, width, height, tile int, change func(b []byte) []byte) {
		b := bomb{name: name, width: width, height: height}
		s := slices.Clone(stream)
		for i, v := range []int{width, height, 0, 0, tile, tile, 0, 0} {
			binary.BigEndian.PutUint32(s[siz+6+4*i:], uint32(v))
		}
		b.film(uid, 16, change(s))
		bombs = append(bombs, b)
	}
	same := func(b []byte) []byte { return b }
	for _, s := range sizes {
		add("little data", s[0], s[1], max(s[0], s[1]), same)
		add("little data in many tiles", s[0], s[1], 1024, same)
	}
	sod := bytes.Index(stream, []byte{0xff, 0x93}) + 2
	for _, fill := range []byte{0, 0xff, 0xaa, 0x80, 0xc1} {
		add(fmt.Sprintf("data of %x", fill), 4096, 4096, 4096, func(b []byte) []byte {
			sot := bytes.Index(b, []byte{0xff, 0x90})
			binary.BigEndian.PutUint32(b[sot+6:], 0) // to the end
			return append(b[:sod], bytes.Repeat([]byte{fill}, 2<<20)...)
		})
	}
	add("comments", 2048, 2048, 2048, func(b []byte) []byte {
		sot := bytes.Index(b, []byte{0xff, 0x90})
		return slices.Concat(b[:sot], bytes.Repeat([]byte{0xff, 0x64, 0, 4, 0, 0}, 1<<20), b[sot:])
	})
	add("tile-parts again and again", 2048, 2048, 2048, func(b []byte) []byte {
		sot := bytes.Index(b, []byte{0xff, 0x90})
		return slices.Concat(b[:sot], bytes.Repeat(b[sot:len(b)-2], 5000), b[len(b)-2:])
	})
	return bombs
}

func rleBombs() (bombs []bomb) {
	add := func(name string, width, height, segments int, offset func(i int) int, data []byte) {
		head := make([]byte, 64)
		binary.LittleEndian.PutUint32(head, uint32(segments))
		for i := range min(segments, 15) {
			binary.LittleEndian.PutUint32(head[4+4*i:], uint32(offset(i)))
		}
		b := bomb{name: name, width: width, height: height}
		b.film(dicomtest.RLE, 16, append(head, data...))
		bombs = append(bombs, b)
	}
	first := func(int) int { return 64 }
	run := bytes.Repeat([]byte{0x81, 7}, 1<<20) // 128 bytes of each two
	for _, s := range sizes {
		add("nothing in it", s[0], s[1], 2, first, nil)
		add("runs", s[0], s[1], 2, func(i int) int { return 64 + i*len(run)/2 }, run)
	}
	add("two segments at one place", 5792, 5792, 2, first, run)
	add("fifteen segments", 5792, 5792, 15, func(i int) int { return 64 + i }, run)
	add("four thousand million segments", 5792, 5792, -1, first, run)
	add("segments beyond the end", 5792, 5792, 2, func(i int) int { return math.MaxInt32 }, run)
	add("segments in the head", 5792, 5792, 2, func(i int) int { return i }, run)
	add("four million bytes of nothing", 5792, 5792, 2, func(i int) int { return 64 + i }, bytes.Repeat([]byte{0x80}, 4<<20))
	add("four million runs of one", 5792, 5792, 2, func(i int) int { return 64 + i }, make([]byte, 4<<20))
	return bombs
}

func pngBombs() (bombs []bomb) {
	chunk := func(kind string, data []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		b = append(append(b, kind...), data...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	packed := func(n int) []byte {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		for range n >> 20 {
			w.Write(make([]byte, 1<<20))
		}
		w.Close()
		return z.Bytes()
	}
	add := func(name string, width, height int, depth, color, interlaced byte, body ...[]byte) {
		head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(width)), uint32(height))
		file := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, depth, color, 0, 0, interlaced))...)
		for _, b := range body {
			file = append(file, b...)
		}
		bombs = append(bombs, bomb{name, append(file, chunk("IEND", nil)...), width, height})
	}
	little, much := chunk("IDAT", packed(1<<20)), chunk("IDAT", packed(64<<20))
	for _, s := range sizes {
		add("little data", s[0], s[1], 16, 0, 0, little)
		add("little data, interlaced", s[0], s[1], 8, 0, 1, little)
	}
	add("zeros", 5792, 5792, 8, 0, 0, much)
	add("zeros, interlaced", 4096, 4096, 8, 0, 1, much)
	add("zeros behind the picture", 64, 64, 8, 0, 0, much)
	add("a million chunks without data", 1024, 1024, 8, 0, 0, bytes.Repeat(chunk("IDAT", nil), 1<<20), little)
	add("a million unknown chunks", 1024, 1024, 8, 0, 0, bytes.Repeat(chunk("abCd", nil), 1<<20), little)
	add("packed text", 1024, 1024, 8, 0, 0, bytes.Repeat(chunk("zTXt", append([]byte("key\x00\x00"), packed(64<<20)...)), 20), little)
	add("one bit a pixel", 5792, 5792, 1, 0, 0, much)
	add("a chunk of 2 GiB", 1024, 1024, 8, 0, 0, []byte{0x7f, 0xff, 0xff, 0xff, 'I', 'D', 'A', 'T'})
	return bombs
}

func tiffBombs() (bombs []bomb) {
	type field struct {
		tag, kind uint16
		count     uint32
		value     uint32 // or where it is
	}
	add := func(name string, width, height int, more []field, body []byte) {
		fields := []field{{256, 4, 1, uint32(width)}, {257, 4, 1, uint32(height)}, {258, 3, 1, 16}, {259, 3, 1, 1}, {262, 3, 1, 1},
			{273, 4, 1, 8}, {277, 3, 1, 1}, {278, 4, 1, uint32(height)}, {279, 4, 1, uint32(len(body))}}
		for _, m := range more {
			at := slices.IndexFunc(fields, func(f field) bool { return f.tag == m.tag })
			if at < 0 {
				at = len(fields)
				fields = append(fields, field{})
			}
			fields[at] = m
		}
		slices.SortStableFunc(fields, func(a, b field) int { return int(a.tag) - int(b.tag) })
		file := binary.LittleEndian.AppendUint32([]byte("II*\x00"), uint32(8+len(body)))
		file = append(file, body...)
		file = binary.LittleEndian.AppendUint16(file, uint16(len(fields)))
		for _, f := range fields {
			file = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(file, f.tag), f.kind)
			file = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(file, f.count), f.value)
		}
		bombs = append(bombs, bomb{name, append(file, 0, 0, 0, 0), width, height})
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(make([]byte, 64<<20))
	w.Close()
	deflated := field{259, 3, 1, 8}
	for _, s := range sizes {
		add("little data", s[0], s[1], nil, make([]byte, 64))
		add("deflated zeros", s[0], s[1], []field{deflated}, z.Bytes())
	}
	// One place for a million strips.
	add("strips at one place", 1024, 1<<15, []field{{273, 3, 1 << 15, 8}, {278, 4, 1, 1}, {279, 3, 1 << 15, 8}}, bytes.Repeat([]byte{8, 0}, 1<<15))
	add("deflated strips at one place", 1024, 1<<15, []field{deflated, {273, 3, 1 << 15, 8}, {278, 4, 1, 1}, {279, 3, 1 << 15, 8}}, append(z.Bytes(), bytes.Repeat([]byte{8, 0}, 1<<15)...))
	add("tiles of one pixel", 1024, 1024, []field{{322, 4, 1, 1}, {323, 4, 1, 1}, {324, 3, 1 << 15, 8}, {325, 3, 1 << 15, 8}}, make([]byte, 1<<16))
	add("tiles of 2^31 pixels", 1024, 1024, []field{{322, 4, 1, 1 << 31}, {323, 4, 1, 1 << 31}, {324, 4, 1, 8}, {325, 4, 1, 64}}, make([]byte, 64))
	add("a field of four thousand million values", 1024, 1024, []field{{273, 4, 1<<32 - 1, 8}}, make([]byte, 64))
	add("a hundred samples a pixel", 4096, 4096, []field{{277, 3, 1, 100}}, make([]byte, 64))
	add("LZW of zeros", 4096, 4096, []field{{259, 3, 1, 5}}, make([]byte, 4<<20))
	add("PackBits runs", 5792, 5792, []field{{259, 3, 1, 32773}}, bytes.Repeat([]byte{0x81, 1}, 1<<20))
	add("fax of zeros", 5792, 5792, []field{{258, 3, 1, 1}, {259, 3, 1, 4}}, make([]byte, 4<<20))
	return bombs
}
