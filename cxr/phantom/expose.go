package phantom

import (
	"math"
	"math/rand/v2"
)

// expose does to the picture what an X-ray room does: tube and detector differ,
// the beam is uneven, quanta are few, the field is collimated and the side is
// marked.
func (p *Picture) expose(rng *rand.Rand) {
	response := newResponse(0.93+0.14*rng.Float64(), 0.85+0.3*rng.Float64())
	tilt, noise := 0.05*rng.NormFloat64(), 0.006+0.008*rng.Float64()
	angle := 0.008 * rng.NormFloat64()
	margin := func() float64 { return 0.035 * math.Max(0, rng.NormFloat64()) }
	left, right, top, bottom := margin(), margin(), margin(), margin()
	aspect := float64(p.Width) / float64(p.Height)
	marker := p.marker(rng)
	for row := range p.Height {
		y := (float64(row) + 0.5) / float64(p.Height)
		for col := range p.Width {
			x := (float64(col)+0.5)/float64(p.Height) - aspect/2
			i := row*p.Width + col
			v := response.at(float64(p.Pix[i])) * (1 + tilt*x)
			v += noise * (0.6 + v) * rng.NormFloat64()
			if marker(x, y) {
				v = 0.97
			}
			u, t := x+angle*(y-0.5), y-angle*x
			inside := soft(u+aspect/2-left, 0.0015) * soft(aspect/2-right-u, 0.0015) * soft(t-top, 0.0015) * soft(1-bottom-t, 0.0015)
			p.Pix[i] = float32(math.Max(0, math.Min(1, v*inside)))
		}
	}
}

// marker tells where the lead letter lies: R or L beside the shoulder of its
// side.
func (p *Picture) marker(rng *rand.Rand) func(x, y float64) bool {
	glyph, side := [7]string{"1111.", "1...1", "1...1", "1111.", "1.1..", "1..1.", "1...1"}, -1.0
	if rng.IntN(2) == 1 {
		glyph, side = [7]string{"1....", "1....", "1....", "1....", "1....", "1....", "11111"}, 1
	}
	const cell = 0.0065
	x0 := side*float64(p.Width)/float64(p.Height)*0.42 - 2.5*cell + 0.01*rng.NormFloat64()
	y0 := 0.075 + 0.015*rng.NormFloat64()
	return func(x, y float64) bool {
		col, row := int(math.Floor((x-x0)/cell)), int(math.Floor((y-y0)/cell))
		return col >= 0 && col < 5 && row >= 0 && row < 7 && glyph[row][col] == '1'
	}
}

// A response is a detector's characteristic curve, tabulated over 0..1.5.
type response [769]float64

func newResponse(gain, gamma float64) *response {
	var r response
	for i := range r {
		r[i] = gain * math.Pow(float64(i)/512, gamma)
	}
	return &r
}

func (r *response) at(v float64) float64 {
	return r[int(math.Max(0, math.Min(float64(len(r)-1), v*512)))]
}
