package stats

import "math"

// A Recalibration is how far probabilities are off (Van Calster et al., "Calibration:
// the Achilles heel of predictive analytics", BMC Medicine 17, 2019). Intervals
// are by patient (sandwich estimator) with Student's t. They are NaN where a fit
// does not converge, as of separated classes, or of one patient.
type Recalibration struct {
	Slope     Estimate // of the truth's log odds by the head's: 1 is right, below 1 the head is too sure
	Intercept Estimate // of the truth's log odds beside the head's: 0 is right, above 0 probabilities are too low
}

// mostCertain bounds the log odds of films in a recalibration: beyond, a
// probability is 0 or 1 to every purpose.
const mostCertain = 36

// Recalibrate compares the films' probabilities with their classes.
func Recalibrate(films []Film) Recalibration {
	z := make([]float64, len(films))
	for i, f := range films {
		z[i] = math.Max(-mostCertain, math.Min(mostCertain, math.Log(f.Probability)-math.Log1p(-f.Probability)))
	}
	var r Recalibration
	r.Slope, _ = logisticSlope(films, z)
	r.Intercept = logisticIntercept(films, z)
	return r
}

var unknown = Estimate{math.NaN(), math.NaN(), math.NaN()}

// logisticIntercept fits the intercept beside an offset.
func logisticIntercept(films []Film, offset []float64) Estimate {
	b := 0.0
	for round := 0; ; round++ {
		var gradient, hessian float64
		for i, f := range films {
			p := sigmoid(b + offset[i])
			gradient, hessian = gradient+f.class()-p, hessian+p*(1-p)
		}
		if !(hessian > 1e-12) || round == 100 || math.Abs(b) > mostCertain {
			return unknown
		}
		step := gradient / hessian
		b += math.Max(-5, math.Min(5, step))
		if math.Abs(step) < 1e-10 {
			break
		}
	}
	sums := map[int]float64{}
	var hessian, meat float64
	for i, f := range films {
		p := sigmoid(b + offset[i])
		hessian += p * (1 - p)
		sums[f.Patient] += f.class() - p
	}
	for _, v := range inOrder(films, sums) {
		meat += v * v
	}
	return around(b, math.Sqrt(meat)/hessian, len(sums))
}

// logisticSlope fits slope and intercept.
func logisticSlope(films []Film, z []float64) (slope, intercept Estimate) {
	a, b := 1.0, 0.0
	loss := func(a, b float64) (sum float64) {
		for i, f := range films {
			sum += CrossEntropy(a*z[i]+b, f.class())
		}
		return sum
	}
	value := loss(a, b)
	var haa, hab, hbb, det float64
	for round := 0; ; round++ {
		var ga, gb float64
		haa, hab, hbb = 0, 0, 0
		for i, f := range films {
			p := sigmoid(a*z[i] + b)
			r, h := f.class()-p, p*(1-p)
			ga, gb = ga+r*z[i], gb+r
			haa, hab, hbb = haa+h*z[i]*z[i], hab+h*z[i], hbb+h
		}
		det = haa*hbb - hab*hab
		if !(det > 1e-9*haa*hbb) || round == 100 || math.Abs(a) > 100 {
			return unknown, unknown
		}
		da, db := (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		size := math.Abs(da) + math.Abs(db)
		if size < 1e-6 { // the loss, rounded, no longer tells steps apart; Newton's are right here
			a, b = a+da, b+db
			if size < 1e-10 {
				break
			}
			continue
		}
		t := 1.0
		for ; t > 1e-8; t /= 2 {
			if v := loss(a+t*da, b+t*db); v <= value {
				a, b, value = a+t*da, b+t*db, v
				break
			}
		}
		if t <= 1e-8 {
			break
		}
	}
	if value < 1e-6*float64(len(films)) { // separated classes
		return unknown, unknown
	}
	byA, byB := map[int]float64{}, map[int]float64{}
	for i, f := range films {
		r := f.class() - sigmoid(a*z[i]+b)
		byA[f.Patient] += r * z[i]
		byB[f.Patient] += r
	}
	var varianceA, varianceB float64
	as, bs := inOrder(films, byA), inOrder(films, byB)
	for k := range as {
		u, v := (hbb*as[k]-hab*bs[k])/det, (haa*bs[k]-hab*as[k])/det
		varianceA, varianceB = varianceA+u*u, varianceB+v*v
	}
	return around(a, math.Sqrt(varianceA), len(as)), around(b, math.Sqrt(varianceB), len(bs))
}

// around is the interval of an estimate with a sandwich's standard error of so
// many patients.
func around(value, se float64, patients int) Estimate {
	if patients < 2 || !(se > 0) {
		return Estimate{value, math.NaN(), math.NaN()}
	}
	k := float64(patients)
	half := tQuantile(0.975, k-1) * se * math.Sqrt(k/(k-1))
	return Estimate{value, value - half, value + half}
}

// inOrder lists patients' sums in the order in which the patients appear.
func inOrder(films []Film, sums map[int]float64) []float64 {
	seen := map[int]bool{}
	var list []float64
	for _, f := range films {
		if !seen[f.Patient] {
			seen[f.Patient] = true
			list = append(list, sums[f.Patient])
		}
	}
	return list
}

func sigmoid(z float64) float64 {
	if z < 0 {
		e := math.Exp(z)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-z))
}
