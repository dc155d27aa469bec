package stats

import "math"

// CrossEntropy is -log of the probability that log odds z give to a target of
// 0..1, without overflow.
func CrossEntropy(z, target float64) float64 {
	return math.Max(z, 0) - target*z + math.Log1p(math.Exp(-math.Abs(z)))
}

// ProbabilityLoss is the cross-entropy of a probability, kept off 0 and 1 as
// scikit-learn's log_loss keeps it.
func ProbabilityLoss(p float64, positive bool) float64 {
	const eps = 0x1p-52
	p = min(max(p, eps), 1-eps)
	if positive {
		return -math.Log(p)
	}
	return -math.Log1p(-p)
}
