package logistic

import (
	"context"
	"math"
)

// A minimizer finds the minimum of a convex function plus an L1 penalty, by
// L-BFGS (Nocedal 1980) where there is no penalty and by OWL-QN (Andrew and Gao
// 2007) where there is.
type minimizer struct {
	evaluate  func(x, gradient []float64) float64 // the smooth part
	penalty   float64                             // of |x[j]|, j < penalize
	penalize  int
	step      float64 // guess of 1/curvature, for the first direction
	tolerance float64 // on the length of the gradient

	// condition makes a function that multiplies with the inverse curvature at x,
	// or nil. It is asked once, after so many evaluations.
	condition      func(x []float64) func(d []float64)
	conditionAfter int

	evaluations  int
	slope        float64
	precondition func(d []float64) // nil: not yet, or there is none

	steps, turns [][]float64 // the latest differences of x and of the gradient
	curvatures   []float64   // their products
	turned       float64     // the latest turn's product with itself, preconditioned
}

const (
	memory        = 20   // differences kept
	maxIterations = 5000 // a well-posed problem takes tens to hundreds
	armijo        = 1e-4 // share of the promised decrease that a step must bring
	wolfe         = 0.9  // share of the slope that may be left along a step
	rounding      = 1e-14
)

// A point is a place with what is known there.
type point struct {
	x, gradient []float64 // gradient of the smooth part
	value       float64   // with penalty
}

func (m *minimizer) at(x []float64) *point {
	m.evaluations++
	p := &point{x: x, gradient: make([]float64, len(x))}
	p.value = m.evaluate(x, p.gradient)
	for _, v := range x[:m.penalize] {
		p.value += m.penalty * math.Abs(v)
	}
	return p
}

// minimize moves x to the minimum.
func (m *minimizer) minimize(ctx context.Context, x []float64) error {
	here := m.at(append([]float64(nil), x...))
	for range maxIterations {
		if err := ctx.Err(); err != nil {
			return err
		}
		descent := m.steepest(here)
		m.slope = norm(descent)
		if m.slope <= m.tolerance {
			break
		}
		if m.condition != nil && m.evaluations > m.conditionAfter {
			m.precondition = m.condition(here.x)
			m.condition = nil
			if m.precondition != nil {
				m.forget()
				m.step = 1
			}
		}
		direction := m.direction(descent)
		if m.penalty > 0 { // OWL-QN stays with the steepest descent's signs
			for j := range m.penalize {
				if direction[j]*descent[j] <= 0 {
					direction[j] = 0
				}
			}
		}
		var next *point
		if m.penalty > 0 {
			next = m.searchOrthant(here, descent, direction)
		} else {
			next = m.search(here, direction)
		}
		if next == nil { // no better place is left, but for rounding
			if len(m.steps) == 0 {
				break
			}
			m.forget()
			continue
		}
		m.remember(here, next)
		here = next
	}
	copy(x, here.x)
	if math.IsNaN(m.slope) || m.slope > 1000*m.tolerance {
		return notConverged(m.slope, m.tolerance)
	}
	return nil
}

// steepest is minus the gradient; with a penalty, minus the shortest
// subgradient.
func (m *minimizer) steepest(p *point) []float64 {
	d := make([]float64, len(p.x))
	for j, g := range p.gradient {
		d[j] = -g
		if j >= m.penalize {
			continue
		}
		switch {
		case p.x[j] > 0:
			d[j] -= m.penalty
		case p.x[j] < 0:
			d[j] += m.penalty
		default:
			d[j] = math.Copysign(max(math.Abs(g)-m.penalty, 0), -g)
		}
	}
	return d
}

// direction multiplies descent with the inverse curvature that the remembered
// steps tell (the two-loop recursion).
func (m *minimizer) direction(descent []float64) []float64 {
	d := append([]float64(nil), descent...)
	shares := make([]float64, len(m.steps))
	for k := len(m.steps) - 1; k >= 0; k-- {
		shares[k] = dot64(m.steps[k], d) / m.curvatures[k]
		add(d, -shares[k], m.turns[k])
	}
	scale := m.step
	if k := len(m.steps) - 1; k >= 0 {
		scale = m.curvatures[k] / m.turned
	}
	if m.precondition != nil {
		m.precondition(d)
	}
	for j := range d {
		d[j] *= scale
	}
	for k := range m.steps {
		share := shares[k] - dot64(m.turns[k], d)/m.curvatures[k]
		add(d, share, m.steps[k])
	}
	return d
}

// search walks along direction until the function has fallen and its slope
// along the way is mostly gone. On a convex function the sign of the slope says
// on which side of the minimum a place is. It returns nil if there is no such
// place.
func (m *minimizer) search(from *point, direction []float64) *point {
	slope := dot64(from.gradient, direction)
	if !(slope < 0) {
		return nil
	}
	slack := rounding * math.Abs(from.value)
	low, high := 0.0, math.Inf(1)
	lowSlope, highSlope := slope, math.NaN()
	t := 1.0
	for range 40 {
		x := append([]float64(nil), from.x...)
		add(x, t, direction)
		p := m.at(x)
		s := dot64(p.gradient, direction)
		fell := p.value <= from.value+armijo*t*slope+slack
		switch {
		case fell && math.Abs(s) <= wolfe*-slope:
			return p
		case fell && s < 0:
			low, lowSlope = t, s
		default:
			high, highSlope = t, s
		}
		switch width := high - low; {
		case math.IsInf(high, 1):
			t *= 4
		case highSlope > 0: // where the line through both slopes crosses zero, away from the ends
			t = low + min(max(lowSlope/(lowSlope-highSlope), 0.1), 0.9)*width
		default: // the value is not a number, or rounding rules
			t = low + width/4
		}
	}
	return nil
}

// searchOrthant halves the step until the function has fallen. A coordinate
// that would change sign stops at zero.
func (m *minimizer) searchOrthant(from *point, descent, direction []float64) *point {
	slack := rounding * math.Abs(from.value)
	for t := 1.0; t > 1e-12; t /= 2 {
		x := append([]float64(nil), from.x...)
		add(x, t, direction)
		var promised float64
		for j, v := range x {
			sign := from.x[j]
			if sign == 0 {
				sign = descent[j]
			}
			if j < m.penalize && v*sign <= 0 {
				x[j] = 0
			}
			promised += descent[j] * (x[j] - from.x[j])
		}
		if p := m.at(x); p.value <= from.value-armijo*promised+slack && promised > 0 {
			return p
		}
	}
	return nil
}

// remember keeps the differences of a step that tell a curvature.
func (m *minimizer) remember(from, to *point) {
	step, turn := difference(to.x, from.x), difference(to.gradient, from.gradient)
	curvature := dot64(step, turn)
	if !(curvature > 1e-16*norm(step)*norm(turn)) {
		return
	}
	if len(m.steps) == memory {
		m.steps, m.turns, m.curvatures = m.steps[1:], m.turns[1:], m.curvatures[1:]
	}
	m.steps, m.turns, m.curvatures = append(m.steps, step), append(m.turns, turn), append(m.curvatures, curvature)
	image := append([]float64(nil), turn...)
	if m.precondition != nil {
		m.precondition(image)
	}
	m.turned = dot64(turn, image)
}

func (m *minimizer) forget() { m.steps, m.turns, m.curvatures = nil, nil, nil }

func difference(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range d {
		d[i] = a[i] - b[i]
	}
	return d
}

func add(x []float64, t float64, direction []float64) {
	for j, d := range direction {
		x[j] += t * d
	}
}

func dot64(a, b []float64) float64 {
	var s float64
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func norm(a []float64) float64 { return math.Sqrt(dot64(a, a)) }
