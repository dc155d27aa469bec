// Package printable makes names fit for a terminal: names of files are up to
// strangers.
package printable

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name is a name as it stands, or quoted if it holds what would move the cursor,
// forge a line or turn the direction of writing.
func Name(name string) string {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}
