// Package j2k decodes JPEG 2000 (ITU-T T.800, part 1) and high-throughput JPEG
// 2000 (ISO/IEC 15444-15, ITU-T T.814), lossless and lossy, as DICOM transfer
// syntaxes 1.2.840.10008.1.2.4.90 and .91, .201 to .203 carry them: all
// progression orders and their changes, tiles and tile-parts, several
// components with their transform, regions of interest, precincts, packed
// packet headers, every code-block style, 1 to 16 bits. Of high-throughput
// streams, those with regions of interest, with more than one cleanup pass in a
// code-block or with code-blocks of both kinds are refused.
//
// The arithmetic is OpenJPEG's where the standard leaves a choice: coefficients
// are reconstructed in the middle of their interval, halves are truncated in
// the reversible path, and the irreversible path runs in float32.
package j2k

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
)

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: JPEG 2000: %s", cxr.ErrCorrupt, fmt.Sprintf(format, args...))
}

func truncated(format string, args ...any) error {
	return fmt.Errorf("%w: JPEG 2000: %s", cxr.ErrTruncated, fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: JPEG 2000: %s", cxr.ErrUnsupported, fmt.Sprintf(format, args...))
}
