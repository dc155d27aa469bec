// Package pacs is a stand-in for DICOMweb servers, with their dialects and with
// faults on script, and the films to put into them.
package pacs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/cxrkit/cxrkit/cxr/phantom"
)

// Phantoms are n DICOM files of phantoms, side pixels high, in studies of three
// films: two in a first series, one in a second. Their patients, one a study, have
// names that must not get out, those of Planted.
func Phantoms(n, side int) (files [][]byte) {
	for i := range n {
		film := phantom.Film{ID: fmt.Sprint(i), Patient: Planted(i / 3), Seed: uint64(2 * i), Anatomy: uint64(2*i + 2000), Size: side}
		study := fmt.Sprintf("2.25.77.%d", i/3)
		files = append(files, Placed(film.DICOM(), study, fmt.Sprintf("%s.%d", study, 1+i%3/2), fmt.Sprintf("202601%02d", 1+i/3%28)))
	}
	return files
}

// Planted is the name of the patient of the i-th study.
func Planted(i int) string { return fmt.Sprintf("DOE%03dJANE", i) }

// Placed is a file in explicit little endian with a study, a series and a day, of
// which phantoms have none.
func Placed(file []byte, study, series, day string) []byte {
	insert := func(before uint32, elements ...[]byte) {
		var mark []byte
		mark = binary.LittleEndian.AppendUint16(mark, uint16(before>>16))
		mark = binary.LittleEndian.AppendUint16(mark, uint16(before))
		i := bytes.Index(file, mark)
		if i < 0 {
			panic("no such element in the file")
		}
		file = append(append(bytes.Clone(file[:i]), bytes.Join(elements, nil)...), file[i:]...)
	}
	insert(0x00280002, element(0x0020000d, "UI", study), element(0x0020000e, "UI", series))
	insert(0x00080060, element(0x00080020, "DA", day))
	return file
}

func element(t uint32, vr, value string) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(t>>16))
	b = binary.LittleEndian.AppendUint16(b, uint16(t))
	if len(value)%2 == 1 {
		value += "\x00"
	}
	b = append(b, vr...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// A film is a file in explicit little endian and what the server knows of it.
type film struct {
	file                           []byte
	study, series, sop             string
	modality, view, bodyPart, date string
}

func newFilm(file []byte) (f film, err error) {
	f.file = file
	for t, to := range map[uint32]*string{
		0x0020000d: &f.study, 0x0020000e: &f.series, 0x00080018: &f.sop, 0x00080060: &f.modality,
		0x00185101: &f.view, 0x00180015: &f.bodyPart, 0x00080020: &f.date,
	} {
		*to = text(file, t)
	}
	if f.study == "" || f.series == "" || f.sop == "" {
		return f, fmt.Errorf("film without its UIDs")
	}
	return f, nil
}

// text is the value of a short element of a file in explicit little endian.
func text(file []byte, t uint32) string {
	mark := binary.LittleEndian.AppendUint16(nil, uint16(t>>16))
	mark = binary.LittleEndian.AppendUint16(mark, uint16(t))
	i := bytes.Index(file, mark)
	if i < 0 || len(file) < i+8 {
		return ""
	}
	n := int(binary.LittleEndian.Uint16(file[i+6:]))
	return strings.Trim(string(file[i+8:min(len(file), i+8+n)]), " \x00")
}
