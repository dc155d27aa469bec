package resample

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// TestMethods compares with what the programs themselves make (testdata/methods.py).
func TestMethods(t *testing.T) {
	var tests []struct {
		Program, Filter string
		White           int
		In, Out         [2]int
		Pixels          []float64
	}
	b, err := os.ReadFile("testdata/methods.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &tests); err != nil {
		t.Fatal(err)
	}
	programs := map[string]Program{"pillow": Pillow, "torch": Torch, "torch plain": TorchPlain, "opencv": OpenCV, "scikit-image": ScikitImage}
	filters := map[string]Filter{"nearest": Nearest, "box": Box, "linear": Linear, "hamming": Hamming, "cubic half": CubicHalf, "lanczos": Lanczos, "cubic three": CubicThree}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s %s of %d %v to %v", test.Program, test.Filter, test.White, test.In, test.Out), func(t *testing.T) {
			m := Method{programs[test.Program], filters[test.Filter]}
			width, height := test.In[0], test.In[1]
			ints, floats := make([]uint16, width*height), make([]float32, width*height)
			for i := range ints {
				x, y := i%width, i/width
				ints[i] = uint16((x*7919 + y*104729 + x*y*31) % (test.White + 1))
				floats[i] = float32(ints[i])
			}
			if len(test.Pixels) != test.Out[0]*test.Out[1] {
				t.Fatalf("%d pixels", len(test.Pixels))
			}
			var got []float64
			tolerance := 0.12 // of 65535; the file is rounded to 0.1
			if test.White == 255 {
				tolerance = 0
				if m.Program == OpenCV && m.Filter != Nearest { // has 11 bits behind the point
					tolerance = 1
				}
				for _, v := range m.Bytes(ints, width, height, test.Out[0], test.Out[1]) {
					got = append(got, float64(v))
				}
			} else {
				for _, v := range m.Floats(floats, width, height, test.Out[0], test.Out[1], 0) {
					got = append(got, float64(v))
				}
			}
			differ := 0
			for i, want := range test.Pixels {
				if d := math.Abs(got[i] - want); d > tolerance {
					t.Errorf("pixel %d is %v, want %v", i, got[i], want)
				} else if d > 0 {
					differ++
				}
			}
			if test.White == 255 && differ > 0 {
				t.Logf("%d of %d differ by one", differ, len(got))
			}
		})
	}
	if len(tests) < 100 {
		t.Errorf("%d tests", len(tests))
	}
}

func BenchmarkBytes(b *testing.B) {
	const width, height = 2048, 2500
	src := noise(width, height, 255)
	for name, m := range map[string]Method{"pillow bicubic": {Pillow, CubicHalf}, "torch bicubic": {Torch, CubicHalf}, "opencv area": {OpenCV, Box}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(width * height)
			b.ReportAllocs()
			for b.Loop() {
				m.Bytes(src, width, height, 518, 632)
			}
		})
	}
}
