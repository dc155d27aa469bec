package head

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Leak is what two parts of a split share and should not: a head that has
// seen a film, or another film of the patient, is judged too well.
type Leak struct {
	Patients []string    // on both sides
	Films    []string    // ids on both sides
	Copies   [][2]string // ids of films whose embeddings are equal, number for number, under different ids
}

// FindLeak compares two parts of a split. Films without a patient are compared
// by id and by embedding alone. No embedding may be nil. It says nothing of
// near copies: for those see [Index].
func FindLeak(a, b *Dataset) Leak {
	var leak Leak
	patients, films := map[string]bool{}, map[string]bool{}
	byHash := map[uint64][]*cxr.Embedding{}
	seed := maphash.MakeSeed()
	for _, e := range a.Examples {
		patients[e.Patient] = true
		films[e.Embedding.ID] = true
		h := hashValues(seed, e.Embedding)
		byHash[h] = append(byHash[h], e.Embedding)
	}
	delete(patients, "")
	delete(films, "")
	for _, e := range b.Examples {
		if patients[e.Patient] {
			leak.Patients = append(leak.Patients, e.Patient)
			delete(patients, e.Patient) // once is enough
		}
		if films[e.Embedding.ID] {
			leak.Films = append(leak.Films, e.Embedding.ID)
			continue
		}
		for _, other := range byHash[hashValues(seed, e.Embedding)] {
			if slices.Equal(other.Values, e.Embedding.Values) {
				leak.Copies = append(leak.Copies, [2]string{other.ID, e.Embedding.ID})
				break
			}
		}
	}
	return leak
}

func hashValues(seed maphash.Seed, e *cxr.Embedding) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	var b [4]byte
	for _, v := range e.Values {
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
		h.Write(b[:])
	}
	return h.Sum64()
}

// Empty reports whether nothing is shared.
func (l Leak) Empty() bool { return len(l.Patients)+len(l.Films)+len(l.Copies) == 0 }

// String counts; it names no patient.
func (l Leak) String() string {
	return fmt.Sprintf("%d patients and %d films on both sides, %d films twice under two names", len(l.Patients), len(l.Films), len(l.Copies))
}
