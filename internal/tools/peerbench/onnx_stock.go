//go:build unix

package main

import (
	"fmt"
	"os"
	"runtime"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/cxrkit/cxrkit/internal/onnx"
)

// plainSide is the side of the plain network's films in pixels.
const plainSide = 112

// stock runs the plain network of onnx_export.py with Gorgonia's own operations.
// Arguments are those of infer; batch and threads are 1.
func stock(args []string) error {
	if len(args) != 6 {
		return fmt.Errorf("stock: %d arguments, want 6", len(args))
	}
	n, err := atoi(args[4])
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	data, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	model, err := onnx.Parse(data, nil)
	if err != nil {
		return err
	}
	film := noise(0, plainSide)
	var input []float32
	for range 3 {
		for _, v := range film.Pix {
			input = append(input, float32(float64(v)*(2./65535)-1))
		}
	}
	g := gorgonia.NewGraph()
	constant := func(name string, shape ...int) *gorgonia.Node {
		values := model.Initializers[name].Floats()
		return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name),
			gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(values))))
	}
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(1, 3, plainSide, plainSide), gorgonia.WithName("film"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(1, 3, plainSide, plainSide), tensor.WithBacking(input))))
	// Places of the layers in the sequence, with their channels.
	for _, l := range []struct{ at, in, out, pool int }{{0, 3, 32, 2}, {3, 32, 64, 2}, {6, 64, 64, 0}, {8, 64, 64, 0}} {
		w := constant(fmt.Sprintf("%d.weight", l.at), l.out, l.in, 3, 3)
		bias := constant(fmt.Sprintf("%d.bias", l.at), 1, l.out, 1, 1)
		x = gorgonia.Must(gorgonia.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
		x = gorgonia.Must(gorgonia.Rectify(gorgonia.Must(gorgonia.BroadcastAdd(x, bias, nil, []byte{0, 2, 3}))))
		if l.pool > 0 {
			x = gorgonia.Must(gorgonia.MaxPool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
		}
	}
	x = gorgonia.Must(gorgonia.Reshape(gorgonia.Must(gorgonia.GlobalAveragePool2D(x)), tensor.Shape{1, 64}))
	w := gorgonia.Must(gorgonia.Transpose(constant("12.weight", 10, 64), 1, 0))
	x = gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Mul(x, w)), constant("12.bias", 1, 10)))
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	run := func() error {
		vm.Reset()
		return vm.RunAll()
	}
	if err := run(); err != nil {
		return err
	}
	out := append([]float32(nil), x.Value().Data().([]float32)...)
	start := cpuTime()
	for range n[0] {
		if err := run(); err != nil {
			return err
		}
	}
	fmt.Println("-", (cpuTime() - start).Seconds())
	return writeFloats32(args[5], out)
}
