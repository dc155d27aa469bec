package phantom

import (
	"math"
	"math/rand/v2"
)

// ribs draws the ten visible pairs: the posterior halves dense, the anterior
// halves faint and falling towards the middle. The two layers cross, so each
// has a canvas.
func (a *anatomy) ribs(posterior, anterior *canvas) {
	const pairs, steps = 10, 28
	pitch := (a.base - a.apex + 0.04) / pairs
	for i := range pairs {
		for _, side := range []float64{-1, 1} {
			start := a.apex + 0.015 + float64(i)*pitch
			drop := a.ribDrop * (0.45 + 0.075*float64(i))
			back := make([]point, steps)
			for k := range back {
				p := float64(k) / (steps - 1)
				y := start - 0.022*math.Sin(math.Pi*p) + drop*math.Pow(p, 2.2)
				d := 0.028 + (a.lateral(y)+0.004-0.028)*math.Sin(p*math.Pi/2)
				back[k] = point{a.midline(y) + side*d, y}
			}
			posterior.stroke(back, a.ribHalf, bone)
			if i == 0 || i > 7 {
				continue // the first is hidden by the clavicle, the last float
			}
			end := back[steps-1]
			front := make([]point, steps)
			for k := range front {
				q := float64(k) / (steps - 1)
				y := end.y + (0.13+0.006*float64(i))*q - 0.05*q*q
				d := math.Abs(end.x) * (1 - 0.66*q*q - 0.06*q)
				front[k] = point{a.midline(y) + side*d, y}
			}
			anterior.stroke(front, a.ribHalf, func(d, t float64) float64 { return bone(d, t) * (1 - 0.6*t) })
		}
	}
}

func (a *anatomy) ribHalf(t float64) float64 { return a.ribWidth * (0.8 + 0.3*t) }

// bone is the profile of a tube with a dense cortex.
func bone(d, _ float64) float64 {
	return (0.72 + 0.28*soft(0.15-math.Abs(d-0.72), 0.08)) * soft(1-d, 0.09)
}

func (a *anatomy) clavicles(c *canvas, rng *rand.Rand) {
	tilt := 0.012 * rng.NormFloat64()
	for _, side := range []float64{-1, 1} {
		curve := make([]point, 24)
		for k := range curve {
			p := float64(k) / 23
			curve[k] = point{
				side * (0.03 + 0.30*p),
				a.apex + 0.075 - 0.085*p + 0.014*math.Sin(2*math.Pi*p) + side*tilt*p,
			}
		}
		c.stroke(curve, func(t float64) float64 { return 0.019 - 0.007*math.Sin(math.Pi*t) }, bone)
	}
}

// scapulae draws the inner borders of the shoulder blades, turned out of the
// lungs as they are on a good film.
func (a *anatomy) scapulae(c *canvas) {
	for _, side := range []float64{-1, 1} {
		curve := make([]point, 16)
		for k := range curve {
			p := float64(k) / 15
			y := a.apex + 0.03 + 0.30*p
			curve[k] = point{side * (a.thorax*0.93 + 0.025*math.Sin(2.4*p)), y}
		}
		c.stroke(curve, func(t float64) float64 { return 0.03 - 0.012*t }, func(d, _ float64) float64 { return 0.5 * soft(1-d, 0.2) })
	}
}

// spine is the density of the vertebral column: a faint ladder behind the
// mediastinum.
func (a *anatomy) spine(x, y float64) float64 {
	x -= a.midline(y)
	body := soft(0.036-math.Abs(x), 0.006)
	disc := 0.5 + 0.5*math.Cos(2*math.Pi*y/0.058)
	return body * (0.75 + 0.25*math.Sqrt(disc))
}

// airway is the density taken away by the trachea and main bronchi.
func (a *anatomy) airway(c *canvas) {
	carina := point{0.006, 0.37}
	air := func(d, _ float64) float64 { return soft(1-d, 0.2) }
	c.stroke([]point{{-0.002, 0}, {0.002, 0.2}, carina}, func(float64) float64 { return 0.020 }, air)
	c.stroke([]point{carina, {-0.055, 0.42}}, func(float64) float64 { return 0.014 }, air)
	c.stroke([]point{carina, {0.065, 0.435}}, func(float64) float64 { return 0.012 }, air)
}

// vessels draws the branching shadows that leave the hila.
func (a *anatomy) vessels(c *canvas, rng *rand.Rand) {
	for _, side := range []float64{-1, 1} {
		hilum := point{side * 0.075, 0.445 - 0.012*side}
		for i := range 13 {
			angle := -1.35 + 2.75*(float64(i)+0.6*rng.Float64())/13
			a.branch(c, rng, hilum, side, angle, 0.0085+0.003*rng.Float64(), 0)
		}
		for range 5 { // the hilum itself: a tangle, not a disc
			p := point{hilum.x + 0.012*rng.NormFloat64(), hilum.y + 0.022*rng.NormFloat64()}
			c.segment(p, p, 0.016+0.012*rng.Float64(), func(d float64) float64 { return 0.85 * soft(1-d, 0.22) })
		}
	}
}

func (a *anatomy) branch(c *canvas, rng *rand.Rand, from point, side, angle, half float64, depth int) {
	steps := 7 - depth
	curve := []point{from}
	for k := range steps {
		angle += 0.10 * rng.NormFloat64()
		p := curve[k]
		curve = append(curve, point{p.x + side*0.026*math.Cos(angle), p.y + 0.026*math.Sin(angle)})
		if depth < 3 && half > 0.002 && rng.Float64() < 0.55 {
			a.branch(c, rng, curve[k+1], side, angle+0.55*(1-2*rng.Float64()), half*0.62, depth+1)
		}
	}
	c.stroke(curve, func(t float64) float64 { return half * (1 - 0.5*t) },
		func(d, t float64) float64 { return math.Min(1, half/0.008) * (1 - 0.3*t) * soft(1-d, 0.25) })
}
