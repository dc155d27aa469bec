//go:build race

package dicomconv_test

const raceDetector = true // it allocates for itself
