package dicomconv

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/cxrkit/cxrkit/internal/dicomscan"
)

// attributes are the elements of a data set or of a sequence's item. Whatever
// type a parser gave to a value, the accessors look at what is there and take
// anything else for absent.
type attributes []*dicom.Element

func (a attributes) value(t tag.Tag) any {
	for _, e := range a {
		if e != nil && e.Tag == t && e.Value != nil {
			return e.Value.GetValue()
		}
	}
	return nil
}

// texts are the values of a string attribute, without padding; numbers as
// decimal ones.
func (a attributes) texts(t tag.Tag) []string {
	var raw []string
	switch v := a.value(t).(type) {
	case []string:
		raw = v
	case []int: // data sets that others have parsed have numbers as the file had them
		for _, n := range v {
			raw = append(raw, strconv.Itoa(n))
		}
	case []float64:
		for _, n := range v {
			raw = append(raw, strconv.FormatFloat(n, 'g', -1, 64))
		}
	}
	s := make([]string, len(raw))
	for i, v := range raw {
		s[i] = strings.Trim(v, dicomscan.Blanks)
	}
	return s
}

// text is the first value of a string attribute, or "".
func (a attributes) text(t tag.Tag) string {
	if s := a.texts(t); len(s) > 0 {
		return s[0]
	}
	return ""
}

// code is the first value of a Code String, in capitals whatever the file has.
func (a attributes) code(t tag.Tag) string { return strings.ToUpper(a.text(t)) }

// numbers are the values of a Decimal or Integer String, up to the first that
// is not a finite decimal number; ok is false if there is such a one.
func (a attributes) numbers(t tag.Tag) (n []float64, ok bool) {
	texts := a.texts(t)
	if len(texts) == 1 && texts[0] == "" {
		return nil, true
	}
	for _, s := range texts {
		v, ok := decimal(s)
		if !ok {
			return n, false
		}
		n = append(n, v)
	}
	return n, true
}

// number is the first value of a Decimal or Integer String, or nil; ok is false
// if it is there and cannot be read.
func (a attributes) number(t tag.Tag) (n *float64, ok bool) {
	all, ok := a.numbers(t)
	if len(all) > 0 {
		return &all[0], true
	}
	return nil, ok
}

// decimal parses a Decimal String (PS3.5 6.2), or one with a decimal comma, as
// some writers have it. Unlike strconv it refuses hexadecimal, underscores,
// infinities and NaN.
func decimal(s string) (float64, bool) {
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsInf(v, 0)
}

// words are the values of a 16-bit binary attribute as unsigned numbers,
// whether it was parsed as US, SS or OW.
func (a attributes) words(t tag.Tag) []uint16 {
	var w []uint16
	switch v := a.value(t).(type) {
	case []int:
		w = make([]uint16, len(v))
		for i := range v {
			w[i] = uint16(v[i])
		}
	case []byte: // OW, little endian
		w = make([]uint16, len(v)/2)
		for i := range w {
			w[i] = binary.LittleEndian.Uint16(v[2*i:])
		}
	}
	return w
}

// word is the first value of a 16-bit binary attribute, or absent.
func (a attributes) word(t tag.Tag, absent int) int {
	if w := a.words(t); len(w) > 0 {
		return int(w[0])
	}
	return absent
}

// items are the items of a sequence.
func (a attributes) items(t tag.Tag) []attributes {
	v, _ := a.value(t).([]*dicom.SequenceItemValue)
	var items []attributes
	for _, item := range v {
		if item != nil {
			e, _ := item.GetValue().([]*dicom.Element)
			items = append(items, e)
		}
	}
	return items
}
