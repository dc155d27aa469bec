package simd

func withoutVNNI() (restore func()) {
	before := hasVNNI
	hasVNNI = false
	return func() { hasVNNI = before }
}
