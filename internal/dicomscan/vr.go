package dicomscan

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// Forms of what stands between tag and value (PS3.5 7.1).
const (
	implicitForm = iota // 32-bit length
	shortForm           // value representation, 16-bit length
	longForm            // value representation, two bytes, 32-bit length
)

// vrs are the value representations with the form of their elements (PS3.5
// 7.1.2).
var vrs = map[string]int{
	"AE": shortForm, "AS": shortForm, "AT": shortForm, "CS": shortForm, "DA": shortForm, "DS": shortForm, "DT": shortForm,
	"FD": shortForm, "FL": shortForm, "IS": shortForm, "LO": shortForm, "LT": shortForm, "PN": shortForm, "SH": shortForm,
	"SL": shortForm, "SS": shortForm, "ST": shortForm, "TM": shortForm, "UI": shortForm, "UL": shortForm, "US": shortForm,
	"OB": longForm, "OD": longForm, "OF": longForm, "OL": longForm, "OV": longForm, "OW": longForm, "SQ": longForm,
	"SV": longForm, "UC": longForm, "UN": longForm, "UR": longForm, "UT": longForm, "UV": longForm,
}

// knownVR is the value representation that b begins with, in whichever case
// it is written.
func knownVR(b []byte) (string, bool) {
	vr := strings.ToUpper(string(b[:2]))
	_, ok := vrs[vr]
	return vr, ok
}

// longVR reports the value representations with a 32-bit length.
func longVR(vr string) bool { return vrs[vr] == longForm }

// form tells how the element is written whose tag the cursor has just read.
//
// Where no value representation stands that PS3.5 knows, there may be none at
// all (implicit elements under an explicit syntax), or one that a writer left
// blank, zero or "??", wrote in lower case or made up. That form is taken with
// which a plausible element follows the value.
func (c *cursor) form(tag Tag) (vr string, form int) {
	b := c.b[c.pos:]
	vr, ok := knownVR(b)
	if ok && vr == string(b[:2]) {
		return vr, vrs[vr]
	}
	if !ok {
		vr = "UN"
	}
	lengths := [3]int64{int64(c.order().Uint32(b)) + 4, int64(c.order().Uint16(b[2:])) + 4, -1}
	if len(b) >= 8 {
		lengths[longForm] = int64(c.order().Uint32(b[4:])) + 8
	}
	undefined := func(form int) bool {
		return form == implicitForm && lengths[form] == undefinedLength+4 || form == longForm && lengths[form] == undefinedLength+8
	}
	for form, n := range lengths {
		if undefined(form) { // a sequence: an item follows
			n -= undefinedLength
		}
		if n < 0 || n > int64(len(b)) || !c.follows(b[n:], tag, undefined(form)) {
			continue
		}
		if form == implicitForm {
			return "", form
		}
		return vr, form
	}
	if ok {
		return vr, vrs[vr]
	}
	return "", implicitForm
}

// follows reports whether b, after the value of tag, is the end or the head of
// an element that may stand there; or, where tag is a sequence, its beginning.
func (c *cursor) follows(b []byte, tag Tag, sequence bool) bool {
	if len(b) < 8 {
		return len(b) == 0
	}
	in := cursor{b: b, big: c.big}
	switch next := in.peek(); {
	case next == tagItem, next == tagSequenceEnd:
		return sequence || next == tagSequenceEnd
	case next == tagItemEnd:
		return true
	case sequence || next <= tag:
		return false
	}
	if _, ok := knownVR(b[4:]); ok {
		return true
	}
	length := int64(in.order().Uint32(b[4:]))
	odd := strings.Trim(string(b[4:6]), " \x00?") == ""
	return odd || length == undefinedLength || length <= int64(len(b)-8)
}

// implicitWithin tells whether the items of the sequence h, at which the cursor
// is, are implicit: where the file is, and in sequences of an unknown value
// representation (PS3.5 6.2.2, note 2), unless they look otherwise.
func (c *cursor) implicitWithin(h head) bool {
	if c.implicit || h.vr != "UN" {
		return c.implicit
	}
	b := c.b[c.pos:]
	for len(b) >= 16 && binary.LittleEndian.Uint32(b) == 0xe000fffe { // the standard has UN in little endian
		if length := binary.LittleEndian.Uint32(b[4:]); length == 0 {
			b = b[8:]
			continue
		}
		_, explicit := knownVR(b[12:])
		if explicit { // or a length of 16 KiB and more
			in := cursor{b: b, pos: 12, big: c.big}
			length := int64(in.order().Uint32(b[12:])) + 16
			explicit = length > int64(len(b)) || !in.follows(b[length:], 0, false)
		}
		return !explicit
	}
	return true
}

// plainDataSet reports whether b begins as a data set that is not deflated.
func plainDataSet(b []byte) bool {
	if len(b) < 8 || b[0] != 8 || b[1] != 0 || b[3] > 0x40 { // group 0008, which all data sets of images begin with
		return false
	}
	_, ok := knownVR(b[4:])
	return ok || binary.LittleEndian.Uint32(b[4:]) < 1<<10
}

// textual is v as a Decimal or Integer String where the attribute is one and
// the file has written numbers of another value representation.
func (c *cursor) textual(want, vr string, v []byte) []byte {
	if want != "DS" && want != "IS" {
		return v
	}
	o := c.order()
	var size int
	var number func(b []byte) string
	integer := func(n int64) string { return strconv.FormatInt(n, 10) }
	float := func(f float64, bits int) string { return strconv.FormatFloat(f, 'g', -1, bits) }
	switch vr {
	case "US", "OW":
		size, number = 2, func(b []byte) string { return integer(int64(o.Uint16(b))) }
	case "SS":
		size, number = 2, func(b []byte) string { return integer(int64(int16(o.Uint16(b)))) }
	case "UL", "OL":
		size, number = 4, func(b []byte) string { return integer(int64(o.Uint32(b))) }
	case "SL":
		size, number = 4, func(b []byte) string { return integer(int64(int32(o.Uint32(b)))) }
	case "FL", "OF":
		size, number = 4, func(b []byte) string { return float(float64(math.Float32frombits(o.Uint32(b))), 32) }
	case "FD", "OD":
		size, number = 8, func(b []byte) string { return float(math.Float64frombits(o.Uint64(b)), 64) }
	case "SV":
		size, number = 8, func(b []byte) string { return integer(int64(o.Uint64(b))) }
	case "UV":
		size, number = 8, func(b []byte) string { return strconv.FormatUint(o.Uint64(b), 10) }
	default:
		return v
	}
	if len(v) == 0 || len(v)%size != 0 || len(v) > 64*size { // no such attribute has as many values
		return v
	}
	var text []string
	for ; len(v) > 0; v = v[size:] {
		text = append(text, number(v))
	}
	return []byte(strings.Join(text, `\`))
}

// hasVRs reports the transfer syntaxes of native pixels with value
// representations, and encapsulated ones, which have them too.
func hasVRs(uid string) bool { return uid != "" && uid != implicitLittle }

// nativeSyntax reports the transfer syntaxes without encapsulation, or none
// being told.
func nativeSyntax(uid string) bool {
	switch uid {
	case "", implicitLittle, explicitLittle, explicitBig, deflated:
		return true
	}
	return false
}
