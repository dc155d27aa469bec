package layout

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Most is how many films UMAP lays out if Options say nothing else.
const Most = 10000

// Options of UMAP. Nil and zero fields are the defaults, umap-learn's.
type Options struct {
	Neighbors int // of each film, itself among them; 2 to 200, default 15
	Most      int // films that are laid out; the others are put beside their nearest; 100 to 20,000, default Most

	// Step, if there is one, is told how much is done, 0..1, and the places so far,
	// which are its own.
	Step func(done float64, places []Place)
}

func (o *Options) orDefaults() (Options, error) {
	d := Options{Neighbors: 15, Most: Most}
	if o == nil {
		return d, nil
	}
	d.Step = o.Step
	if o.Neighbors != 0 {
		d.Neighbors = o.Neighbors
	}
	if o.Most != 0 {
		d.Most = o.Most
	}
	if d.Neighbors < 2 || d.Neighbors > 200 {
		return d, fmt.Errorf("layout: %d neighbors, want 2 to 200", d.Neighbors)
	}
	if d.Most < 100 || d.Most > 20000 {
		return d, fmt.Errorf("layout: at most %d films, want 100 to 20,000", d.Most)
	}
	return d, nil
}

// Numbers of UMAP. The curve 1/(1 + a d^2b) is umap-learn's fit for a minimal
// distance of 0.1 and a spread of 1.
const (
	curveA, curveB = 1.576943460405378, 0.8950608781227859
	negatives      = 5  // films pushed away for each that is pulled
	directions     = 50 // in which neighbors are looked for
	extent         = 10 // of the plane at the start
	stepEvery      = 10 // epochs
	few            = 4  // films are too few to have neighbors
	beside         = 3  // laid-out films that another one is put between
)

// UMAP lays out films by their features, films x features, so that neighbors stay
// neighbors. Of more than Options.Most films so many, drawn by chance, are laid out;
// each other one is put between its nearest. It takes seconds for thousands, and
// ends early with the context's error.
func UMAP(ctx context.Context, rows [][]float32, opts *Options) ([]Place, error) {
	o, err := opts.orDefaults()
	if err != nil {
		return nil, err
	}
	c, err := Principal(rows, directions)
	if err != nil {
		return nil, err
	}
	films := c.Along(rows)
	if len(rows) <= few || len(c.directions) < 2 {
		return Plane(ctx, rows)
	}
	sample := films
	if len(films) > o.Most {
		sample = make([][]float32, o.Most)
		for i, film := range drawn(len(films), o.Most) {
			sample[i] = films[film]
		}
	}
	near, err := nearest(ctx, sample, sample, min(o.Neighbors, len(sample))-1, true)
	if err != nil {
		return nil, err
	}
	between := func(at []Place) ([]Place, error) { return slices.Clone(at), nil }
	if len(films) > o.Most {
		about, err := nearest(ctx, films, sample, beside, false)
		if err != nil {
			return nil, err
		}
		between = func(at []Place) ([]Place, error) { return putBetween(at, about), ctx.Err() }
	}
	g := newGraph(near)
	at := start(sample)
	epochs := 500 // as umap-learn
	if len(sample) > 10000 {
		epochs = 200
	}
	if err := g.optimize(ctx, at, epochs, func(done float64) {
		if o.Step != nil {
			places, _ := between(at)
			o.Step(done, places)
		}
	}); err != nil {
		return nil, err
	}
	return between(at)
}

// start is the plane of the first two directions, scaled to extent, with a little
// noise so that films of one place can part.
func start(films [][]float32) []Place {
	largest := 0.0
	for _, f := range films {
		largest = max(largest, math.Abs(float64(f[0])), math.Abs(float64(f[1])))
	}
	rng := rand.New(rand.NewPCG(2, 2))
	at := make([]Place, len(films))
	for i, f := range films {
		for k := range at[i] {
			at[i][k] = float32(float64(f[k])/largest*extent + 1e-4*rng.NormFloat64())
		}
	}
	return at
}

// putBetween puts films between those of a layout that are nearest, nearer to the
// nearer.
func putBetween(at []Place, about [][]neighbor) []Place {
	out := make([]Place, len(about))
	for i, near := range about {
		var sum [2]float64
		total := 0.0
		for _, n := range near {
			w := 1 / (1e-6 + float64(n.distance)*float64(n.distance))
			total += w
			sum[0] += w * float64(at[n.film][0])
			sum[1] += w * float64(at[n.film][1])
		}
		out[i] = Place{float32(sum[0] / total), float32(sum[1] / total)}
	}
	return out
}

// A graph is the fuzzy union of each film's neighborhood.
type graph struct{ edges []edge }

type edge struct {
	a, b   int32
	weight float32 // 0..1
}

func newGraph(near [][]neighbor) *graph {
	directed := make([]map[int32]float32, len(near))
	for i, list := range near {
		rho, sigma := bandwidth(list)
		directed[i] = make(map[int32]float32, len(list))
		for _, n := range list {
			directed[i][n.film] = float32(strength(float64(n.distance), rho, sigma))
		}
	}
	g := &graph{}
	for i, list := range near {
		for _, n := range list {
			back := directed[n.film][int32(i)]
			if back > 0 && n.film < int32(i) {
				continue // was added from the other side
			}
			there := directed[i][n.film]
			if w := there + back - there*back; w > 0 {
				g.edges = append(g.edges, edge{int32(i), n.film, w})
			}
		}
	}
	return g
}

// bandwidth is the distance rho to the nearest neighbor that is not at the same
// place, and sigma, by which the strengths of all sum to log2 of their number.
func bandwidth(list []neighbor) (rho, sigma float64) {
	var mean float64
	for _, n := range list {
		d := float64(n.distance)
		mean += d / float64(len(list))
		if rho == 0 {
			rho = d
		}
	}
	wanted := math.Log2(float64(len(list) + 1))
	low, high := 0.0, math.Inf(1)
	sigma = 1
	for range 64 {
		var sum float64
		for _, n := range list {
			sum += strength(float64(n.distance), rho, sigma)
		}
		if math.Abs(sum-wanted) < 1e-5 {
			break
		}
		if sum > wanted {
			high = sigma
			sigma = (low + high) / 2
			continue
		}
		low = sigma
		if math.IsInf(high, 1) {
			sigma *= 2
		} else {
			sigma = (low + high) / 2
		}
	}
	return rho, max(sigma, 1e-3*mean, math.SmallestNonzeroFloat32)
}

func strength(d, rho, sigma float64) float64 { return math.Exp(-max(0, d-rho) / sigma) }

// optimize moves films by stochastic gradient descent: along an edge as often as
// it is strong, toward each other, and each time away from some films by chance.
func (g *graph) optimize(ctx context.Context, at []Place, epochs int, step func(done float64)) error {
	var strongest float32
	for _, e := range g.edges {
		strongest = max(strongest, e.weight)
	}
	due := make([]float32, len(g.edges)) // epoch at which an edge is next
	for i, e := range g.edges {
		due[i] = strongest / e.weight
	}
	rng := rand.New(rand.NewPCG(3, 3))
	n, f := uint64(len(at)), newForces()
	for epoch := range epochs {
		if err := ctx.Err(); err != nil {
			return err
		}
		rate := 1 - float32(epoch)/float32(epochs)
		for i, e := range g.edges {
			if due[i] > float32(epoch) {
				continue
			}
			due[i] += strongest / e.weight
			f.pull(&at[e.a], &at[e.b], rate)
			for _, film := range [2]int32{e.a, e.b} { // both ends, as an edge in each direction
				for range negatives {
					other := rng.Uint64() % n
					if int32(other) != film {
						f.push(&at[film], &at[other], rate)
					}
				}
			}
		}
		if (epoch+1)%stepEvery == 0 {
			step(float64(epoch+1) / float64(epochs))
		}
	}
	return nil
}

// pull moves both toward each other, twice: once for each direction of the edge.
func (f *forces) pull(a, b *Place, rate float32) {
	for range 2 {
		dx, dy := a[0]-b[0], a[1]-b[1]
		by := f.pulls[slot(dx*dx+dy*dy)]
		mx, my := clip(by*dx)*rate, clip(by*dy)*rate
		a[0], a[1] = a[0]-mx, a[1]-my
		b[0], b[1] = b[0]+mx, b[1]+my
	}
}

// push moves a away from b.
func (f *forces) push(a, b *Place, rate float32) {
	dx, dy := a[0]-b[0], a[1]-b[1]
	by := f.pushes[slot(dx*dx+dy*dy)]
	a[0] += clip(by*dx) * rate
	a[1] += clip(by*dy) * rate
}

// clip bounds one move.
func clip(v float32) float32 { return min(max(v, -4), 4) }

// forces are how films pull and push, by the square of their distance: powers
// are what takes the time, and a hundredth more or less makes no difference.
type forces struct{ pulls, pushes [1 << forceBits]float32 }

// forceBits are the exponent and first bits of a float32 without its sign.
const forceBits = 13

func slot(square float32) uint32 {
	return math.Float32bits(square) >> (31 - forceBits) & (1<<forceBits - 1)
}

func newForces() *forces {
	f := &forces{}
	for i := range f.pulls {
		middle := uint32(i)<<(31-forceBits) | 1<<(30-forceBits)
		square := float64(math.Float32frombits(middle))
		if square-square != 0 {
			continue // films are never so far from each other
		}
		power := math.Pow(square, curveB)
		f.pulls[i] = float32(2 * curveA * curveB * power / square / (1 + curveA*power))
		f.pushes[i] = float32(2 * curveB / ((0.001 + square) * (1 + curveA*power)))
	}
	return f
}
