package stats

import "math"

// influence is what each patient adds to the error of an area, in the order of
// first appearance; its squares sum to the variance.
func (a *AUC) influence(add func(patient int, u float64)) {
	k := func(n int) float64 { return math.Sqrt(float64(n) / math.Max(1, float64(n-1))) }
	for _, c := range a.positive {
		add(c.patient, k(a.PositivePatients)*(c.value-a.Value)/float64(len(a.positive)))
	}
	for _, c := range a.negative {
		add(c.patient, k(a.NegativePatients)*(c.value-a.Value)/float64(len(a.negative)))
	}
}

// covariances of areas whose patients are numbered alike.
func covariances(areas []AUC) [][]float64 {
	by := map[int][]float64{}
	var order [][]float64
	for f := range areas {
		areas[f].influence(func(patient int, u float64) {
			row := by[patient]
			if row == nil {
				row = make([]float64, len(areas))
				by[patient] = row
				order = append(order, row)
			}
			row[f] += u
		})
	}
	c := make([][]float64, len(areas))
	for f := range c {
		c[f] = make([]float64, len(areas))
		for g := range c {
			for _, row := range order {
				c[f][g] += row[f] * row[g]
			}
		}
	}
	return c
}

// MeanAUC is the mean of the areas of several findings on films of the same
// patients, with an interval from theirs and their correlations (Zou 2007,
// "MOVER").
func MeanAUC(areas []AUC) Estimate {
	n := float64(len(areas))
	e := Estimate{}
	c := covariances(areas)
	correlation := func(f, g int) float64 {
		if f == g {
			return 1
		}
		if d := math.Sqrt(c[f][f] * c[g][g]); d > 0 {
			return math.Max(-1, math.Min(1, c[f][g]/d))
		}
		return 0
	}
	var low, high float64
	for f, a := range areas {
		e.Value += a.Value / n
		for g, b := range areas {
			low += correlation(f, g) * (a.Value - a.Low) * (b.Value - b.Low)
			high += correlation(f, g) * (a.High - a.Value) * (b.High - b.Value)
		}
	}
	e.Low = math.Max(0, e.Value-math.Sqrt(math.Max(0, low))/n)
	e.High = math.Min(1, e.Value+math.Sqrt(math.Max(0, high))/n)
	return e
}

// SameAUC is the p value for one area in all groups of films, which may share
// patients: Wald's test on the log odds of the areas, by the distribution of F. It is NaN below two groups,
// and if a group has less than [FewPatients] patients of a class or classes that
// do not overlap.
func SameAUC(groups []AUC) float64 {
	if len(groups) < 2 {
		return math.NaN()
	}
	for _, g := range groups {
		if g.PositivePatients < FewPatients || g.NegativePatients < FewPatients || !(g.Variance > 0) || g.Value <= 0 || g.Value >= 1 {
			return math.NaN()
		}
	}
	// Differences from the last group, and their covariance.
	c := covariances(groups)
	last := len(groups) - 1
	slope := func(f int) float64 { return 1 / (groups[f].Value * (1 - groups[f].Value)) }
	logit := func(f int) float64 { return math.Log(groups[f].Value / (1 - groups[f].Value)) }
	d := make([]float64, last)
	v := make([][]float64, last)
	for f := range d {
		d[f] = logit(f) - logit(last)
		v[f] = make([]float64, last)
		for g := range d {
			v[f][g] = slope(f)*slope(g)*c[f][g] - slope(f)*slope(last)*c[f][last] - slope(g)*slope(last)*c[g][last] + slope(last)*slope(last)*c[last][last]
		}
	}
	x, ok := solve(v, d)
	if !ok {
		return math.NaN()
	}
	var chi float64
	for f := range d {
		chi += d[f] * x[f]
	}
	// Hotelling's: with few patients chi squared is too sure.
	k := math.Inf(1)
	for _, g := range groups {
		k = math.Min(k, math.Min(float64(g.PositivePatients), float64(g.NegativePatients))-1)
	}
	k *= float64(len(groups)) / 2 // each group has its own
	q := float64(last)
	return fTail(chi*(k-q+1)/(k*q), q, k-q+1)
}

// solve a small symmetric positive definite system by Cholesky's method.
func solve(a [][]float64, b []float64) (x []float64, ok bool) {
	n := len(b)
	l := make([][]float64, n)
	x = make([]float64, n)
	for i := range n {
		l[i] = make([]float64, n)
		for j := range i + 1 {
			s := a[i][j]
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			if i != j {
				l[i][j] = s / l[j][j]
				continue
			}
			if !(s > 1e-12*a[i][i]) {
				return nil, false
			}
			l[i][i] = math.Sqrt(s)
		}
	}
	for i := range n {
		x[i] = b[i]
		for k := range i {
			x[i] -= l[i][k] * x[k]
		}
		x[i] /= l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			x[i] -= l[k][i] * x[k]
		}
		x[i] /= l[i][i]
	}
	return x, true
}

// MoreFilms is by how much the numbers of films of both classes must grow for an
// interval of the area half as wide, all else equal. It is NaN of an interval of
// no width.
func (a *AUC) MoreFilms() float64 {
	width := func(factor float64) float64 {
		low, high := invert(a.Value, func(theta float64) float64 { return areaVariance(theta, a.Positives*factor, a.Negatives*factor) })
		return high - low
	}
	goal := width(1) / 2
	if !(goal > 0) {
		return math.NaN()
	}
	low, high := 1.0, 64.0
	for range 50 {
		if middle := math.Sqrt(low * high); width(middle) > goal {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// PredictiveValues are those of a test at a prevalence, 0..1, from its
// sensitivity and specificity, with intervals by the logit method (Mercaldo, Lau
// and Zhou 2007) at effective numbers of films; shares of 0 and 1 are moved by
// half a film.
func PredictiveValues(sensitivity, specificity Share, prevalence float64) (positive, negative Estimate) {
	se, sp := sensitivity.Value, specificity.Value
	positive = unknown
	negative = unknown
	if p := se*prevalence + (1-sp)*(1-prevalence); p > 0 {
		positive.Value = se * prevalence / p
	}
	if p := sp*(1-prevalence) + (1-se)*prevalence; p > 0 {
		negative.Value = sp * (1 - prevalence) / p
	}
	m, n := sensitivity.Effective, specificity.Effective
	if !(m > 0 && n > 0 && prevalence > 0 && prevalence < 1) {
		return positive, negative
	}
	se, sp = (se*m+0.5)/(m+1), (sp*n+0.5)/(n+1)
	odds := math.Log(prevalence / (1 - prevalence))
	bounds := func(e *Estimate, center, variance float64) {
		half := Z95 * math.Sqrt(variance)
		e.Low, e.High = math.Min(sigmoid(center-half), e.Value), math.Max(sigmoid(center+half), e.Value)
	}
	if !math.IsNaN(positive.Value) {
		bounds(&positive, math.Log(se/(1-sp))+odds, (1-se)/(se*m)+sp/((1-sp)*n))
	}
	if !math.IsNaN(negative.Value) {
		bounds(&negative, math.Log(sp/(1-se))-odds, se/((1-se)*m)+(1-sp)/(sp*n))
	}
	return positive, negative
}
