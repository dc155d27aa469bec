// Package wado reads what DICOMweb servers answer to WADO-RS (PS3.18 10.4), in
// the forms that they have: a bare DICOM file, or one in a multipart message.
package wado

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/cxrkit/cxrkit/cxr"
)

// ExplicitLittle is the transfer syntax that every server can make of a film.
const ExplicitLittle = "1.2.840.10008.1.2.1"

// Accept is the header that asks for one instance in a transfer syntax, "*" being
// the stored one. Some servers know only one of the two forms, and take no header
// that has both.
func Accept(bare bool, syntax string) string {
	if bare {
		return "application/dicom; transfer-syntax=" + syntax
	}
	return `multipart/related; type="application/dicom"; transfer-syntax=` + syntax
}

// around bounds what a multipart message has beside its part.
const around = 64 << 10

// Read is the file in an answer, of at most limit bytes. What the answer is, its
// content tells before its media type does.
func Read(answer *http.Response, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(answer.Body, limit+around+1))
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%w: answer: %w", cxr.ErrTruncated, io.ErrUnexpectedEOF)
		}
		return nil, err
	}
	kind, parameters, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	boundary, film := parameters["boundary"], b
	switch {
	case len(b) >= 132 && string(b[128:132]) == "DICM":
	case kind == "multipart/related" && boundary != "" || bytes.HasPrefix(b, []byte("--")):
		if boundary == "" {
			line, _, _ := bytes.Cut(b[2:], []byte("\r\n"))
			boundary = string(line[:min(len(line), 70)]) // RFC 2046 allows no more
		}
		if !bytes.Contains(b, []byte("--"+boundary)) {
			return nil, fmt.Errorf("%w: multipart answer without a part", cxr.ErrCorrupt)
		}
		if film, err = onlyPart(multipart.NewReader(bytes.NewReader(b), boundary)); err != nil {
			return nil, err
		}
	case kind != "application/dicom" && kind != "application/octet-stream" && kind != "":
		return nil, fmt.Errorf("%w: answer that is neither a DICOM file nor multipart/related", cxr.ErrUnsupported)
	}
	if int64(len(film)) > limit {
		return nil, fmt.Errorf("%w: answer of more than %d bytes", cxr.ErrTooLarge, limit)
	}
	return film, nil
}

func onlyPart(parts *multipart.Reader) ([]byte, error) {
	part, err := parts.NextRawPart()
	var film []byte
	if err == nil {
		film, err = io.ReadAll(part)
	}
	if err != nil {
		return nil, broken(err)
	}
	switch _, err = parts.NextRawPart(); {
	case err == nil:
		return nil, fmt.Errorf("%w: several parts in the answer for one instance", cxr.ErrCorrupt)
	case err != io.EOF:
		return nil, broken(err)
	}
	return film, nil
}

// broken is an error of a multipart message, without the bytes that it quotes.
func broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: multipart answer: %w", cxr.ErrTruncated, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("%w: multipart answer", cxr.ErrCorrupt)
}
