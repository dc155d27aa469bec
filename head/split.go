package head

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Split parts a dataset in two, about testFraction of its films (0..1,
// exclusive) in test. Films of one patient stay together, and both parts hold
// each finding in about the same share. The same seed gives the same parts on
// every machine. Neither part is empty; films are shared with d, not copied.
func Split(d *Dataset, testFraction float64, seed uint64) (train, test *Dataset, err error) {
	if !(testFraction > 0 && testFraction < 1) {
		return nil, nil, fmt.Errorf("head: test fraction %v, want it between 0 and 1", testFraction)
	}
	parts, err := d.part([]float64{1 - testFraction, testFraction}, seed)
	if err != nil {
		return nil, nil, err
	}
	return parts[0], parts[1], nil
}

// A Fold is one round of a cross-validation.
type Fold struct{ Train, Test *Dataset }

// KFold makes k folds, each film in exactly one Test, with the promises of
// [Split].
func KFold(d *Dataset, k int, seed uint64) ([]Fold, error) {
	if k < 2 {
		return nil, fmt.Errorf("head: %d folds, want at least 2", k)
	}
	shares := make([]float64, k)
	for i := range shares {
		shares[i] = 1 / float64(k)
	}
	parts, err := d.part(shares, seed)
	if err != nil {
		return nil, err
	}
	folds := make([]Fold, k)
	for i := range folds {
		folds[i].Test = parts[i]
		train := slices.Concat(parts[:i], parts[i+1:])
		folds[i].Train = merge(d, train)
	}
	return folds, nil
}

// part deals patients to parts of the given shares.
//
// Patients come in order of size, the largest first, equals shuffled. Each goes
// where it keeps the counts of films, and of both labels of each finding,
// nearest to the shares: sum over parts of count^2/share is least when counts
// are in proportion.
func (d *Dataset) part(shares []float64, seed uint64) ([]*Dataset, error) {
	groups := d.Patients()
	if len(groups) < len(shares) {
		return nil, fmt.Errorf("head: too few patients for %d parts: %d", len(shares), len(groups))
	}
	rng := rand.New(rand.NewPCG(seed, 0x73706c6974))
	rng.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	slices.SortStableFunc(groups, func(a, b []int) int { return len(b) - len(a) })

	kinds := 1 + 2*len(d.Findings) // films, then negatives and positives of each finding
	counts := func(films []int) []float64 {
		n := make([]float64, kinds)
		for _, i := range films {
			n[0]++
			for f, l := range d.Examples[i].Labels {
				switch l {
				case Negative:
					n[1+2*f]++
				case Positive:
					n[2+2*f]++
				}
			}
		}
		return n
	}
	total := make([]float64, kinds)
	for _, g := range groups {
		for k, n := range counts(g) {
			total[k] += n
		}
	}
	have := make([][]float64, len(shares))
	for p := range have {
		have[p] = make([]float64, kinds)
	}
	members := make([][]int, len(shares))
	for left, g := range groups {
		n := counts(g)
		best, least := -1, 0.0
		for p, share := range shares {
			// The last patients are kept for parts that have none yet.
			if empty := emptyParts(members); len(members[p]) > 0 && len(groups)-left <= empty {
				continue
			}
			var cost float64
			for k := range n {
				if total[k] > 0 {
					cost += (2*have[p][k]*n[k] + n[k]*n[k]) / (share * total[k] * total[k])
				}
			}
			if best < 0 || cost < least {
				best, least = p, cost
			}
		}
		members[best] = append(members[best], g...)
		for k := range n {
			have[best][k] += n[k]
		}
	}
	parts := make([]*Dataset, len(shares))
	for p := range parts {
		slices.Sort(members[p])
		parts[p] = d.Subset(members[p])
	}
	return parts, nil
}

func emptyParts(members [][]int) (n int) {
	for _, m := range members {
		if len(m) == 0 {
			n++
		}
	}
	return n
}

func merge(d *Dataset, parts []*Dataset) *Dataset {
	m := &Dataset{Findings: d.Findings}
	for _, p := range parts {
		m.Examples = append(m.Examples, p.Examples...)
		m.Weights = append(m.Weights, p.Weights...)
	}
	return m
}
