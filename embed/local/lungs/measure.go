package lungs

import (
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Point is a place on the film in pixels: (0, 0) is the upper left corner of
// the upper left pixel.
type Point struct{ X, Y float64 }

// A Line is a straight line on the film.
type Line struct{ From, To Point }

// Length is in pixels.
func (l Line) Length() float64 { return math.Hypot(l.To.X-l.From.X, l.To.Y-l.From.Y) }

// Lungs are the lungs of one film.
type Lungs struct {
	Width, Height int   // of the film in pixels
	Right, Left   *Mask // the patient's
	Between       *Mask // mediastinum: between the two in rows that have both
	Found         bool  // both lungs, of a size that lungs have
	Box           image.Rectangle
	Heart         Cardiothoracic
	Doubts        []string // reasons not to believe the measurements; none: nothing looks wrong

	film     *cxr.Image
	sureness float64
}

// Cardiothoracic is the width of the heart over that of the chest, in two forms.
// Both take for heart what is brighter than lung about the midline, in rows from
// 45 to 85 % of the height of the lungs.
type Cardiothoracic struct {
	// Median is the median width over the rows, over the width of the box of the
	// lungs. Single rows that go astray do not move it.
	Median     float64
	MedianLine Line // a row of that width

	// Classical is the farthest reach to the right plus the farthest to the left,
	// over the widest inner diameter of the chest (Danzer 1919), in rows down to 75 %
	// whose brightness ends before the chest wall. It is 0 where there are none, as
	// when haze hides the edges of the heart.
	Classical             float64
	RightReach, LeftReach Line
	Chest                 Line
	measurable            bool
}

// Shares of the film that the smaller lung, and both together, must cover to
// count as found.
const (
	leastLung  = 0.015
	leastLungs = 0.06
)

// Symmetry is the area of the smaller lung over that of the larger, 0..1.
func (l *Lungs) Symmetry() float64 {
	r, left := l.Right.Area(), l.Left.Area()
	return min(r, left) / max(r, left, 1e-9)
}

// Sureness is how far from undecided the network is within the masks, 0..1 on
// average.
func (l *Lungs) Sureness() float64 { return l.sureness }

func (l *Lungs) measure() {
	right, left := l.Right.Area(), l.Left.Area()
	l.Found = min(right, left) > leastLung && right+left > leastLungs
	l.Between = newMask()
	if right == 0 || left == 0 {
		l.doubt("no lung on one side")
		return
	}
	x0, y0, x1, y1 := union(l.Right, l.Left).extent()
	l.Box = image.Rect(x0*l.Width/Grid, y0*l.Height/Grid, (x1*l.Width+Grid-1)/Grid, (y1*l.Height+Grid-1)/Grid)
	for row := y0; row < y1; row++ {
		_, from, okRight := l.Right.row(row)
		to, _, okLeft := l.Left.row(row)
		if okRight && okLeft {
			for c := from + 1; c < to; c++ {
				l.Between.Cells[row*Grid+c] = true
			}
		}
	}
	l.doubts(x0, y0, x1, y1)
}

func (l *Lungs) measureHeart() {
	if l.Box.Empty() {
		return
	}
	l.Heart = l.heart(union(l.Right, l.Left).extent())
	switch {
	case !l.Heart.measurable:
		l.doubt("no heart between them")
	case l.Heart.Classical == 0:
		l.doubt("the edges of the heart are not seen against lung")
	}
}

func (l *Lungs) doubt(format string, args ...any) {
	l.Doubts = append(l.Doubts, fmt.Sprintf(format, args...))
}

// Bounds beyond which about 1 in 200 films of five sources lie.
const (
	leastSymmetry = 0.60
	leastSureness = 0.88
	leastAspect   = 0.70 // width of the box over its height, both in pixels
	mostAspect    = 1.75
	mostCut       = 0.35 // share of the border of the box that may lie on the film's edge
)

func (l *Lungs) doubts(x0, y0, x1, y1 int) {
	if !l.Found {
		l.doubt("the lungs cover %.1f and %.1f %% of the film, less than lungs do", 100*l.Right.Area(), 100*l.Left.Area())
	}
	if s := l.Symmetry(); s < leastSymmetry {
		l.doubt("one lung has %.0f %% of the area of the other", 100*s)
	}
	if l.sureness < leastSureness {
		l.doubt("the network is unsure of their outline (%.2f)", l.sureness)
	}
	aspect := float64(l.Box.Dx()) / float64(l.Box.Dy())
	if aspect < leastAspect || aspect > mostAspect {
		l.doubt("both together are %.2f times as wide as high", aspect)
	}
	edge := 0.0
	both := union(l.Right, l.Left)
	for i := range Grid {
		for _, at := range [4][2]int{{i, 0}, {i, Grid - 1}, {0, i}, {Grid - 1, i}} {
			if both.At(at[0], at[1]) {
				edge++
			}
		}
	}
	if share := edge / float64(2*(x1-x0)+2*(y1-y0)); share > mostCut {
		l.doubt("they reach the edge of the film along %.0f %% of their box", 100*share)
	}
}

// fine is the side of the film that the heart is measured on, twice the Grid.
const fine = 2 * Grid

// wall is how near to the outer edge of a lung, in fine pixels, the chest wall may
// be.
const wall = 4

// heart measures on the film at 128 x 128 pixels, smoothed.
func (l *Lungs) heart(x0, y0, x1, y1 int) (h Cardiothoracic) {
	small := l.film.Resize(fine, fine, cxr.KernelBilinear)
	smooth := gaussian(small.Pix, 1.5)
	var lung []float64
	for i, v := range smooth {
		cell := i / fine / 2 * Grid
		cell += i % fine / 2
		if l.Right.Cells[cell] || l.Left.Cells[cell] {
			lung = append(lung, v)
		}
	}
	dark := quantile(lung, 0.25)
	_, _, innerRight, _ := l.Right.extent()
	innerLeft, _, _, _ := l.Left.extent()
	middle := innerRight + innerLeft // in fine pixels: twice the mean of the two
	middle = min(max(middle, 2*x0+1), 2*x1-2)

	type reach struct{ row, from, to int }
	var rows []reach
	height := 2 * (y1 - y0)
	for y := 2*y0 + height*45/100; y < 2*y0+height*85/100; y++ {
		row := smooth[y*fine : (y+1)*fine]
		bright := median(row[max(middle-5, 0):min(middle+6, fine)])
		threshold := (bright + dark) / 2
		if bright <= dark {
			continue
		}
		from, to := middle, middle
		for from > 2*x0 && row[from] > threshold {
			from--
		}
		for to < 2*x1-1 && row[to] > threshold {
			to++
		}
		rows = append(rows, reach{y, from, to})
	}
	if len(rows) == 0 {
		return h
	}
	h.measurable = true
	sx, sy := float64(l.Width)/fine, float64(l.Height)/fine
	line := func(row, from, to int) Line {
		y := (float64(row) + 0.5) * sy
		return Line{Point{float64(from) * sx, y}, Point{float64(to) * sx, y}}
	}
	slices.SortStableFunc(rows, func(a, b reach) int { return (a.to - a.from) - (b.to - b.from) })
	m := rows[len(rows)/2]
	h.Median = float64(m.to-m.from) / float64(2*(x1-x0))
	h.MedianLine = line(m.row, m.from, m.to)

	// Runs that end at the wall, or below the diaphragm, are not the heart's.
	clear := slices.DeleteFunc(slices.Clone(rows), func(q reach) bool {
		cell := q.row / 2
		a, _, okRight := l.Right.row(cell)
		_, b, okLeft := l.Left.row(cell)
		low := q.row >= 2*y0+height*75/100
		return low || !okRight || !okLeft || q.from < 2*a+wall || q.to > 2*b+2-wall
	})
	widest, at, from, to := 0, y0, x0, x1
	for row := y0; row < y1; row++ {
		a, _, okRight := l.Right.row(row)
		_, b, okLeft := l.Left.row(row)
		if okRight && okLeft && b+1-a > widest {
			widest, at, from, to = b+1-a, row, a, b+1
		}
	}
	h.Chest = line(2*at, 2*from, 2*to)
	if len(clear) < len(rows)/8+1 || widest == 0 {
		return h
	}
	r, left := clear[0], clear[0]
	for _, q := range clear {
		if q.from < r.from {
			r = q
		}
		if q.to > left.to {
			left = q
		}
	}
	h.RightReach, h.LeftReach = line(r.row, r.from, middle), line(left.row, middle, left.to)
	h.Classical = float64(left.to-r.from) / float64(2*widest)
	return h
}

// gaussian smooths fine x fine pixels; beyond the border they repeat.
func gaussian(pix []uint16, sigma float64) []float64 {
	radius := int(4*sigma + 0.5)
	kernel := make([]float64, 2*radius+1)
	var sum float64
	for i := range kernel {
		d := float64(i-radius) / sigma
		kernel[i] = math.Exp(-d * d / 2)
		sum += kernel[i]
	}
	across, out := make([]float64, len(pix)), make([]float64, len(pix))
	for y := range fine {
		for x := range fine {
			var v float64
			for k, w := range kernel {
				v += w * float64(pix[y*fine+min(max(x+k-radius, 0), fine-1)])
			}
			across[y*fine+x] = v / sum
		}
	}
	for y := range fine {
		for x := range fine {
			var v float64
			for k, w := range kernel {
				v += w * across[min(max(y+k-radius, 0), fine-1)*fine+x]
			}
			out[y*fine+x] = v / sum
		}
	}
	return out
}

func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile leaves v as it is.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 == len(s) {
		return s[i]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}
