//go:build unix

package main

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"

	"github.com/cxrkit/cxrkit/cxr"
)

//go:embed resize_pillow.py
var pillowScript string

// resizes is how often a process scales a film.
const resizes = 50

// compareResize times scaling the film's stored values, beside Pillow.
func compareResize(b *bench, film []byte) error {
	python, ok := b.python("numpy, PIL", "python3-numpy python3-pil")
	if !ok {
		return nil
	}
	raw := b.file("film.raw")
	if err := os.WriteFile(raw, film[len(film)-2*filmWidth*filmHeight:], 0o600); err != nil { // the last element
		return err
	}
	tests := []struct {
		kernel cxr.Kernel
		pillow string
		side   int
	}{
		{cxr.KernelArea, "BOX", 224},
		{cxr.KernelBilinear, "BILINEAR", 224},
		{cxr.KernelCubic, "BICUBIC", 1024},
	}
	for _, test := range tests {
		args := []string{fmt.Sprint(resizes), raw, fmt.Sprint(filmWidth), fmt.Sprint(filmHeight), fmt.Sprint(test.side)}
		ours := contender{name: "ours", command: b.child(append([]string{"resize"}, append(args, fmt.Sprint(int(test.kernel)))...)...), times: resizes}
		peer := contender{name: "Pillow", command: append([]string{python, "-c", pillowScript}, append(args, test.pillow)...), times: resizes}
		if err := b.compare(fmt.Sprintf("resize to %d x %d, %v", test.side, test.side, test.kernel), ours, peer); err != nil {
			return err
		}
	}
	return nil
}

// resize scales raw pixels so many times. Arguments: times, file, width,
// height, side, kernel.
func resize(args []string) error {
	if len(args) != 6 {
		return fmt.Errorf("resize: %d arguments, want 6", len(args))
	}
	var n [6]int
	for i, a := range args {
		if i == 1 {
			continue
		}
		var err error
		if n[i], err = strconv.Atoi(a); err != nil {
			return err
		}
	}
	raw, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	m := &cxr.Image{Width: n[2], Height: n[3], Depth: 16, Pix: make([]uint16, len(raw)/2)}
	for i := range m.Pix {
		m.Pix[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	for range n[0] {
		if err := m.Resize(n[4], n[4], cxr.Kernel(n[5])).Validate(); err != nil {
			return err
		}
	}
	return nil
}
