package stats

import "math"

// An Outcome is whether a film went well, and whose it is.
type Outcome struct {
	Patient int
	Success bool
}

// A Share of films that went well, with its 95 % interval.
type Share struct {
	Value, Low, High           float64 // Value is NaN of no films
	Films, Successes, Patients int
	Effective                  float64 // number of films: as many independent ones would say as much

	patients []shareOf
	variance float64 // of Value, by patient
}

// shareOf is one patient's part.
type shareOf struct{ films, successes float64 }

// NewShare is the share with Wilson's score interval (1927) at the effective
// number of films: their number over the design effect of patients with several
// films (Rao and Scott 1992), with the degrees of freedom of the patients (Korn
// and Graubard 1998; Dean and Pagano 2015 found Wilson's the best to adapt so).
// Where all films went well, or none, nothing tells how alike a patient's films
// are, and patients count, not films.
func NewShare(outcomes []Outcome) Share {
	s := Share{Films: len(outcomes)}
	at := map[int]int{}
	for _, o := range outcomes {
		k, known := at[o.Patient]
		if !known {
			k = len(s.patients)
			at[o.Patient] = k
			s.patients = append(s.patients, shareOf{})
		}
		s.patients[k].films++
		if o.Success {
			s.patients[k].successes++
			s.Successes++
		}
	}
	s.Patients = len(s.patients)
	n, k := float64(s.Films), float64(s.Patients)
	s.Value, s.Effective = float64(s.Successes)/n, n
	if s.Films == 0 {
		s.Low, s.High = 0, 1
		return s
	}
	var fourth, most float64
	for _, p := range s.patients {
		d := p.successes - s.Value*p.films
		s.variance += d * d * k / (k - 1) / (n * n)
		fourth += d * d * d * d
		most += p.films * p.films / n // the design effect if all films of a patient were the same
	}
	if s.Patients < s.Films {
		single := s.Value * (1 - s.Value) / n
		switch {
		case s.Patients == 1:
			s.Effective = 1
		case single == 0:
			s.Effective = k
		default:
			// Films of one patient do not say more than films of several. Where few
			// patients make the variance, fewer than make it of normal deviations, the
			// doubt counts against it.
			effect := math.Max(1, s.variance/single)
			square := s.variance * (k - 1) / k * n * n
			doubt := math.Max(0, fourth/(square*square)-2/k)
			effect += doubt * math.Max(0, most-effect)
			s.Effective = n / effect
			t := tQuantile(0.975, k-1) / Z95
			s.Effective = math.Max(1, s.Effective/(t*t))
		}
	}
	s.Low, s.High = wilson(s.Value, s.Effective)
	return s
}

// A Pair is what two heads say of one film: whether each went well.
type Pair struct {
	Patient int
	A, B    bool
}

// ComparePairs is the difference of the shares of films on which A and B went
// well, such as their sensitivities on films with a finding.
//
// P is McNemar's exact test (1947) with its mid-p value (Fagerland, Lydersen and
// Laake 2013), by patient: under equal heads each patient's difference is as
// likely to be the other way around. Of patients with one film it is McNemar's
// own. The interval is Newcombe's method 10 (1998) from the intervals of
// [NewShare] and the correlation by patient; Error is what its lower end says.
func ComparePairs(pairs []Pair) Difference {
	a, b := make([]Outcome, len(pairs)), make([]Outcome, len(pairs))
	for i, p := range pairs {
		a[i], b[i] = Outcome{p.Patient, p.A}, Outcome{p.Patient, p.B}
	}
	x, y := NewShare(a), NewShare(b)
	d := Difference{Value: x.Value - y.Value, Freedom: math.Inf(1)}
	if len(pairs) == 0 {
		return Difference{math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	}
	var both, xx, yy float64
	flips := make([]int, len(x.patients))
	for k := range x.patients {
		p, q := x.patients[k], y.patients[k]
		u, v := p.successes-x.Value*p.films, q.successes-y.Value*q.films
		both, xx, yy = both+u*v, xx+u*u, yy+v*v
		flips[k] = int(p.successes - q.successes)
	}
	correlation := 0.0
	if xx > 0 && yy > 0 {
		correlation = both / math.Sqrt(xx*yy)
	}
	span := func(one, other float64) float64 {
		return math.Sqrt(math.Max(0, one*one+other*other-2*correlation*one*other))
	}
	d.Low = math.Max(-1, d.Value-span(x.Value-x.Low, y.High-y.Value))
	d.High = math.Min(1, d.Value+span(x.High-x.Value, y.Value-y.Low))
	d.Error = (d.Value - d.Low) / Z95
	d.P = signFlips(flips)
	return d
}

// signFlips is the two-sided mid-p value of the sum of numbers whose signs are
// as likely to be the other way around, each by itself.
func signFlips(values []int) float64 {
	total, sum := 0, 0
	chance := []float64{1} // of each sum of the numbers taken positive
	for _, v := range values {
		sum += v
		if v < 0 {
			v = -v
		}
		if v == 0 {
			continue
		}
		next := make([]float64, total+v+1)
		for s, p := range chance {
			next[s] += p / 2
			next[s+v] += p / 2
		}
		chance, total = next, total+v
	}
	if sum < 0 {
		sum = -sum
	}
	var p float64
	for s, c := range chance {
		switch d := max(2*s-total, total-2*s); {
		case d > sum:
			p += c
		case d == sum:
			p += c / 2
		}
	}
	if sum == 0 {
		return 1
	}
	return p
}
