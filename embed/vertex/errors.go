package vertex

import (
	"errors"
	"fmt"
	"regexp"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cxrkit/cxrkit/internal/remote"
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
	r.words = remote.Words(stringOf(description), private)
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
	return remote.Words(s.Message(), private)
}
