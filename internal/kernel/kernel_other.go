//go:build !amd64

package kernel

func detect() Path { return Generic }

func tileRows(Path, int) int { return 1 }

func tile(_ Path, _, k int, a []float32, _ int, b, c []float32, _ int, bias []float32) {
	genericTile(k, a, b, c, bias)
}

// Each does as many values as it has assembly for: none here.

func rectify([]float32) int         { return 0 }
func add(_, _ []float32) int        { return 0 }
func addRectify(_, _ []float32) int { return 0 }
func sigmoid([]float32) int         { return 0 }
func swish([]float32) int           { return 0 }

func depthwisePixel(_, _, _, _ []float32, _, _ []int) int { return 0 }
