//go:build !amd64

package resample

func blendVectors([]float32, []uint16, float32) int { return 0 }
