package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// films of a design whose probabilities are right.
func (d design) sample(rng *rand.Rand) []Film {
	delta := math.Sqrt2 * quantile(d.area)
	prior := math.Log(float64(d.positive) / float64(d.negative))
	if patients, share := d.positive+d.negative, float64(d.positive)/float64(d.positive+d.negative); !d.mixed && patients > 2 {
		d.positive = 0
		for range patients {
			if rng.Float64() < share {
				d.positive++
			}
		}
		d.positive = min(max(d.positive, 1), patients-1)
		d.negative = patients - d.positive
	}
	pos, neg := d.draw(rng)
	var films []Film
	add := func(list []Sample, positive bool) {
		for _, s := range list {
			z := prior + delta*s.Score - delta*delta/2
			films = append(films, Film{Score: z, Probability: 1 / (1 + math.Exp(-z)), Patient: s.Patient, Positive: positive})
		}
	}
	add(pos, true)
	add(neg, false)
	return films
}

// Figures in one walk are those of the definitions, also with copies.
func TestFiguresOfCopies(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		var films []Film
		for i := range 40 {
			p := float64(rng.IntN(12)) / 12
			films = append(films, Film{Score: math.Round(4 * p), Probability: p, Patient: i / 3, Positive: rng.IntN(3) == 0})
		}
		b := newResampling(films)
		copies := make([]int32, b.patients)
		var many []Film
		for p := range copies {
			copies[p] = int32(rng.IntN(4))
		}
		for _, f := range films {
			for range copies[f.Patient] {
				many = append(many, f)
			}
		}
		got := b.figures(copies)
		pos, neg := Classes(many)
		if len(pos) == 0 || len(neg) == 0 {
			continue
		}
		scores := func(list []Sample) (out []float64) {
			for _, s := range list {
				out = append(out, s.Score)
			}
			return out
		}
		var want Figures
		want.AUC, want.AUPRC = NewAUC(pos, neg).Value, AveragePrecision(scores(pos), scores(neg))
		var off [CalibrationBins]float64
		for _, f := range many {
			brier, log := f.Losses()
			want.Brier += brier / float64(len(many))
			want.LogLoss += log / float64(len(many))
			off[CalibrationBin(f.Probability)] += f.Probability - f.class()
		}
		for _, v := range off {
			want.ECE += math.Abs(v) / float64(len(many))
		}
		for k, v := range got.list() {
			if math.Abs(v-want.list()[k]) > 1e-12 {
				t.Fatalf("figure %d: %v, want %v", k, v, want.list()[k])
			}
		}
	}
}

// The influence of a patient is the change with a little more of that patient.
func TestInfluence(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	films := design{20, 30, 2, 0.5, 0.8, true}.sample(rng)
	for i := range films {
		films[i].Score = math.Round(2*films[i].Score) / 2 // ties
	}
	b := newResampling(films)
	const scale = 10000
	many := make([]int32, b.patients)
	for p := range many {
		many[p] = scale
	}
	base := b.figures(many)
	u := b.influence(base)
	for p := range 10 {
		many[p]++
		more := b.figures(many)
		many[p]--
		for k := range u {
			want := (more.list()[k] - base.list()[k]) * scale
			if math.Abs(u[k][p]-want) > 1e-4*(1+math.Abs(want)) {
				t.Errorf("patient %d, figure %d: %v, want %v", p, k, u[k][p], want)
			}
		}
	}
}

func TestBootstrapIsQuick(t *testing.T) {
	films := design{500, 4500, 1, 0, 0.8, false}.sample(rand.New(rand.NewPCG(3, 1)))
	start := time.Now()
	if _, err := Bootstrap(films, 200, 1); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > time.Second { // 1.9 s when every round sorted
		t.Errorf("200 rounds of 5,000 films took %v", took)
	}
}

func BenchmarkBootstrap(b *testing.B) {
	films := design{500, 4500, 1, 0, 0.8, false}.sample(rand.New(rand.NewPCG(3, 1)))
	for b.Loop() {
		if _, err := Bootstrap(films, 200, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBootstrapSaysUnknown(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for name, films := range map[string][]Film{
		"few positives":     design{10, 90, 1, 0, 0.8, false}.sample(rng),
		"one patient":       design{1, 60, 30, 0.5, 0.8, false}.sample(rng),
		"separated classes": {},
	} {
		if name == "separated classes" {
			for i := range 100 {
				films = append(films, Film{Score: float64(i), Probability: float64(i) / 100, Patient: i, Positive: i >= 50})
			}
		}
		b, err := Bootstrap(films, 200, 1)
		if err != nil {
			if name != "one patient" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !math.IsNaN(b.AUC.Low) || math.IsNaN(b.Brier.Low) {
			t.Errorf("%s: %+v", name, b)
		}
	}
	for _, films := range [][]Film{{{Patient: 1, Positive: true}, {Patient: 2}}, {{Patient: 1, Positive: true}, {Patient: 1}}} {
		if b, err := Bootstrap(films, 200, 1); err == nil && (!math.IsNaN(b.AUC.Low) || !math.IsNaN(b.Brier.Low) || !math.IsNaN(b.ECE.Low)) {
			t.Errorf("two films say %+v", b)
		}
	}
}

// The truth is told by 200,000 films. Patients are drawn with their class, as
// bootstrapping does it.
func TestCoverageOfBootstrap(t *testing.T) {
	names := [4]string{"area", "average precision", "Brier score", "log loss"}
	for i, d := range []design{{30, 30, 1, 0, 0.8, false}, {50, 200, 1, 0, 0.9, false}, {40, 80, 3, 0.5, 0.8, false}, {40, 40, 5, 0.7, 0.7, true}} {
		rounds := 200
		if !*long && i > 0 {
			continue
		}
		if *long {
			rounds = 1000
		}
		big := d
		big.positive, big.negative = d.positive*200_000/(d.positive+d.negative)/d.films, d.negative*200_000/(d.positive+d.negative)/d.films
		b := newResampling(big.sample(rand.New(rand.NewPCG(5, uint64(i)))))
		truth := b.figures(b.once).list()
		var hits, known [4]int
		rng := rand.New(rand.NewPCG(uint64(i), 96))
		for range rounds {
			b, err := Bootstrap(d.sample(rng), 1000, rng.Uint64())
			if err != nil {
				t.Fatal(err)
			}
			for k, e := range []Estimate{b.AUC, b.AUPRC, b.Brier, b.LogLoss} {
				if !math.IsNaN(e.Low) {
					known[k]++
					if e.Low <= truth[k] && truth[k] <= e.High {
						hits[k]++
					}
				}
			}
		}
		for k, name := range names {
			if known[k] < rounds*9/10 {
				t.Errorf("%v: %s known in %d of %d", d, name, known[k], rounds)
			}
			covers(t, fmt.Sprintf("%v: %s", d, name), float64(hits[k])/float64(known[k]))
		}
	}
}
