package simd

import "math"

// An Activation is a function of each value.
type Activation int

// Activations, by the names of ONNX where it has one.
const (
	None        Activation = iota
	Relu                   // max(x, 0)
	Relu6                  // min(max(x, 0), 6)
	Sigmoid                // 1/(1+exp(-x))
	Swish                  // x * Sigmoid(x)
	HardSigmoid            // min(max(x/6 + 1/2, 0), 1)
	HardSwish              // x * HardSigmoid(x)
	Gelu                   // x/2 * (1 + erf(x/sqrt 2))
	GeluTanh               // x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))
	Tanh
	Erf
	Exp
	Sqrt
	activations
)

// Apply sets each value to the function of it. NaN stays NaN.
func (f Activation) Apply(x []float32) {
	if f == None {
		return
	}
	n := 0
	if fast := current.activation[f]; fast != nil {
		if n = current.reach(len(x)); n > 0 {
			fast(&x[0], n)
		}
	}
	x = x[n:]
	switch f { // the frequent ones without asking for each value which it is
	case Relu:
		for i, v := range x {
			x[i] = rectify(v)
		}
	case Swish:
		for i, v := range x {
			x[i] = v * logistic(v)
		}
	case Gelu:
		for i, v := range x {
			x[i] = gaussian(v)
		}
	default:
		for i, v := range x {
			x[i] = f.of(v)
		}
	}
}

func (f Activation) of(x float32) float32 {
	switch f {
	case Relu:
		return rectify(x)
	case Relu6:
		return min(max(x, 0), 6)
	case Sigmoid:
		return logistic(x)
	case Swish:
		return x * logistic(x)
	case HardSigmoid:
		return min(max(x/6+0.5, 0), 1)
	case HardSwish:
		return x * min(max(x/6+0.5, 0), 1)
	case Gelu:
		return gaussian(x)
	case GeluTanh:
		// (1+tanh(y))/2 is the logistic function of 2y.
		const line, cube = 1.59576912160573071, 1.59576912160573071 * 0.044715 // 2 sqrt(2/pi)
		return x * logistic(x*(line+cube*(x*x)))
	case Tanh:
		return float32(math.Tanh(float64(x)))
	case Erf:
		return float32(math.Erf(float64(x)))
	case Exp:
		return float32(math.Exp(float64(x)))
	case Sqrt:
		return float32(math.Sqrt(float64(x)))
	}
	return x
}
