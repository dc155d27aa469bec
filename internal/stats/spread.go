package stats

import "math"

// A spread is how an area's components scatter, by class.
type spread struct {
	positive, negative classSpread
	both               float64 // covariance of the classes' means through patients with films of both
	clustered          bool    // some patient has several films
	overlap            float64 // by what films count for less as heads share training films; 0: 1
}

// A classSpread is how the components of one class scatter about the area.
type classSpread struct {
	films, patients int
	single          float64 // variance of their mean if films were independent; NaN for one film
	byPatient       float64 // variance of their mean by patient; NaN for one patient
	doubt           float64 // relative variance of byPatient itself, roughly the kurtosis over the patients
}

// spread sums deviations from a mean by patient (Obuchowski 1997, eq. 2 to 5).
func (c components) spread(mean float64) spread {
	type sums struct{ positive, negative float64 }
	byPatient := map[int]*sums{}
	order := make([]*sums, 0, len(c.positive)+len(c.negative)) // of first appearance: sums must not depend on a map's order
	of := func(patient int) *sums {
		s := byPatient[patient]
		if s == nil {
			s = &sums{}
			byPatient[patient] = s
			order = append(order, s)
		}
		return s
	}
	var p, n moments
	for _, v := range c.positive {
		p.film(v.value - mean)
		of(v.patient).positive += v.value - mean
	}
	for _, v := range c.negative {
		n.film(v.value - mean)
		of(v.patient).negative += v.value - mean
	}
	p.patients, n.patients = patients(c.positive), patients(c.negative)
	var cross float64
	for _, s := range order {
		p.patient(s.positive)
		n.patient(s.negative)
		cross += s.positive * s.negative
	}
	k := float64(len(order))
	return spread{
		positive: p.spread(), negative: n.spread(), clustered: len(order) < len(c.positive)+len(c.negative),
		both: k / (k - 1) * cross / (float64(len(c.positive)) * float64(len(c.negative))),
	}
}

// moments of the deviations of one class.
type moments struct {
	films, patients  int
	square           float64 // of films
	square2, square4 float64 // second and fourth moment of patients' sums
}

func (m *moments) film(d float64) { m.films, m.square = m.films+1, m.square+d*d }

func (m *moments) patient(sum float64) {
	m.square2 += sum * sum
	m.square4 += sum * sum * sum * sum
}

func (m *moments) spread() classSpread {
	films, patients := float64(m.films), float64(m.patients)
	return classSpread{
		films: m.films, patients: m.patients, single: m.square / (films * (films - 1)),
		byPatient: patients / (patients - 1) * m.square2 / (films * films), doubt: m.square4 / (m.square2 * m.square2),
	}
}

// variance of the area; NaN if one class has a single patient.
func (s *spread) variance() float64 { return s.positive.byPatient + s.negative.byPatient + 2*s.both }

// freedom is the degrees of freedom of the variance (Satterthwaite 1946).
func (s *spread) freedom() float64 {
	p, n := s.positive.byPatient, s.negative.byPatient
	if !(p+n > 0) {
		return math.Max(1, float64(min(s.positive.patients, s.negative.patients)-1))
	}
	return math.Max(1, (p+n)*(p+n)/(p*p/math.Max(1, float64(s.positive.patients-1))+n*n/math.Max(1, float64(s.negative.patients-1))))
}

// patients counts them.
func patients(list []component) int {
	seen := map[int]bool{}
	for _, v := range list {
		seen[v.patient] = true
	}
	return len(seen)
}

// interval is the 95 % interval of an area, from the effective numbers of films.
//
// It is Newcombe's method 5 ("Confidence intervals for an effect size measure
// based on the Mann-Whitney statistic", part 2, Statistics in Medicine 25,
// 2006): the areas that lie no further from the estimate than their own
// standard error allows. Beside the plain interval on DeLong's variance it holds
// its promise near 1 and with few films. Three things are ours:
//
// The numbers of films are divided by the design effect, the variance by patient
// over that of independent films, as Wilson's interval is adapted to clustered
// samples (Kott and Carr 1997).
//
// The variance of an area is the geometric mean of that for exponential scores,
// which is method 5's and too large for areas near 1, and that for normal ones.
//
// It is scaled to meet the variance that was estimated, as far as there are
// films to estimate it from, and widened there as Student's t is.
func (s *spread) interval(area float64) (m, n, low, high float64) {
	m, n = float64(s.positive.films), float64(s.negative.films)
	scale := 1.0 // of the variance
	if s.clustered {
		scale = s.variance() / (s.positive.single + s.negative.single)
		const rounding = 1e-9
		if !(scale > rounding) || math.IsInf(scale, 0) {
			// Nothing tells how alike the films of a patient are: as good as the same.
			m, n, scale = float64(s.positive.patients), float64(s.negative.patients), 1
		}
	}
	m, n = math.Max(1, m/scale), math.Max(1, n/scale)
	scale = s.own(area, m, n)
	if s.overlap > 1 {
		m, n = math.Max(1, m/s.overlap), math.Max(1, n/s.overlap)
	}
	low, high = invert(area, func(theta float64) float64 { return scale * areaVariance(theta, m, n) })
	return m, n, low, high
}

// own is the variance that was estimated over that of the model, drawn to 1 as
// far as there is doubt about it.
func (s *spread) own(area, m, n float64) float64 {
	p, q := s.positive.byPatient, s.negative.byPatient
	if !(p+q > 0) || !(s.variance() > 0) || area <= 0 || area >= 1 {
		return 1
	}
	doubt := 0.0
	for _, c := range []classSpread{s.positive, s.negative} {
		if share := c.byPatient / (p + q); share > 0 {
			doubt += share * share * c.doubt
		}
	}
	trust := math.Max(0, 1-2*doubt)
	t := tQuantile(0.975, s.freedom()) / Z95
	return trust*t*t*s.variance()/areaVariance(area, m, n) + 1 - trust
}

// areaVariance is that of an area theta, 0..1, of m positives and n negatives,
// neither below 1: see [spread.interval].
func areaVariance(theta, m, n float64) float64 {
	if theta <= 0 || theta >= 1 {
		return 0
	}
	more := m + n - 2
	exponential := (1-theta)/(2-theta) + theta/(1+theta)               // Hanley and McNeil 1982
	normal := (bothBelow(theta) - theta*theta) / (theta * (1 - theta)) // positives and negatives spread alike
	return theta * (1 - theta) * math.Sqrt((1+more/2*exponential)*(1+more*normal)) / (m * n)
}

// bothBelow is the probability that two standard normal numbers of correlation
// one half both lie below the quantile of theta: Owen's "Tables for computing
// bivariate normal probabilities" (1956), integrated by Gauss and Legendre.
func bothBelow(theta float64) float64 {
	z := math.Sqrt2 * math.Erfinv(2*theta-1)
	const a = 0.57735026918962576451 // sqrt((1-1/2)/(1+1/2))
	var t float64
	for i, x := range [...]float64{0.14887433898163122, 0.43339539412924719, 0.67940956829902441, 0.86506336668898451, 0.97390652851717172} {
		w := [...]float64{0.29552422471475287, 0.26926671930999636, 0.21908636251598204, 0.14945134915058059, 0.06667134430868814}[i]
		for _, x := range [...]float64{a / 2 * (1 - x), a / 2 * (1 + x)} {
			t += w * a / 2 * math.Exp(-z*z*(1+x*x)/2) / (1 + x*x)
		}
	}
	return theta - t/math.Pi
}

// invert finds the interval of the values within 0..1 that are no further than
// Z95 of their own standard errors from an estimate.
func invert(estimate float64, variance func(theta float64) float64) (low, high float64) {
	far := func(theta float64) bool { return (estimate-theta)*(estimate-theta) > Z95*Z95*variance(theta) }
	bisect := func(outside, inside float64) float64 {
		for range 52 {
			if middle := (outside + inside) / 2; far(middle) {
				outside = middle
			} else {
				inside = middle
			}
		}
		return inside
	}
	low, high = 0, 1
	if estimate > 0 {
		low = bisect(0, estimate)
	}
	if estimate < 1 {
		high = bisect(1, estimate)
	}
	return low, high
}
