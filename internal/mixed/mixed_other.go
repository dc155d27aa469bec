//go:build !amd64

package mixed

func Dot4(x *[4][]float32, w []float64, out *[4]float64) { dot4Generic(x, w, out) }

func Axpy4(a *[4]float64, x *[4][]float32, y []float64) { axpy4Generic(a, x, y) }

func Dot4Single(x *[4][]float32, w []float32, out *[4]float32) { dot4SingleGeneric(x, w, out) }
