package haidef

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// A document is JSON in which films are. Nearly all of it is a few strings of
// megabytes, which the parser of JSON would read, byte by byte, once for each
// level that they lie in: it is given a copy in which marks stand for them.
type document struct {
	small []byte   // the copy: valid JSON exactly if the document is
	long  [][]byte // the strings taken out, as they stand in the document
}

// mark begins a string that stands for a long one. It is no UTF-8, so that no
// document has one.
const mark = '\xff'

// longString is where a string becomes worth taking out.
const longString = 512

// newDocument fails for what is no UTF-8.
func newDocument(b []byte) (d document, ok bool) {
	if !utf8.Valid(b) {
		return d, false
	}
	for {
		start := bytes.IndexByte(b, '"') + 1
		if start == 0 {
			d.small = append(d.small, b...)
			return d, true
		}
		size := bytes.IndexByte(b[start:], '"')
		if size < longString || bytes.IndexByte(b[start:start+size], '\\') >= 0 || hasControl(b[start:start+size]) {
			size = end(b[start:])
			d.small = append(d.small, b[:start+size]...)
		} else {
			d.small = append(append(d.small, b[:start]...), mark)
			d.small = append(strconv.AppendInt(d.small, int64(len(d.long)), 10), '"')
			d.long = append(d.long, b[start:start+size])
			size++
		}
		b = b[start+size:]
	}
}

// end is the length of a string with the quotation mark at its end, or of all
// there is.
func end(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// hasControl reports a character that no string of JSON may have as it is.
func hasControl(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		v := binary.LittleEndian.Uint64(b)
		// A byte below 0x20 borrows into its high bit. So may one beside it: look again.
		if (v-0x20*ones)&^v&highs != 0 && anyControl(b[:8]) {
			return true
		}
	}
	return anyControl(b)
}

func anyControl(b []byte) bool {
	for _, c := range b {
		if c < 0x20 {
			return true
		}
	}
	return false
}

// text is a string of the document.
func (d *document) text(raw json.RawMessage) (s string, ok bool) {
	if b, ok := d.longText(raw); ok {
		return string(b), true
	}
	return text(raw)
}

// longText is a string that was taken out.
func (d *document) longText(raw json.RawMessage) ([]byte, bool) {
	if len(raw) < 3 || raw[0] != '"' || raw[1] != mark {
		return nil, false
	}
	i, err := strconv.Atoi(string(raw[2 : len(raw)-1]))
	if err != nil {
		return nil, false
	}
	return d.long[i], true
}

// bytes is a string of the document, which may be one taken out: not to be changed.
func (d *document) bytes(raw json.RawMessage) ([]byte, bool) {
	if b, ok := d.longText(raw); ok {
		return b, true
	}
	s, ok := text(raw)
	return []byte(s), ok
}
