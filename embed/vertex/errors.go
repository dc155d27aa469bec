package vertex

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// An Error is a request that failed, after all its tries.
type Error struct {
	Code  string // of gRPC: "InvalidArgument", "Unavailable"...
	Tries int
	words string
}

// Error gives the code and what the service said, shortened. What a failed
// sign-in says is left out: it may hold credentials. So is each word that has
// to do with a reference, its token, or a text of the request.
func (e *Error) Error() string {
	tries := "1 try"
	if e.Tries != 1 {
		tries = fmt.Sprint(e.Tries, " tries")
	}
	return fmt.Sprintf("vertex: request failed with code %s after %s%s", e.Code, tries, colon(e.words))
}

// A Refusal is an instance that the service refused, while it may have answered
// others of the same request.
type Refusal struct {
	Code  string // of MedSigLIP, as "DICOM_ERROR"; empty if the service names none
	words string
}

// Error gives the code and what the service said, with the same left out as in
// an [Error].
func (e *Refusal) Error() string {
	code := ""
	if e.Code != "" {
		code = " with code " + e.Code
	}
	return "vertex: the endpoint refused one instance" + code + colon(e.words)
}

func colon(words string) string {
	if words == "" {
		return ""
	}
	return ": " + words
}

// codeForm is how services write codes: a word that carries nothing of a request.
var codeForm = regexp.MustCompile(`^[A-Z][A-Z_]{0,63}$`)

// refusal reads an error object in the place of a prediction, or a string there.
func refusal(failure []byte, private []string) *Refusal {
	r := &Refusal{}
	description, _ := member(failure, "description")
	if code, _ := member(failure, "code"); code != nil && codeForm.MatchString(stringOf(code)) {
		r.Code = stringOf(code)
	}
	if description == nil {
		description = failure
	}
	r.words = words(stringOf(description), private)
	if r.Code == "" && codeForm.MatchString(r.words) {
		r.Code, r.words = r.words, ""
	}
	return r
}

// splits reports a failure of a whole request that a single instance may have
// caused.
func splits(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return err == errNone
	}
	switch e.Code {
	case codes.InvalidArgument.String(), codes.FailedPrecondition.String(), codes.OutOfRange.String(), codes.DataLoss.String(),
		codes.Internal.String(), codes.Unknown.String():
		return true
	case codes.ResourceExhausted.String():
		return e.Tries == 1 // larger than the endpoint takes, which is not tried again
	}
	return false
}

// said is a service's message where it is safe to repeat. What goes wrong on
// this side of the wire may hold tokens or addresses.
func said(err error, private []string) string {
	s := status.Convert(err)
	switch s.Code() {
	case codes.Unauthenticated, codes.Unavailable, codes.Unknown:
		return ""
	}
	return words(s.Message(), private)
}

// Bounds of what is repeated of a service's message.
const (
	longestMessage = 200 // runes
	longestToken   = 40  // bytes of a word; pixels, tokens and signatures come in longer ones
	longestPlain   = 24  // likewise, where something is private
)

// words is what a service says, fit for an error: printable, in one line, short,
// and without what may be private. Words that are too long, or that share a part
// with something private in whatever spelling, are left out. If anything is
// private, so are those that are more than letters and simple punctuation,
// as a number or an address may be a part of it in another form.
func words(s string, private []string) string {
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
