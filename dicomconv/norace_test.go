//go:build !race

package dicomconv_test

const raceDetector = false
