package board

import "github.com/cxrkit/cxrkit/head"

// A Leak is what two splits share and should not.
type Leak struct {
	Splits   [2]string `json:"splits"`
	Patients int       `json:"patients"` // with films in both
	Copies   int       `json:"copies"`   // pairs of films whose embeddings are equal
}

// Leaks are those of the splits that the table of labels names, among films that are
// embedded.
func (b *Board) Leaks() []Leak {
	splits := b.Splits()
	parts := make([]*head.Dataset, len(splits))
	b.mu.RLock()
	for k, split := range splits {
		parts[k] = &head.Dataset{}
		for i := range b.films {
			if f := &b.films[i]; f.Split == split && f.embedding != nil {
				parts[k].Examples = append(parts[k].Examples, head.Example{Embedding: f.embedding, Patient: b.patient(i)})
			}
		}
	}
	b.mu.RUnlock()
	leaks := []Leak{}
	for k, a := range parts {
		for m, other := range parts[:k] {
			if l := head.FindLeak(other, a); !l.Empty() {
				leaks = append(leaks, Leak{[2]string{splits[m], splits[k]}, len(l.Patients), len(l.Copies)})
			}
		}
	}
	return leaks
}
