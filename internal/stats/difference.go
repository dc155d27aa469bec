package stats

import "math"

// FewPatients is the number of patients with a finding, and without, below which
// paired tests do not keep their size: they say that P is unknown.
const FewPatients = 10

// A Difference of two areas, or of two shares. Where nothing can be said, as of
// one patient, all but Value is NaN; P is NaN too below [FewPatients].
type Difference struct {
	Value, Low, High float64
	Error            float64 // standard error
	Freedom          float64 // its degrees of freedom, for Student's t
	P                float64 // two-sided, for a difference of 0
}

// Compare tests the difference a - b of two scores' areas on the same films in
// the same order: the paired test of DeLong et al. (1988), with patients as in
// [NewAUC], by Student's t with Satterthwaite's degrees of freedom in place of
// the normal distribution, with which one test in thirteen of equal heads is
// significant at 5 % where there are five positives. Of areas that are
// cross-validated in the same folds the question is which heads are better, trained
// on such films, and not which of those that were: the variance is larger by the
// factor of Nadeau and Bengio (2003), 1 + folds x films tested / films trained on.
func Compare(a, b AUC) Difference {
	d := Difference{Value: a.Value - b.Value}
	s := components{minus(a.positive, b.positive), minus(a.negative, b.negative)}.spread(d.Value)
	d.finish(math.Sqrt(s.variance()*(1+max(a.overlap, b.overlap))), s.freedom(), min(s.positive.patients, s.negative.patients))
	return d
}

// finish fills in interval and P.
func (d *Difference) finish(se, freedom float64, patients int) {
	d.Error, d.Freedom = se, freedom
	if !(se >= 0) || se == 0 && d.Value != 0 {
		d.Error, d.Low, d.High, d.P = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		return
	}
	half := tQuantile(0.975, freedom) * se
	d.Low, d.High = math.Max(-1, d.Value-half), math.Min(1, d.Value+half)
	switch {
	case patients < FewPatients:
		d.P = math.NaN()
	case se == 0:
		d.P = 1
	default:
		d.P = 2 * tTail(math.Abs(d.Value)/se, freedom)
	}
}

// NonInferiority is the one-sided p value for a difference a - b of more than
// margin below 0, margin above 0: if it is at most 0.025, a is not worse than b
// by the margin or more, and the 95 % interval ends above -margin.
func (d Difference) NonInferiority(margin float64) float64 {
	switch {
	case !(d.Error >= 0) || math.IsNaN(d.P):
		return math.NaN()
	case d.Error == 0:
		return 0
	}
	return tTail((d.Value+margin)/d.Error, d.Freedom)
}

func minus(a, b []component) []component {
	d := make([]component, len(a))
	for i := range a {
		d[i] = component{a[i].patient, a[i].value - b[i].value}
	}
	return d
}
