package phantom

import (
	"math"
	"math/rand/v2"
)

// Anatomy is measured in a frame where the film is 1 high, x runs right from
// the patient's midline (the patient's left is at positive x, as on the
// viewbox) and y runs down.
type anatomy struct {
	thorax            float64 // half width of the thorax inside, at the base
	apex, base        float64 // y of the lung apices and of the diaphragm's middle
	dome              float64 // height of a diaphragm dome
	rightDome         float64 // how much higher the right dome stands
	ctr               float64 // cardiothoracic ratio
	heartY, heartTilt float64
	ribDrop, ribWidth float64
	ribDensity        float64
	fat               float64 // soft tissue beside the rib cage
	breast            float64 // density of breast shadows, 0 for none
	knob              float64 // size of the aortic knob
	scoliosis         float64
}

func newAnatomy(seed uint64) anatomy {
	rng := rand.New(rand.NewPCG(seed, 0x616e61746f6d79))
	between := func(lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }
	a := anatomy{
		thorax: between(0.315, 0.375), apex: between(0.095, 0.135), base: between(0.735, 0.80),
		dome: between(0.085, 0.125), rightDome: between(0.01, 0.035),
		ctr: between(0.40, 0.47), heartTilt: between(0.60, 0.85),
		ribDrop: between(0.10, 0.16), ribWidth: between(0.0125, 0.0165), ribDensity: between(0.075, 0.12),
		fat: between(0.035, 0.075), knob: between(0.030, 0.045), scoliosis: between(-0.008, 0.008),
	}
	if rng.Float64() < 0.45 {
		a.breast = between(0.03, 0.075)
	}
	a.heartY = a.base - between(0.105, 0.125)
	return a
}

// breathe changes what differs between two films of one patient: the depth of
// the breath.
func (a anatomy) breathe(rng *rand.Rand) anatomy {
	d := 0.02 * rng.NormFloat64()
	d = math.Max(-0.04, math.Min(0.04, d))
	a.base += d
	a.heartY += 0.7 * d
	a.ctr -= 0.3 * d
	return a
}

// midline is the x of the spine at height y.
func (a *anatomy) midline(y float64) float64 { return a.scoliosis * math.Sin(5*y) }

// lateral is the distance of a lung's outer border from the midline.
func (a *anatomy) lateral(y float64) float64 {
	t := (y - a.apex) / (a.base + a.dome - a.apex)
	if t <= 0 {
		return 0.45 * a.thorax
	}
	t = math.Min(t, 1)
	return a.thorax * (0.47 + 0.53*math.Pow(1-math.Pow(1-t, 3.4), 0.75)) * (0.90 + 0.10*t)
}

// medial is the distance of a lung's inner border from the midline, before the
// heart.
func (a *anatomy) medial(y float64) float64 {
	const inner = 0.052
	t := (y - a.apex) / 0.15
	if t >= 1 {
		return inner
	}
	if t <= 0 {
		return 0.45 * a.thorax
	}
	return 0.45*a.thorax - (0.45*a.thorax-inner)*math.Sqrt(1-(1-t)*(1-t))
}

// diaphragm is the y of the diaphragm at distance d from the midline on a side
// (-1 the patient's right, +1 the left).
func (a *anatomy) diaphragm(side, d float64) float64 {
	y := a.base
	if side < 0 {
		y -= a.rightDome
	}
	top := 0.42 * a.thorax
	u := (d - top) / (a.thorax - top)
	if d < top {
		u = 0.55 * (top - d) / top
	}
	// The fall towards the costophrenic angle is steep at its end.
	return y - a.dome/2 + a.dome*(0.45*u*u+0.85*math.Pow(math.Abs(u), 5))
}

// lung is how much of the point belongs to a lung, 0..1, with soft borders.
func (a *anatomy) lung(x, y float64) float64 {
	x -= a.midline(y)
	side := 1.0
	if x < 0 {
		side, x = -1, -x
	}
	if y < a.apex-0.01 || x > a.thorax+0.02 {
		return 0
	}
	return soft(a.lateral(y)-x, 0.006) * soft(x-a.medial(y), 0.006) * soft(a.diaphragm(side, x)-y, 0.004)
}

// heart is how much of the point belongs to the heart's shadow, 0..1: an
// ellipse whose long axis points down to the patient's left.
func (a *anatomy) heart(x, y float64) float64 {
	const long = 1.35 // ratio of the axes
	half := a.ctr * a.thorax
	sin, cos := math.Sincos(a.heartTilt)
	short := half / math.Sqrt(sq(long*cos)+sq(sin))
	rightBorder := 0.074 + 0.12*(a.ctr-0.44)
	dx, dy := x-(half-rightBorder), y-a.heartY
	u, v := (dx*cos+dy*sin)/(long*short), (dy*cos-dx*sin)/short
	return soft(1-math.Sqrt(u*u+v*v), 0.03)
}

// mediastinum is the density of vessels and spine between the lungs, 0..1.
func (a *anatomy) mediastinum(x, y float64) float64 {
	x -= a.midline(y)
	// The pedicle widens from the neck down to the heart's base.
	band := soft(0.052+0.02*math.Exp(-sq((y-a.apex)/0.1))+0.022*soft(y-0.42, 0.03)-math.Abs(x-0.008), 0.008)
	knob := soft(a.knob-math.Hypot(x-0.052, y-0.33), 0.006)
	atrium := soft(0.045-math.Hypot((x-0.06)*0.8, (y-0.43)*0.6), 0.012) * 0.8
	return math.Max(band, math.Max(knob, atrium))
}

// body is the thickness of soft tissue, 0 outside the patient to about 1.
func (a *anatomy) body(x, y float64) float64 {
	x = math.Abs(x)
	chest := a.thorax + a.fat + 0.03*soft(0.35-y, 0.1)
	shoulder := 0.17 + 0.44*math.Pow(math.Max(0, (y-0.015)/0.30), 0.55)
	half := math.Min(shoulder, chest+0.40*math.Pow(soft(0.40-y, 0.05), 2))
	if half <= x {
		return 0
	}
	thick := math.Sqrt(1 - sq(x/half))
	return math.Pow(thick, 0.6) * soft(half-x, 0.004)
}

// soft is a smooth step from 0 at d = -2w to 1 at d = +2w.
func soft(d, w float64) float64 {
	t := d/(4*w) + 0.5
	if t <= 0 {
		return 0
	}
	if t >= 1 {
		return 1
	}
	return t * t * (3 - 2*t)
}

func sq(x float64) float64 { return x * x }
