package dicomtest

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"slices"
)

// Hostile is files that have crashed, hung or fooled DICOM readers, by what
// they do. Each is made of a film of 4 x 4 words; the largest has 40 MB.
func Hostile() map[string][]byte {
	film := func() *File { return Film(4, 4) }
	with := func(tag uint32, vr string, value any) []byte { return film().Set(tag, vr, value).Bytes() }
	syntax := func(uid string) []byte {
		f := film()
		f.Syntax, f.Encoding = uid, ExplicitLittle
		return f.Bytes()
	}
	// start is a file up to its pixel data.
	start := func(uid string) []byte {
		f := film().Remove(PixelData)
		f.Syntax = uid
		if uid != ImplicitLittle && uid != Deflated {
			f.Encoding = ExplicitLittle
		}
		return f.Bytes()
	}
	// long is an element that claims length bytes and has four.
	long := func(tag uint32, vr string, length uint32) []byte {
		return append(header(tag, vr, length), "abcd"...)
	}
	preamble := append(make([]byte, 128), magic...)
	meta := bytes.TrimPrefix(start(ExplicitLittle), preamble)
	plain := film().Bytes()
	fragments := func(lengths ...uint32) []byte {
		b := header(PixelData, "OB", undefined)
		for i, n := range lengths {
			b = append(b, item(0xe000, n)...)
			if i > 0 {
				b = append(b, "abcd"...)
			}
		}
		return b
	}
	jpeg := slices.Concat(start(JPEGBaseline), fragments(0, 4, 4, 4))
	deflated := func(raw []byte) []byte {
		f := &File{Syntax: Deflated, elements: map[uint32]element{}, Trailer: raw}
		return f.Bytes()
	}

	files := map[string][]byte{
		"ok":                      plain,
		"hugeVL_OB_4G":            slices.Concat(start(ExplicitLittle), long(0x00091001, "OB", 0xfffffffe)),
		"hugeVL_UT_4G":            slices.Concat(start(ExplicitLittle), long(0x00080119, "UT", 0xfffffffe)),
		"hugeVL_pixel_4G_native":  slices.Concat(start(ExplicitLittle), long(PixelData, "OW", 0xfffffffe)),
		"hugeVL_fragment_4G":      slices.Concat(start("1.2.840.10008.1.2.4.70"), fragments(0, 0xfffffff0)),
		"hugeVL_implicit_US":      slices.Concat(start(ImplicitLittle), header(Rows, "", 0xfffffff0), make([]byte, 8)),
		"hugeVL_deflated_OW":      deflated(long(0x00091001, "OW", 0xfffffffe)),
		"deflate_bomb_1G":         bomb(),
		"sq_nonitem_definedlen":   with(0x00081140, "SQ", header(0x00080060, "CS", 0)),
		"voi_nonitem_definedlen":  with(VOILUT, "SQ", header(0x00080060, "CS", 0)),
		"meta_grouplen_empty":     slices.Concat(preamble, header(0x00020000, "UL", 0), plain[144:]),
		"rows_empty":              with(Rows, "US", ""),
		"frames_overflow":         film().Set(Rows, "US", 1).Set(Columns, "US", 1).Bits(8, 8, false).Set(Frames, "IS", "4294967298").Bytes(),
		"frames_negative":         with(Frames, "IS", "-1"),
		"rows0":                   with(Rows, "US", 0),
		"charset_thai":            with(0x00080005, "CS", "ISO_IR 166"),
		"charset_ir58":            with(0x00080005, "CS", "\\ISO 2022 IR 58"),
		"charset_unknown":         with(0x00080005, "CS", "FOOBAR"),
		"charset_UN":              with(0x00080005, "UN", "ISO_IR 100"),
		"ts_private_GE":           syntax("1.2.840.113619.5.2"),
		"ts_empty":                syntax(""),
		"ts_htj2k":                syntax("1.2.840.10008.1.2.4.202"),
		"no_preamble":             plain[128:],
		"no_preamble_no_dicm":     plain[132:],
		"undefined_len_UN":        with(0x00091001, "UN", []*File{}),
		"trailing_padding":        slices.Concat(plain, header(0xfffcfffc, "OB", 16), make([]byte, 16)),
		"trailing_garbage":        slices.Concat(plain, make([]byte, 7)),
		"dup_pixel":               slices.Concat(plain, header(PixelData, "OW", 32), bytes.Repeat([]byte{1}, 32)),
		"empty":                   {},
		"short":                   []byte("abc"),
		"pix_in_icon_first":       with(0x00880200, "SQ", []*File{Film(4, 4)}),
		"multiframe_frag":         slices.Concat(jpeg, item(0xe0dd, 0)),
		"encap_no_delim":          jpeg,
		"meta_only":               slices.Concat(preamble, meta[:bytes.Index(meta, []byte{8, 0, 0x18, 0})]),
		"columns_65535_rows_same": film().Set(Rows, "US", 65535).Set(Columns, "US", 65535).Bytes(),
	}
	for _, n := range []int{1000, 100_000, 2_000_000} {
		nest := slices.Concat(header(0x00081140, "SQ", undefined), item(0xe000, undefined))
		files[fmt.Sprintf("nest_%d", n)] = slices.Concat(start(ExplicitLittle), bytes.Repeat(nest, n))
	}
	return files
}

const magic = "DICM"

// header is the head of an element, explicit or, without vr, implicit.
func header(tag uint32, vr string, length uint32) []byte {
	w := &writer{implicit: vr == ""}
	b := (&File{}).encode(w, tag, element{vr, []byte{}})
	if n := len(b); n == 8 && vr != "" {
		binary.LittleEndian.PutUint16(b[6:], uint16(length))
	} else {
		binary.LittleEndian.PutUint32(b[n-4:], length)
	}
	return b
}

func item(element uint16, length uint32) []byte {
	return (&File{}).head(&writer{}, nil, element, length)
}

// bomb is a deflated film with a private element of 1 GiB of zeros. Every part
// of the stream but the first is the same.
func bomb() []byte {
	const part = 1 << 20
	f := &File{Syntax: Deflated, Encoding: ExplicitLittle, elements: map[uint32]element{}}
	var z bytes.Buffer
	w, _ := flate.NewWriter(&z, flate.BestSpeed) // its only error is a bad level
	w.Write(header(0x00091001, "OB", 1<<30))
	w.Write(make([]byte, part))
	w.Flush()
	first := z.Len()
	w.Write(make([]byte, part))
	w.Flush()
	again := bytes.Clone(z.Bytes()[first:])
	return slices.Concat(f.Bytes(), z.Bytes(), bytes.Repeat(again, 1<<10-2))
}
