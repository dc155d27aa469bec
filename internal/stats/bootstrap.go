package stats

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Figures of one finding.
type Figures struct{ AUC, AUPRC, Brier, LogLoss, ECE float64 }

func (f Figures) list() [5]float64 { return [5]float64{f.AUC, f.AUPRC, f.Brier, f.LogLoss, f.ECE} }

// FiguresOf films of both classes.
func FiguresOf(films []Film) Figures {
	b := newResampling(films)
	return b.figures(b.once)
}

// An Estimate has a 95 % interval; it is not a number where nothing can be said.
type Estimate struct{ Value, Low, High float64 }

// Bootstrapped figures.
type Bootstrapped struct {
	Rounds                          int // that held both classes
	AUC, AUPRC, Brier, LogLoss, ECE Estimate
}

// BootstrapPatients is the number of patients of each class below which the
// bootstrap says nothing of what ranks: with ten positives its intervals of the
// area hold the truth in 85 % of samples.
const BootstrapPatients = 20

// Bootstrap makes BCa intervals (Efron 1987) by drawing patients, each with all
// films, with replacement. Acceleration is of the empirical influence of each
// patient, and quantiles are widened as Student's t is (Hesterberg 2015). Where
// BCa fails an interval is unknown: of the area and the precision with less than
// [BootstrapPatients] patients of a class or with separated classes, of any
// figure that nearly all rounds lie on one side of.
func Bootstrap(films []Film, rounds int, seed uint64) (*Bootstrapped, error) {
	b := newResampling(films)
	value := b.figures(b.once)
	rng := rand.New(rand.NewPCG(seed, 0x626f6f74))
	counts := make([]int32, b.patients)
	var drawn [5][]float64
	for range rounds {
		clear(counts)
		for range counts {
			counts[rng.IntN(len(counts))]++
		}
		f := b.figures(counts)
		if math.IsNaN(f.AUC) {
			continue
		}
		for k, v := range f.list() {
			drawn[k] = append(drawn[k], v)
		}
	}
	if n := len(drawn[0]); n < rounds/2 || n < 40 {
		return nil, fmt.Errorf("only %d of %d bootstrap rounds hold both classes", n, rounds)
	}
	influence := b.influence(value)
	var out [5]Estimate
	for k, v := range value.list() {
		patients, known := b.patients, b.patients >= BootstrapPatients
		if k < 2 {
			patients = min(b.ofClass[0], b.ofClass[1])
			known = patients >= BootstrapPatients
		}
		out[k] = Estimate{v, math.NaN(), math.NaN()}
		if known {
			out[k].Low, out[k].High = bca(drawn[k], v, influence[k], patients)
		}
	}
	return &Bootstrapped{len(drawn[0]), out[0], out[1], out[2], out[3], out[4]}, nil
}

// bca is the interval of a value from bootstrap draws and the influence of each
// patient on it.
func bca(drawn []float64, value float64, influence []float64, patients int) (low, high float64) {
	slices.Sort(drawn)
	below, _ := slices.BinarySearch(drawn, value)
	above, _ := slices.BinarySearch(drawn, math.Nextafter(value, math.Inf(1)))
	share := (float64(below) + float64(above)) / 2 / float64(len(drawn))
	if share < 0.05 || share > 0.95 || drawn[0] == drawn[len(drawn)-1] {
		return math.NaN(), math.NaN()
	}
	z0 := math.Sqrt2 * math.Erfinv(2*share-1)
	var square, cube float64
	for _, u := range influence {
		square += u * u
		cube += u * u * u
	}
	a := cube / (6 * math.Pow(square, 1.5))
	k := float64(patients)
	z := tQuantile(0.975, k-1) * math.Sqrt(k/(k-1))
	at := func(z float64) float64 {
		p := z0 + (z0+z)/(1-a*(z0+z))
		return percentile(drawn, math.Erfc(-p/math.Sqrt2)/2)
	}
	return at(-z), at(z)
}

// percentile of sorted values, on the line between neighbors.
func percentile(sorted []float64, share float64) float64 {
	at := share * float64(len(sorted)-1)
	k := int(math.Floor(at))
	if k+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[k] + (at-float64(k))*(sorted[k+1]-sorted[k])
}

// A resampling is films in descending order of scores, so that figures for any
// number of copies of each patient take one walk.
type resampling struct {
	films          []rankedFilm
	patients       int
	ofClass        [2]int // patients with films without, and with the finding
	once           []int32
	brier, logLoss []float64
}

type rankedFilm struct {
	Film
	bin  int
	last bool // of films with equal scores
}

func newResampling(films []Film) *resampling {
	b := &resampling{films: make([]rankedFilm, len(films))}
	at := map[int]int{}
	of := map[[2]int]bool{}
	for i, f := range films {
		p, known := at[f.Patient]
		if !known {
			p = len(at)
			at[f.Patient] = p
		}
		if key := [2]int{int(f.class()), p}; !of[key] {
			of[key] = true
			b.ofClass[key[0]]++
		}
		f.Patient = p
		b.films[i] = rankedFilm{Film: f, bin: CalibrationBin(f.Probability)}
	}
	slices.SortStableFunc(b.films, func(a, c rankedFilm) int { return cmp.Compare(c.Score, a.Score) })
	b.patients = len(at)
	b.once = make([]int32, b.patients)
	for p := range b.once {
		b.once[p] = 1
	}
	b.brier, b.logLoss = make([]float64, len(films)), make([]float64, len(films))
	for i := range b.films {
		b.films[i].last = i+1 == len(films) || b.films[i+1].Score != b.films[i].Score
		b.brier[i], b.logLoss[i] = b.films[i].Losses()
	}
	return b
}

// figures of so many copies of each patient; the area is NaN without both
// classes.
func (b *resampling) figures(copies []int32) Figures {
	var f Figures
	var off [CalibrationBins]float64
	var positives, negatives float64           // so far
	var groupPositives, groupNegatives float64 // with this score
	for i := range b.films {
		film := &b.films[i]
		n := float64(copies[film.Patient])
		if n > 0 {
			off[film.bin] += n * (film.Probability - film.class())
			f.Brier += n * b.brier[i]
			f.LogLoss += n * b.logLoss[i]
			if film.Positive {
				groupPositives += n
			} else {
				groupNegatives += n
			}
		}
		if film.last && groupPositives+groupNegatives > 0 {
			f.AUC += groupNegatives * (positives + groupPositives/2)
			positives, negatives = positives+groupPositives, negatives+groupNegatives
			f.AUPRC += groupPositives * positives / (positives + negatives)
			groupPositives, groupNegatives = 0, 0
		}
	}
	f.AUC /= positives * negatives
	f.AUPRC /= positives
	total := positives + negatives
	f.Brier, f.LogLoss = f.Brier/total, f.LogLoss/total
	for _, v := range off {
		f.ECE += math.Abs(v) / total
	}
	return f
}

// influence of each patient on each figure: its derivative by the number of
// copies.
func (b *resampling) influence(at Figures) [5][]float64 {
	var u [5][]float64
	for k := range u {
		u[k] = make([]float64, b.patients)
	}
	var off [CalibrationBins]float64
	var m, n float64
	for i := range b.films {
		f := &b.films[i]
		off[f.bin] += f.Probability - f.class()
		if f.Positive {
			m++
		} else {
			n++
		}
	}
	// From the lowest score up: what films below gain or lose by a film above.
	var gain, loss float64 // of the precision of positives below
	below, above := 0.0, m // negatives below, positives above
	cumPositive, cumNegative := m, n
	for end := len(b.films); end > 0; {
		start := end - 1
		for start > 0 && !b.films[start-1].last {
			start--
		}
		var groupPositive, groupNegative float64
		for i := start; i < end; i++ {
			if b.films[i].Positive {
				groupPositive++
			} else {
				groupNegative++
			}
		}
		precision := cumPositive / (cumPositive + cumNegative)
		gain += groupPositive * (1 - precision) / (cumPositive + cumNegative)
		loss += groupPositive * precision / (cumPositive + cumNegative)
		above -= groupPositive
		for i := start; i < end; i++ {
			f := &b.films[i]
			p := f.Patient
			if f.Positive {
				u[0][p] += ((below+groupNegative/2)/n - at.AUC) / m
				u[1][p] += (precision + gain - at.AUPRC) / m
			} else {
				u[0][p] += ((above+groupPositive/2)/m - at.AUC) / n
				u[1][p] -= loss / m
			}
			u[2][p] += (b.brier[i] - at.Brier) / (m + n)
			u[3][p] += (b.logLoss[i] - at.LogLoss) / (m + n)
			u[4][p] += (math.Copysign(1, off[f.bin])*(f.Probability-f.class()) - at.ECE) / (m + n)
		}
		below += groupNegative
		cumPositive, cumNegative = cumPositive-groupPositive, cumNegative-groupNegative
		end = start
	}
	return u
}
