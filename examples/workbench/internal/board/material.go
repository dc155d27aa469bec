package board

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/head"
)

// A material is the films that a finding can be learned from.
type material struct {
	finding                 string
	present, absent, unsure int // labels, with or without an embedding
	films                   []int
	truth                   []bool // of the films: present
	data                    *head.Dataset
	patients                int
	unknown                 int    // films that do not tell whose they are
	print                   uint64 // the same for the same labels of the same films
}

// material is what there is of a finding, in the order and with the patients that
// its table has, so that who reads the table learns the same; nil: there is no such
// finding. b.mu is held.
func (b *Board) material(finding string) *material {
	f := slices.Index(b.labels.findings, finding)
	if f < 0 {
		return nil
	}
	m := &material{finding: finding, data: &head.Dataset{Findings: []string{finding}}}
	print, number := fnv.New64a(), make([]byte, 9)
	patients, groups := map[string]bool{}, b.groups()
	for _, i := range b.sorted {
		v := b.labels.values[f][i]
		switch v {
		case None:
			continue
		case Present:
			m.present++
		case Absent:
			m.absent++
		case Unsure:
			m.unsure++
		}
		film := &b.films[i]
		has := film.embedding != nil && v != Unsure
		binary.LittleEndian.PutUint64(number, uint64(i))
		number[8] = byte(v) << 1
		if has {
			number[8]++
		}
		print.Write(number)
		if !has {
			continue
		}
		label := head.Negative
		if v == Present {
			label = head.Positive
		}
		patient := groups[i]
		if patient == "" {
			m.unknown++
		}
		print.Write([]byte(patient))
		print.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(film.embedding.Values[0])))
		patients[patient] = true
		m.films, m.truth = append(m.films, i), append(m.truth, v == Present)
		m.data.Examples = append(m.data.Examples, head.Example{Embedding: film.embedding, Labels: []head.Label{label}, Patient: patient, Split: film.Split})
	}
	delete(patients, "")
	m.patients, m.print = len(patients)+m.unknown, print.Sum64()
	return m
}

// classPatients are how many patients have films with the finding, and without.
func (m *material) classPatients() (with, without int) {
	patients := [2]map[string]bool{{}, {}}
	var n [2]int
	for k, e := range m.data.Examples {
		c := class(m.truth[k])
		if e.Patient == "" || !patients[c][e.Patient] {
			n[c]++
		}
		patients[c][e.Patient] = true
	}
	return n[1], n[0]
}
