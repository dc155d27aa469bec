package phantom

import (
	"math"
	"math/rand/v2"
)

// lesions is what the findings of a film change, drawn from the film's seed.
type lesions struct {
	effusion     float64 // height of the fluid, 0: none
	effusionSide float64
	opacity      []blob
	opacityGain  float64
	air          float64 // depth of the pneumothorax, 0: none
	airSide      float64
}

type blob struct {
	at     point
	rx, ry float64
}

// newLesions also enlarges the heart of a for cardiomegaly.
func newLesions(f Film, a *anatomy, rng *rand.Rand) lesions {
	// A difficult finding is a small or faint one.
	strength := (1 - 0.85*f.Difficulty) * (0.75 + 0.5*rng.Float64())
	side := func() float64 { return float64(2*rng.IntN(2) - 1) }
	var l lesions
	if f.Has[Effusion] {
		l.effusion, l.effusionSide = 0.03+0.13*strength, side()
	}
	if f.Has[Opacity] {
		l.opacityGain = 0.10 + 0.22*strength
		s := side()
		center := point{s * (0.40 + 0.35*rng.Float64()) * a.thorax, a.apex + (0.22+0.60*rng.Float64())*(a.base-a.apex-0.08)}
		for range 7 {
			l.opacity = append(l.opacity, blob{
				point{center.x + 0.030*rng.NormFloat64(), center.y + 0.030*rng.NormFloat64()},
				0.022 + 0.030*rng.Float64(), 0.022 + 0.030*rng.Float64(),
			})
		}
	}
	if f.Has[Cardiomegaly] {
		a.ctr += 0.05 + 0.14*strength
	}
	if f.Has[Pneumothorax] {
		l.air, l.airSide = 0.016+0.06*strength, side()
	}
	return l
}

// fluid is the density of the effusion at a point, 0..1: it fills the
// costophrenic angle under a meniscus that climbs the chest wall.
func (l *lesions) fluid(a *anatomy, x, y float64) float64 {
	if l.effusion == 0 || x*l.effusionSide < 0 {
		return 0
	}
	d := math.Abs(x) / a.thorax
	level := a.base + 0.35*a.dome - l.effusion*(0.55+0.9*math.Pow(d, 5))
	return soft(y-level, 0.007)
}

// consolidation is the density of the opacity at a point, 0..1.
func (l *lesions) consolidation(x, y float64) float64 {
	var sum float64
	for _, b := range l.opacity {
		sum += math.Exp(-sq((x-b.at.x)/b.rx) - sq((y-b.at.y)/b.ry))
	}
	return 1 - math.Exp(-1.1*sum)
}

// pleura splits a lung with a pneumothorax: free is how much of the point is
// free air, line how much is the visceral pleura's thin edge.
func (l *lesions) pleura(a *anatomy, x, y float64) (free, line float64) {
	if l.air == 0 || x*l.airSide < 0 {
		return 0, 0
	}
	// Air rises: the gap is widest at the apex and closes towards the base.
	height := math.Max(0, 1-(y-a.apex)/(0.55*(a.base-a.apex)))
	gap := l.air * math.Sqrt(height)
	edge := math.Abs(x) - (a.lateral(y-0.9*gap) - gap) // > 0 outside the collapsed lung
	if y < a.apex+0.9*gap {
		edge = math.Max(edge, a.apex+0.9*gap-y)
	}
	if gap == 0 {
		return 0, 0
	}
	return soft(edge, 0.002), math.Exp(-sq(edge/0.0022)) * math.Min(1, 4*height)
}
