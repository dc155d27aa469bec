// Package wado reads what DICOMweb servers answer to WADO-RS (PS3.18 10.4), in
// the forms that they have: a bare DICOM file, or one in a multipart message.
package wado

import (
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
// the stored one. Some servers know only one of the two forms, and none of those
// takes both in one header.
func Accept(bare bool, syntax string) string {
	if bare {
		return "application/dicom; transfer-syntax=" + syntax
	}
	return `multipart/related; type="application/dicom"; transfer-syntax=` + syntax
}

// Read is the DICOM file in an answer, of at most limit bytes. Media types that
// only say that they are unknown are taken for a bare file: what it is, its
// content tells.
func Read(answer *http.Response, limit int64) ([]byte, error) {
	kind, parameters, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil && answer.Header.Get("Content-Type") != "" {
		return nil, fmt.Errorf("%w: answer of a malformed media type", cxr.ErrCorrupt)
	}
	switch kind {
	case "application/dicom", "application/octet-stream", "":
		return all(answer.Body, limit)
	case "multipart/related":
		return onlyPart(multipart.NewReader(answer.Body, parameters["boundary"]), limit)
	}
	return nil, fmt.Errorf("%w: answer that is neither a DICOM file nor multipart/related", cxr.ErrUnsupported)
}

func onlyPart(parts *multipart.Reader, limit int64) ([]byte, error) {
	part, err := parts.NextRawPart()
	if err == io.EOF {
		return nil, fmt.Errorf("%w: multipart answer without a part", cxr.ErrTruncated)
	}
	if err != nil {
		return nil, broken(err)
	}
	film, err := all(part, limit)
	if err != nil {
		return nil, err
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
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) {
		return err
	}
	return fmt.Errorf("%w: multipart answer", cxr.ErrCorrupt)
}

// all is r to its end, or an error after limit bytes.
func all(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%w: answer: %w", cxr.ErrTruncated, io.ErrUnexpectedEOF)
		}
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%w: answer of more than %d bytes", cxr.ErrTooLarge, limit)
	}
	return b, nil
}
