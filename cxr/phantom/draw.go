package phantom

import (
	"math"
	"math/rand/v2"
)

// A Picture is a drawn film: Pix in 0..1, high where tissue is dense (bright),
// row-major.
type Picture struct {
	Width, Height int
	Pix           []float32
}

// Densities of tissues, chosen by eye for a picture that looks windowed.
const (
	softTissue  = 0.52
	airDensity  = 0.40 // what a lung takes from the soft tissue in front of it
	heartGain   = 0.25
	hollowGain  = 0.14 // trachea
	abdomenGain = 0.20
	clavicle    = 0.11
	vesselGain  = 0.14
	detail      = 3 // smooth shapes are drawn this many times smaller
)

// Draw makes the film's picture. It takes some tens of milliseconds at 512
// pixels and is safe to call from many goroutines.
func (f Film) Draw() *Picture {
	c := f.anatomyPicture()
	p := &Picture{Width: c.w, Height: c.h, Pix: c.pix}
	p.expose(f.random(exposureStream))
	return p
}

// A film draws from several streams of random numbers, so that adding a
// finding changes nothing but the finding.
const (
	positionStream = iota
	lesionStream
	textureStream
	exposureStream
)

func (f Film) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(f.Seed, stream)) }

// anatomyPicture is the film before exposure: what the beam meets.
func (f Film) anatomyPicture() *canvas {
	h := f.Size
	if h == 0 {
		h = 512
	}
	rng := f.random(positionStream)
	w := int(float64(h) * (0.86 + 0.12*rng.Float64()))
	a := newAnatomy(f.Anatomy).breathe(rng)
	l := newLesions(f, &a, f.random(lesionStream))
	rng = f.random(textureStream)

	layer := func(f func(x, y float64) float64) *canvas {
		c := newCanvas(w/detail, h/detail)
		c.fill(f)
		return c.enlarge(w, h)
	}
	out, lungs, heart := layer(a.tissue), layer(a.lung), layer(a.heart)
	disease := layer(func(x, y float64) float64 {
		return airDensity*0.85*l.fluid(&a, x, y) + l.opacityGain*l.consolidation(x, y)
	})
	vessels, posterior, anterior, top, air := newCanvas(w, h), newCanvas(w, h), newCanvas(w, h), newCanvas(w, h), newCanvas(w, h)
	a.vessels(vessels, rng)
	a.ribs(posterior, anterior)
	a.clavicles(top, rng)
	a.scapulae(air) // borrowed: drawn, added and cleared before the airway
	for i, v := range air.pix {
		out.pix[i] += 0.06 * v
	}
	clear(air.pix)
	a.airway(air)

	texture := newTexture(w, h, rng)
	for row := range h {
		for col := range w {
			i := row*w + col
			x, y := out.at(col, row)
			lung := float64(lungs.pix[i])
			free, line := l.pleura(&a, x, y)
			aerated := lung * (1 - free)
			heart := float64(heart.pix[i])
			v := float64(out.pix[i])
			v -= lung * (airDensity + 0.05*free)
			v += heartGain * heart * (0.15 + 0.85*lung)
			v += aerated * (1 - heart) * (vesselGain*float64(vessels.pix[i]) + 0.05*line + float64(texture.pix[i]))
			v += lung * (0.09*line + float64(disease.pix[i]))
			v += a.ribDensity * (float64(posterior.pix[i]) + 0.55*float64(anterior.pix[i])) * (0.45 + 0.55*lung)
			v += clavicle*float64(top.pix[i]) - hollowGain*float64(air.pix[i])
			out.pix[i] = float32(v)
		}
	}
	return out
}

// tissue is everything smooth but the lungs: body, mediastinum, spine, abdomen,
// breasts and the air in the stomach.
func (a *anatomy) tissue(x, y float64) float64 {
	body := a.body(x, y)
	v := 0.03 + softTissue*body
	below := soft(y-a.diaphragm(math.Copysign(1, x), math.Abs(x)), 0.006) * soft(a.thorax+0.09-math.Abs(x), 0.05)
	v += abdomenGain * below * body
	v += (0.11*a.mediastinum(x, y) + 0.06*a.spine(x, y)) * soft(y-0.02, 0.02) * (1 - 0.6*below)
	if a.breast > 0 {
		for _, side := range []float64{-1, 1} {
			d := math.Hypot((x-side*0.62*a.thorax)/0.125, (y-a.base+0.06)/0.125)
			v += a.breast * soft(1-d, 0.06) * (0.6 + 0.4*d)
		}
	}
	bubble := math.Hypot((x-0.55*a.thorax)/0.055, (y-a.base-0.075)/0.030)
	return v - 0.17*soft(1-bubble, 0.05)
}

// newTexture is lung parenchyma: correlated noise of small amplitude.
func newTexture(w, h int, rng *rand.Rand) *canvas {
	fine := newCanvas(max(1, w/3), max(1, h/3))
	for i := range fine.pix {
		fine.pix[i] = 0.013 * float32(rng.NormFloat64())
	}
	return fine.enlarge(w, h)
}
