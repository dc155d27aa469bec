package report

import (
	"image/color"
	"math"
	"testing"
)

// Lines are told apart by readers of each common color blindness, and no two of
// the first thirty have color, dashes and mark in common.
func TestLinesAreToldApart(t *testing.T) {
	// Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
	sights := map[string][3][3]float64{
		"all colors":  {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"protanopia":  {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"deuteranope": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
		"tritanopia":  {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
	}
	const apart = 10 // of CIE76's distance; 2.3 is just noticed
	for name, sight := range sights {
		for i, a := range colors {
			for k, b := range colors[:i] {
				if d := distance(seen(a, sight), seen(b, sight)); d < apart {
					t.Errorf("%s: colors %d and %d are %.1f apart", name, k, i, d)
				}
			}
		}
	}
	for i := range 30 {
		for k := range i {
			if i%len(dashes) == k%len(dashes) && i%len(marks) == k%len(marks) && i%len(colors) == k%len(colors) {
				t.Errorf("lines %d and %d look alike", k, i)
			}
		}
	}
	for i := range len(dashes) * len(marks) {
		for k := range i {
			if i%len(dashes) == k%len(dashes) && i%len(marks) == k%len(marks) {
				t.Errorf("lines %d and %d are told by color alone", k, i)
			}
		}
	}
}

// seen is a color as CIE Lab, through eyes that mix linear RGB so.
func seen(c color.NRGBA, sight [3][3]float64) (lab [3]float64) {
	linear := func(v uint8) float64 {
		if s := float64(v) / 255; s > 0.04045 {
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return float64(v) / 255 / 12.92
	}
	in := [3]float64{linear(c.R), linear(c.G), linear(c.B)}
	times := func(m [3][3]float64, v [3]float64) (out [3]float64) {
		for i := range m {
			for k := range v {
				out[i] += m[i][k] * v[k]
			}
			out[i] = min(max(out[i], 0), 1.1)
		}
		return out
	}
	xyz := times([3][3]float64{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}, times(sight, in))
	f := func(v float64) float64 {
		if v > 0.008856 {
			return math.Cbrt(v)
		}
		return 7.787*v + 16.0/116
	}
	x, y, z := f(xyz[0]/0.9505), f(xyz[1]), f(xyz[2]/1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func distance(a, b [3]float64) (d float64) {
	for i := range a {
		d += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(d)
}
