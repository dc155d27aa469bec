package board

import (
	"fmt"
	"strings"
)

// kin knows which names stand for one patient: that of a table, that of the labels
// which were kept, and the pseudonym of what the film itself says.
type kin map[string]string

// root is the name that stands for all of a patient's.
func (k kin) root(name string) string {
	for k[name] != "" {
		name = k[name]
	}
	return name
}

// same notes that two names are one patient's; the first stands for both.
func (k kin) same(a, b string) {
	if a, b = k.root(a), k.root(b); a != b && a != "" && b != "" {
		k[b] = a
	}
}

// belongs notes whose film it is, as the film or a table tells.
func (b *Board) belongs(id, patient string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i, ok := b.index[id]; ok {
		b.belongTo(i, patient)
	}
}

func (b *Board) belongTo(i int, patient string) {
	f := &b.films[i]
	if f.patient == "" {
		f.patient = patient
		return
	}
	b.kin.same(f.patient, patient)
}

// patient is a name that the films of a patient share, which is never told; empty:
// not known. b.mu is held.
func (b *Board) patient(i int) string { return b.kin.root(b.films[i].patient) }

// groups are the patients of the films as they may be told: numbered, and the same
// as in the file of labels, if it has them; empty where a film tells of none. b.mu is
// held.
func (b *Board) groups() []string {
	names, used := map[string]string{}, map[string]bool{}
	take := func(name string) {
		if root := b.kin.root(name); isGroup(name) && (names[root] == "" || name < names[root]) {
			names[root], used[name] = name, true
		}
	}
	for _, r := range b.labels.others {
		used[r.patient] = true
	}
	for i := range b.films {
		take(b.films[i].patient)
	}
	for name := range b.kin {
		take(name)
	}
	groups, next := make([]string, len(b.films)), 1
	for i := range b.films {
		root := b.patient(i)
		if root == "" {
			continue
		}
		if names[root] == "" {
			for used[fmt.Sprint("p", next)] {
				next++
			}
			names[root] = fmt.Sprint("p", next)
			used[names[root]] = true
		}
		groups[i] = names[root]
	}
	return groups
}

// isGroup is whether a name is one of those that groups makes.
func isGroup(name string) bool {
	number, ok := strings.CutPrefix(name, "p")
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}
