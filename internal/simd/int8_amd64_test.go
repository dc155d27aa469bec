package simd

// integerFeatures are nothing, and then what products of bytes run on, from the
// fastest, each of which is taken from this processor until it is restored.
var integerFeatures = []func() (restore func()){
	func() (restore func()) { return func() {} },
	func() (restore func()) { return UseAMX(false) },
	func() (restore func()) { return without(&hasVNNI) },
	func() (restore func()) { return without(&hasAVXVNNI) },
}

func without(feature *bool) (restore func()) {
	before := *feature
	*feature = false
	return func() { *feature = before }
}
