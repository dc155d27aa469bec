package resample

import "golang.org/x/sys/cpu"

//go:noescape
func blendAVX2(line *float32, row *uint16, w float32, n int)

var hasAVX2 = cpu.X86.HasAVX2

// blendVectors adds row*w to the line as far as vectors reach, and tells how far that
// is.
func blendVectors(line []float32, row []uint16, w float32) int {
	n := len(row) &^ 15
	if !hasAVX2 || n == 0 {
		return 0
	}
	blendAVX2(&line[:n][0], &row[0], w, n)
	return n
}
