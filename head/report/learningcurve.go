package report

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// CurveOptions control [LearningCurve]. Nil means the zero value.
type CurveOptions struct {
	Sizes    []int // numbers of films to train on; none: 8, 16, 32, ... and all
	Repeats  int   // draws of films for each size but all; 0: 10
	Seed     uint64
	Progress func(done, total int) // after each fit; nil: silent
}

// A Curve tells how good heads for a finding become with the number of films
// that they are trained on. It renders itself.
type Curve struct {
	Name    string // of the line in a figure: at first the finding's
	Points  []CurvePoint
	Skipped []SkippedSize // at which no head could be trained
}

// A SkippedSize is a number of films that are too few for the trainer.
type SkippedSize struct {
	Films  int
	Reason string
}

// A CurvePoint is the AUC of heads trained on Films films, each time drawn anew.
// Its interval is that of one such head: it holds the luck of the draw from this
// pool and that of the test films. Draws of nearly all films have little luck
// left: at the whole pool the interval is that of one head, given this pool.
type CurvePoint struct {
	Films, Positives int
	AUC              Interval  // mean over the draws
	Draws            []float64 // the AUC of each
	Whole            bool      // all films of the pool: the interval is that of one head, given this pool
}

// LearningCurve trains heads on more and more films of pool and evaluates them
// on test, for each finding by itself: the experiment of Sellergren et al.
// (Radiology 2022), who ask how few labels do. Draws are of patients, with both
// classes in the share that pool has them, each with at least one film. A size at
// which the trainer fails is skipped, unless it fails at all. The two sets must
// not share a patient. The same seed draws the same films on every machine.
func LearningCurve(ctx context.Context, t head.Trainer, pool, test *head.Dataset, o *CurveOptions) ([]Curve, error) {
	if o == nil {
		o = &CurveOptions{}
	}
	if _, err := pool.Check(); err != nil {
		return nil, err
	}
	if _, err := test.Check(); err != nil {
		return nil, err
	}
	if leak := head.FindLeak(pool, test); !leak.Empty() {
		return nil, fmt.Errorf("report: learning curve: %v", leak)
	}
	var plans []*curvePlan
	total := 0
	for _, name := range pool.Findings {
		p, err := newCurvePlan(name, pool, test, o)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
		total += p.fits()
	}
	done := 0
	var curves []Curve
	for _, p := range plans {
		c, err := p.run(ctx, t, func() {
			if done++; o.Progress != nil {
				o.Progress(done, total)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("report: learning curve of %q: %w", p.name, err)
		}
		curves = append(curves, *c)
	}
	return curves, nil
}

// A curvePlan is one finding's part of the experiment.
type curvePlan struct {
	name                 string
	pool, test           *head.Dataset
	positives, negatives []int // places in pool
	sizes                []int // the last may be all
	repeats              int
	seed                 uint64
}

func newCurvePlan(name string, pool, test *head.Dataset, o *CurveOptions) (*curvePlan, error) {
	p := &curvePlan{name: name, sizes: slices.Clone(o.Sizes), repeats: o.Repeats, seed: o.Seed}
	var err error
	if p.pool, err = pool.Only(name); err != nil {
		return nil, err
	}
	if p.test, err = test.Only(name); err != nil {
		return nil, err
	}
	if p.positives, p.negatives, err = p.pool.Classes(0); err != nil {
		return nil, err
	}
	if _, _, err = p.test.Classes(0); err != nil {
		return nil, err
	}
	all := len(p.positives) + len(p.negatives)
	if len(p.sizes) == 0 {
		for n := 8; n < all; n *= 2 {
			p.sizes = append(p.sizes, n)
		}
		p.sizes = append(p.sizes, all)
	}
	slices.Sort(p.sizes)
	if p.sizes = slices.Compact(p.sizes); p.sizes[0] < 2 || p.sizes[len(p.sizes)-1] > all {
		return nil, fmt.Errorf("report: learning curve of %q: sizes %v, want 2 to %d films", name, p.sizes, all)
	}
	if p.repeats == 0 {
		p.repeats = 10
	}
	if p.repeats < 1 {
		return nil, errors.New("report: learning curve: less than one draw")
	}
	return p, nil
}

// draws of n films: there is but one way to take all.
func (p *curvePlan) draws(n int) int {
	if n == len(p.positives)+len(p.negatives) {
		return 1
	}
	return p.repeats
}

func (p *curvePlan) fits() (total int) {
	for _, n := range p.sizes {
		total += p.draws(n)
	}
	return total
}

func (p *curvePlan) run(ctx context.Context, t head.Trainer, fitted func()) (*Curve, error) {
	c := &Curve{Name: p.name}
	var failure error
	for _, n := range p.sizes {
		share := float64(len(p.positives)) / float64(len(p.positives)+len(p.negatives))
		positives := min(max(int(math.Round(share*float64(n))), 1, n-len(p.negatives)), n-1, len(p.positives))
		point := CurvePoint{Films: n, Positives: positives, Whole: n == len(p.positives)+len(p.negatives)}
		err := p.fit(ctx, t, &point, fitted)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			c.Skipped, failure = append(c.Skipped, SkippedSize{n, err.Error()}), err
		default:
			c.Points = append(c.Points, point)
		}
	}
	if len(c.Points) == 0 {
		return nil, failure
	}
	return c, nil
}

// fit trains heads on draws of a point's size.
func (p *curvePlan) fit(ctx context.Context, t head.Trainer, point *CurvePoint, fitted func()) error {
	var below, above float64 // the test films' part of the interval
	for r := range p.draws(point.Films) {
		h, err := t.Fit(ctx, p.draw(r, point.Positives, point.Films-point.Positives), nil)
		if err != nil {
			return err
		}
		scored, err := score(h, p.test)
		if err != nil {
			return err
		}
		auc := stats.NewAUC(stats.Classes(scored[0].films))
		point.Draws = append(point.Draws, auc.Value)
		below += auc.Value - auc.Low
		above += auc.High - auc.Value
		fitted()
	}
	n := float64(len(point.Draws))
	point.AUC = drawInterval(point.Draws, below/n, above/n)
	return nil
}

// draw number r: whole patients, the last of each class cut to size. Smaller
// draws are parts of larger ones, but for that.
func (p *curvePlan) draw(r, positives, negatives int) *head.Dataset {
	rng := rand.New(rand.NewPCG(p.seed, uint64(r)))
	label := make([]head.Label, len(p.pool.Examples))
	for _, i := range p.positives {
		label[i] = head.Positive
	}
	for _, i := range p.negatives {
		label[i] = head.Negative
	}
	with, without := p.byClass(label)
	rng.Shuffle(len(with), func(i, j int) { with[i], with[j] = with[j], with[i] })
	rng.Shuffle(len(without), func(i, j int) { without[i], without[j] = without[j], without[i] })
	var at []int
	take := func(patient []int, positive bool) {
		for _, i := range patient {
			switch {
			case label[i] == head.Positive && positive && positives > 0:
				at, positives = append(at, i), positives-1
			case label[i] == head.Negative && negatives > 0:
				at, negatives = append(at, i), negatives-1
			}
		}
	}
	next := 0
	for ; next < len(with) && positives > 0; next++ {
		take(with[next], true)
	}
	for _, patient := range slices.Concat(without, with[next:]) {
		take(patient, false)
	}
	slices.Sort(at)
	return p.pool.Subset(at)
}

// byClass parts patients with a positive film from those without.
func (p *curvePlan) byClass(label []head.Label) (with, without [][]int) {
	for _, patient := range p.pool.Patients() {
		if slices.ContainsFunc(patient, func(i int) bool { return label[i] == head.Positive }) {
			with = append(with, patient)
		} else {
			without = append(without, patient)
		}
	}
	return with, without
}

// drawInterval joins the spread of draws, by Student's t, with the mean interval
// of single heads, as squares of what each adds below and above.
func drawInterval(draws []float64, below, above float64) Interval {
	var mean, between float64
	for _, v := range draws {
		mean += v / float64(len(draws))
	}
	for _, v := range draws {
		between += (v - mean) * (v - mean) / max(float64(len(draws)-1), 1)
	}
	half := stats.StudentHalf(len(draws)) * math.Sqrt(between)
	return Interval{mean, max(0, mean-math.Hypot(half, below)), min(1, mean+math.Hypot(half, above))}
}

// String is a table.
func (c Curve) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\tfilms\tpositive\tAUC\t95 %% interval\n", c.Name)
	for _, p := range c.Points {
		note := ""
		if p.Whole {
			note = ", given this pool"
		}
		fmt.Fprintf(w, "\t%d\t%d\t%.3f\t%.3f to %.3f%s\n", p.Films, p.Positives, p.AUC.Value, p.AUC.Low, p.AUC.High, note)
	}
	w.Flush()
	for _, s := range c.Skipped {
		fmt.Fprintf(&b, "%d films: skipped: %s\n", s.Films, s.Reason)
	}
	return b.String()
}

// PNG is the figure of this curve alone.
func (c Curve) PNG() []byte { return CurvesFigure(c).PNG() }

// SVG is the figure of this curve alone.
func (c Curve) SVG() string { return CurvesFigure(c).SVG() }
