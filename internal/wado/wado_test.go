package wado

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
)

func answer(kind, body string) *http.Response {
	return &http.Response{Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body))}
}

func TestRead(t *testing.T) {
	film := strings.Repeat("\x00", 128) + "DICM and more\r\n--x\r\n"
	const head = "--b\r\nContent-Type: application/dicom\r\n\r\n"
	const multi = `multipart/related; type="application/dicom"; boundary=b`
	for _, test := range []struct {
		name, kind, body string
		want             error
	}{
		{"bare", "application/dicom", film, nil},
		{"bare with parameters", "application/dicom; transfer-syntax=1.2.840.10008.1.2.1", film, nil},
		{"bytes", "application/octet-stream", film, nil},
		{"no type", "", film, nil},
		{"multipart", multi, head + film + "\r\n--b--\r\n", nil},
		{"multipart with a preamble", multi, "hello\r\n" + head + film + "\r\n--b--", nil},
		{"bare that says it is multipart", multi, film, nil},
		{"bare that says it is a page", "text/html", film, nil},
		{"multipart that says it is bare", "application/dicom", head + film + "\r\n--b--\r\n", nil},
		{"multipart without its boundary", "multipart/related", head + film + "\r\n--b--\r\n", nil},
		{"a malformed type", "multipart/related; boundary", head + film + "\r\n--b--\r\n", nil},
		{"no part", multi, "--b--\r\n", cxr.ErrTruncated},
		{"nothing", multi, "", cxr.ErrCorrupt},
		{"cut off", multi, head + film[:100], cxr.ErrTruncated},
		{"not closed", multi, head + film, cxr.ErrTruncated},
		{"two parts", multi, head + film + "\r\n" + head + film + "\r\n--b--\r\n", cxr.ErrCorrupt},
		{"a page", "text/html", "<html>", cxr.ErrUnsupported},
		{"metadata", "application/dicom+json", "[]", cxr.ErrUnsupported},
		{"too large", "application/dicom", film + strings.Repeat("x", 1000), cxr.ErrTooLarge},
		{"too large a part", multi, head + film + strings.Repeat("x", 1000) + "\r\n--b--\r\n", cxr.ErrTooLarge},
		{"a head without end", multi, "--b\r\nx: " + strings.Repeat("x", 300), cxr.ErrTruncated},
	} {
		got, err := Read(answer(test.kind, test.body), 500)
		if test.want == nil && (err != nil || string(got) != film) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %d bytes, error %v, want %v", test.name, len(got), err, test.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`multipart/related; boundary=b`, "--b\r\n\r\nx\r\n--b--\r\n")
	f.Add("application/dicom", "--b\r\n\r\nx\r\n--b--\r\n")
	f.Fuzz(func(t *testing.T, kind, body string) {
		if b, err := Read(answer(kind, body), 100); err == nil && len(b) > 100 {
			t.Fatalf("%d bytes", len(b))
		}
	})
}
