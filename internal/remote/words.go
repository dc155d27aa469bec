package remote

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is repeated of a service's message.
const (
	longestMessage = 200 // runes
	longestToken   = 40  // bytes of a word; pixels, tokens and signatures come in longer ones
	longestPlain   = 24  // likewise, where something is private
)

// Words is what a service says, fit for an error: printable, in one line, short,
// and without what may be private. Words that are too long, or that share a part
// with something private in whatever spelling, are left out. If anything is
// private, so are those that are more than letters and simple punctuation,
// as a number or an address may be a part of it in another form.
func Words(s string, private []string) string {
	parts := privateParts(private)
	var b []rune
	gap := false
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == utf8.RuneError }) {
		if len(w) > longestToken || len(parts) > 0 && (!plain(w) || touches(strings.ToLower(w), parts)) {
			if !gap {
				w, gap = "...", true
			} else {
				continue
			}
		} else {
			gap = false
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		if b = append(b, []rune(w)...); len(b) >= longestMessage {
			return string(b[:longestMessage])
		}
	}
	return string(b)
}

// plain words are letters with an apostrophe or punctuation about them, and with
// no capital after a small letter, as there is in base64.
func plain(w string) bool {
	small := false
	return len(w) <= longestPlain && !strings.ContainsFunc(w, func(r rune) bool {
		odd := small && unicode.IsUpper(r) || !unicode.IsLetter(r) && !strings.ContainsRune(`.,;:!?'"()-`, r)
		small = small || unicode.IsLower(r)
		return odd
	})
}

// privateParts are the runs of letters and of digits, of two and more, in lower
// case.
func privateParts(private []string) (parts []string) {
	for _, p := range private {
		for _, run := range strings.FieldsFunc(strings.ToLower(p), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if len(run) > 1 {
				parts = append(parts, run)
			}
		}
		if p != "" && len(parts) == 0 {
			parts = append(parts, strings.ToLower(p))
		}
	}
	return parts
}

// touches reports whether a word holds one of the parts, or a part holds one of
// its runs.
func touches(w string, parts []string) bool {
	runs := privateParts([]string{w})
	for _, p := range parts {
		if strings.Contains(w, p) {
			return true
		}
		for _, r := range runs {
			if len(r) > 2 && strings.Contains(p, r) {
				return true
			}
		}
	}
	return false
}
