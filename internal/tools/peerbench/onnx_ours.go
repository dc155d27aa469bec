//go:build unix

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"runtime"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local"
)

// infer embeds films so many times and writes the first film's embedding.
// Arguments: model, side, batch, threads, times, file.
func infer(args []string) error {
	if len(args) != 6 {
		return fmt.Errorf("infer: %d arguments, want 6", len(args))
	}
	n, err := atoi(args[1], args[2], args[3], args[4])
	if err != nil {
		return err
	}
	side, batch, threads, times := n[0], n[1], n[2], n[3]
	runtime.GOMAXPROCS(threads)
	together := 1 // threads on one film: all, where there is only one
	if batch == 1 {
		together = threads
	}
	e, err := local.Open(args[0], &local.Options{Parallel: min(threads, batch), Threads: together, Preprocess: &local.Preprocess{Width: side, Height: side, Low: -1, High: 1}})
	if err != nil {
		return err
	}
	films := make([]*cxr.Image, batch)
	for i := range films {
		films[i] = noise(i, side)
	}
	first, err := e.Embed(context.Background(), films...)
	if err != nil {
		return err
	}
	start, cpu := time.Now(), cpuTime()
	for range times {
		if _, err := e.Embed(context.Background(), films...); err != nil {
			return err
		}
	}
	took := time.Since(start)
	if threads == 1 {
		took = cpuTime() - cpu
	}
	fmt.Println("-", took.Seconds())
	return writeFloats32(args[5], first[0].Values)
}

// noise is film i; onnx_ort.js makes the same.
func noise(i, side int) *cxr.Image {
	im := &cxr.Image{ID: fmt.Sprint(i), Width: side, Height: side, Depth: 16, Pix: make([]uint16, side*side)}
	for k := range im.Pix {
		im.Pix[k] = uint16(uint32(k+i) * 2654435761 >> 16)
	}
	return im
}

func writeFloats32(name string, values []float32) error {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return os.WriteFile(name, out, 0o600)
}
