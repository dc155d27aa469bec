// Package npy reads and writes arrays as NumPy's .npy and .npz files hold them
// (numpy.lib.format): float16, float32 and float64, little-endian, C order.
package npy

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/half"
)

// An Array has a name within its archive.
type Array struct {
	Name   string
	Shape  []int
	Values []float32
}

const magic = "\x93NUMPY\x01\x00"

// Append writes an array as a .npy file, of float32.
func (a Array) Append(dst []byte) []byte {
	dims := make([]string, len(a.Shape))
	for i, d := range a.Shape {
		dims[i] = strconv.Itoa(d)
	}
	shape := strings.Join(dims, ", ")
	if len(dims) == 1 {
		shape += ","
	}
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", shape)
	for (len(magic)+2+len(header)+1)%64 != 0 {
		header += " "
	}
	header += "\n"
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(header)))
	dst = append(dst, header...)
	for _, v := range a.Values {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	return dst
}

// Marshal writes an archive as numpy.savez does, with a comment that NumPy passes
// over.
func Marshal(comment string, arrays ...Array) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, a := range arrays {
		if err := Write(z, a); err != nil {
			return nil, err
		}
	}
	if err := z.SetComment(comment); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Write adds an array to an archive.
func Write(z *zip.Writer, a Array) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
	if err != nil {
		return err
	}
	_, err = w.Write(a.Append(nil))
	return err
}

var header = regexp.MustCompile(`^\{\s*'descr'\s*:\s*'([<|]f[248])'\s*,\s*'fortran_order'\s*:\s*(False|True)\s*,\s*'shape'\s*:\s*\(([0-9, ]*)\)\s*,?\s*\}\s*$`)

// Read reads a .npy file of at most so many values.
func Read(r io.Reader, most int) (Array, error) {
	var a Array
	short := func(err error) error {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return fmt.Errorf("%w: npy file", cxr.ErrTruncated)
		}
		return err
	}
	var start [10]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return a, short(err)
	}
	n := int(binary.LittleEndian.Uint16(start[8:]))
	if string(start[:6]) != magic[:6] {
		return a, fmt.Errorf("%w: no npy file", cxr.ErrCorrupt)
	}
	if start[6] != 1 {
		return a, fmt.Errorf("%w: npy file of version %d", cxr.ErrUnsupported, start[6])
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return a, short(err)
	}
	m := header.FindSubmatch(text)
	if m == nil || string(m[2]) == "True" {
		return a, fmt.Errorf("%w: npy array %s; want float16, float32 or float64, little-endian, in C order: numpy.ascontiguousarray(x, dtype=\"<f4\")", cxr.ErrUnsupported, unlike(text))
	}
	count := 1
	for _, d := range strings.FieldsFunc(string(m[3]), func(r rune) bool { return r == ',' || r == ' ' }) {
		v, err := strconv.Atoi(d)
		if err != nil || v < 0 || v > 0 && count > most/v {
			return a, fmt.Errorf("%w: npy file of shape (%s)", cxr.ErrTooLarge, m[3])
		}
		a.Shape = append(a.Shape, v)
		count *= v
	}
	size := int(m[1][2] - '0')
	// Not all at once: a header may promise more than the file has.
	for block := make([]byte, size*4096); count > 0; {
		k := min(count, 4096)
		if _, err := io.ReadFull(r, block[:k*size]); err != nil {
			return a, short(err)
		}
		for i := range k {
			b := block[i*size:]
			switch size {
			case 2:
				a.Values = append(a.Values, half.Float32(binary.LittleEndian.Uint16(b)))
			case 4:
				a.Values = append(a.Values, math.Float32frombits(binary.LittleEndian.Uint32(b)))
			default:
				a.Values = append(a.Values, float32(math.Float64frombits(binary.LittleEndian.Uint64(b))))
			}
		}
		count -= k
	}
	return a, nil
}

// unlike says in what an array's header is not as wanted.
func unlike(header []byte) string {
	for what, pattern := range map[string]string{
		"of Python objects": `'descr'\s*:\s*'\|O'`,
		"in big-endian":     `'descr'\s*:\s*'>`,
		"of whole numbers":  `'descr'\s*:\s*'[<|][iu]`,
		"of texts":          `'descr'\s*:\s*'[<|][US]`,
		"in Fortran order":  `'descr'\s*:\s*'[<|]f[248]'.*'fortran_order'\s*:\s*True`,
	} {
		if regexp.MustCompile(pattern).Match(header) {
			return what
		}
	}
	return "with another header"
}

// end wants the end of a file, which is where its checksum is looked at.
func end(r io.Reader) error {
	switch n, err := io.CopyN(io.Discard, r, 1); {
	case n > 0:
		return fmt.Errorf("%w: npy file with data behind its array", cxr.ErrCorrupt)
	case err != io.EOF:
		return fmt.Errorf("%w: %w", cxr.ErrCorrupt, err)
	}
	return nil
}

// Each calls f for every array of an archive, which is checked by its checksums.
// Each array has at most so many values. It returns the archive's comment.
func Each(r io.ReaderAt, size int64, most int, f func(Array) error) (comment string, err error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return "", fmt.Errorf("%w: npz archive: %w", cxr.ErrCorrupt, err)
	}
	// Deflate makes a thousand bytes of one; embeddings hardly compress.
	left := 64*uint64(max(size, 0)) + 64<<20
	for _, file := range z.File {
		name, ok := strings.CutSuffix(file.Name, ".npy")
		if !ok {
			continue
		}
		if file.UncompressedSize64 > left {
			return "", fmt.Errorf("%w: npz archive that would be more than 64 times its size", cxr.ErrTooLarge)
		}
		left -= file.UncompressedSize64
		in, err := file.Open()
		if err != nil {
			return "", fmt.Errorf("%w: npz archive: %w", cxr.ErrCorrupt, err)
		}
		a, err := Read(in, most)
		if err == nil {
			err = end(in)
		}
		in.Close()
		if err != nil {
			return "", fmt.Errorf("npz archive: %w", err)
		}
		a.Name = name
		if err := f(a); err != nil {
			return "", err
		}
	}
	return z.Comment, nil
}
