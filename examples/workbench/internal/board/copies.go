package board

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Copy is two films that look the same.
type Copy struct {
	Films    [2]int  `json:"films"`
	Likeness float64 `json:"likeness"` // cosine of the embeddings
	Exact    bool    `json:"exact"`    // the embeddings are equal, number for number

	// What makes them worse than a waste: a head is judged by a film it has seen.
	Splits   bool `json:"splits"`   // they are of different splits
	Patients bool `json:"patients"` // they are said to be of different patients
	Labels   bool `json:"labels"`   // labels of a finding contradict each other
}

// look is a hash of how a film looks: whether each of 8 x 8 parts of it is brighter
// than its neighbor on the right (a difference hash). Copies that were compressed or
// made smaller differ in a few bits.
func look(m *cxr.Image) uint64 {
	small := m.Resize(9, 8, cxr.KernelArea)
	var hash uint64
	for y := range 8 {
		for x := range 8 {
			hash <<= 1
			if small.Pix[y*9+x] > small.Pix[y*9+x+1] {
				hash |= 1
			}
		}
	}
	return hash
}

// Films are compared that look alike, and called copies if their embeddings are.
const (
	bitsApart = 3    // of 64
	alike     = 0.98 // cosine of what is left after the mean film is taken off
)

// Copies are the pairs of films that look the same, those first that do harm.
func (b *Board) Copies() []Copy {
	b.pair()
	b.mu.RLock()
	defer b.mu.RUnlock()
	copies := []Copy{}
	var mean []float64
	if len(b.pairs) > 0 {
		mean = b.meanFilm()
	}
	for _, pair := range b.pairs {
		x, y := b.films[pair[0]].embedding, b.films[pair[1]].embedding
		if x == nil || y == nil {
			continue
		}
		c := Copy{Films: pair, Likeness: cosineFrom(mean, x, y), Exact: slices.Equal(x.Values, y.Values)}
		if !c.Exact && c.Likeness < alike {
			continue
		}
		c.Splits = b.films[pair[0]].Split != b.films[pair[1]].Split
		p, q := b.patient(pair[0]), b.patient(pair[1])
		c.Patients = p != "" && q != "" && p != q
		for f := range b.labels.findings {
			v, w := b.labels.values[f][pair[0]], b.labels.values[f][pair[1]]
			c.Labels = c.Labels || min(v, w) == Absent && max(v, w) == Present
		}
		copies = append(copies, c)
	}
	slices.SortStableFunc(copies, func(x, y Copy) int {
		return cmp.Or(cmp.Compare(y.harm(), x.harm()), cmp.Compare(y.Likeness, x.Likeness))
	})
	return copies
}

func (c Copy) harm() int { return class(c.Splits) + class(c.Patients) + class(c.Labels) }

// pair looks for pairs, if enough films have been seen and embedded since it did so
// last.
func (b *Board) pair() {
	b.mu.RLock()
	ready, paired, done := b.ready+b.looked, b.paired, b.progress.done
	b.mu.RUnlock()
	if ready == paired || !done && ready < paired+1+paired/10 {
		return
	}
	b.mu.RLock()
	pairs := b.lookalikes()
	b.mu.RUnlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pairs, b.paired = pairs, ready
}

// lookalikes are pairs of films with an embedding whose looks differ in few bits.
// Two looks of which so few bits differ have a quarter in common.
func (b *Board) lookalikes() [][2]int {
	const most = 2000 // pairs; and of films of one quarter, such as black ones
	var pairs [][2]int
	for quarter := range 4 {
		same := map[uint64][]int{}
		part := func(look uint64) uint64 { return look >> (16 * quarter) & 0xffff }
		for i := range b.films {
			f := &b.films[i]
			if f.embedding == nil || f.look == 0 {
				continue
			}
			others := same[part(f.look)]
			for _, k := range others[max(0, len(others)-most):] {
				if apart(b.films[k].look, f.look, quarter) && len(pairs) < most {
					pairs = append(pairs, [2]int{k, i})
				}
			}
			same[part(f.look)] = append(others, i)
		}
	}
	return pairs
}

// apart is whether two looks, which have a quarter in common, are near, and no
// earlier quarter has told so.
func apart(x, y uint64, quarter int) bool {
	for earlier := range quarter {
		if (x^y)>>(16*earlier)&0xffff == 0 {
			return false
		}
	}
	return bits.OnesCount64(x^y) <= bitsApart
}

// meanFilm is the mean embedding of some films.
func (b *Board) meanFilm() []float64 {
	const enough = 1000
	var mean []float64
	n := 0.0
	for i := range b.films {
		e := b.films[i].embedding
		if e == nil || n == enough || mean != nil && len(mean) != len(e.Values) {
			continue
		}
		if mean == nil {
			mean = make([]float64, len(e.Values))
		}
		for k, v := range e.Values {
			mean[k] += float64(v)
		}
		n++
	}
	for k := range mean {
		mean[k] /= n
	}
	return mean
}

// cosineFrom is the cosine of two embeddings as seen from a place.
func cosineFrom(from []float64, x, y *cxr.Embedding) float64 {
	if len(x.Values) != len(from) || len(y.Values) != len(from) {
		return 0
	}
	a, b := make([]float32, len(from)), make([]float32, len(from))
	for k, v := range from {
		a[k], b[k] = x.Values[k]-float32(v), y.Values[k]-float32(v)
	}
	return float64(dot(unit(a), unit(b)))
}
