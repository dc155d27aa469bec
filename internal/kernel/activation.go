package kernel

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
)

// Apply sets each value to the function of it. NaN stays NaN.
func (f Activation) Apply(x []float32) {
	switch f {
	case None:
	case Relu:
		for i := rectify(x); i < len(x); i++ {
			if x[i] < 0 {
				x[i] = 0
			}
		}
	case Sigmoid:
		for i := sigmoid(x); i < len(x); i++ {
			x[i] = logistic(x[i])
		}
	case Swish:
		for i := swish(x); i < len(x); i++ {
			x[i] *= logistic(x[i])
		}
	default:
		for i, v := range x {
			x[i] = f.of(v)
		}
	}
}

func (f Activation) of(x float32) float32 {
	switch f {
	case Relu6:
		return min(max(x, 0), 6)
	case HardSigmoid:
		return min(max(x/6+0.5, 0), 1)
	case HardSwish:
		return x * min(max(x/6+0.5, 0), 1)
	case Gelu:
		return float32(0.5 * float64(x) * (1 + math.Erf(float64(x)*math.Sqrt2/2)))
	case GeluTanh:
		v := float64(x)
		return float32(0.5 * v * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v))))
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

func logistic(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// Add adds src to dst, of equal length, and takes f of the sums.
func Add(dst, src []float32, f Activation) {
	src = src[:len(dst)]
	if f == Relu {
		for i := addRectify(dst, src); i < len(dst); i++ {
			dst[i] = max(dst[i]+src[i], 0)
		}
		return
	}
	for i := add(dst, src); i < len(dst); i++ {
		dst[i] += src[i]
	}
	f.Apply(dst)
}
