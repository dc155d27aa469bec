package board

import (
	"maps"
	"slices"
)

// A FindingCount is how often a finding is labeled.
type FindingCount struct {
	Name    string `json:"name"`
	Present int    `json:"present"`
	Absent  int    `json:"absent"`
	Unsure  int    `json:"unsure"`
}

// Counts are those of all findings.
func (b *Board) Counts() []FindingCount {
	b.mu.RLock()
	defer b.mu.RUnlock()
	counts := []FindingCount{}
	for f, name := range b.labels.findings {
		var n [4]int
		for _, v := range b.labels.values[f] {
			n[v]++
		}
		counts = append(counts, FindingCount{name, n[Present], n[Absent], n[Unsure]})
	}
	return counts
}

// Splits are those of the films, in order.
func (b *Board) Splits() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	splits := map[string]bool{}
	for i := range b.films {
		splits[b.films[i].Split] = true
	}
	delete(splits, "")
	return append([]string{}, slices.Sorted(maps.Keys(splits))...)
}
