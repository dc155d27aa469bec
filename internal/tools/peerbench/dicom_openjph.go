//go:build unix

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cxrkit/cxrkit/internal/codec"
	"github.com/cxrkit/cxrkit/internal/codec/j2k"
	"github.com/cxrkit/cxrkit/internal/dicomscan"
)

//go:embed dicom_openjph.js
var openjphScript string

// compareOpenJPH times decoding of high-throughput JPEG 2000 beside OpenJPH in
// WebAssembly, which encodes film.
func compareOpenJPH(b *bench, prefix, film, modules string) error {
	node, ok := b.tool("node", "nodejs")
	if !ok {
		return nil
	}
	if modules, err := filepath.Abs(modules); err != nil {
		return err
	} else if _, err := os.Stat(filepath.Join(modules, "@cornerstonejs", "codec-openjph")); err != nil {
		b.note("without OpenJPH: npm install @cornerstonejs/codec-openjph, and -node_modules")
		return nil
	}
	modules, _ = filepath.Abs(modules) // it has succeeded
	data, err := os.ReadFile(film)
	if err != nil {
		return err
	}
	f, err := dicomscan.Scan(data, dicomscan.Limits{Elements: 10_000, Depth: 32, Pixels: 64 << 20, Inflated: 1 << 30})
	if err != nil {
		return err
	}
	g := f.Geometry()
	raw := b.file("openjph.raw")
	if err := os.WriteFile(raw, f.PixelData.Native, 0o666); err != nil {
		return err
	}
	width, height, times := fmt.Sprint(g.Columns), fmt.Sprint(g.Rows), fmt.Sprint(decodes)
	for _, kind := range []struct{ work, step, exact string }{{"HTJ2K lossless", "0", "yes"}, {"HTJ2K lossy", "0.002", "no"}} { // lossy ones round otherwise
		coded := b.file("openjph.j2c")
		encode := exec.Command(node, "-e", openjphScript, modules, "encode", raw, width, height, "16", kind.step, coded)
		if out, err := encode.CombinedOutput(); err != nil {
			b.note("%s%s: the peer cannot encode it: %v: %s", prefix, kind.work, err, bytes.TrimSpace(out))
			continue
		}
		for _, clock := range []string{"cpu", "elapsed"} {
			work := prefix + "decode " + kind.work
			if clock == "elapsed" {
				work += ", elapsed"
			}
			ours := contender{name: "ours", command: b.child("decodeht", coded, times, clock, width, height), times: decodes}
			peer := contender{name: "OpenJPH, WebAssembly", command: []string{node, "-e", openjphScript, modules, "decode", coded, times, clock, kind.exact}, times: decodes}
			if err := b.compare(work, ours, peer); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodeHT decodes a codestream so many times, after one that grows the heap.
// Arguments: file, times, clock ("cpu" or "elapsed"), width, height.
func decodeHT(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("decodeht: %d arguments, want 5", len(args))
	}
	src, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var n [3]int
	for i, s := range []string{args[1], args[3], args[4]} {
		if n[i], err = strconv.Atoi(s); err != nil {
			return err
		}
	}
	var frame *codec.Frame
	decode := func(times int) error {
		for range times {
			if frame, err = j2k.Decode(src, codec.Shape{Width: n[1], Height: n[2], Components: 1}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := decode(1); err != nil {
		return err
	}
	cpu, start := cpuTime(), time.Now()
	if err := decode(n[0]); err != nil {
		return err
	}
	took := time.Since(start)
	if args[2] == "cpu" {
		took = cpuTime() - cpu
	}
	fmt.Println(digest(frame.Pix), took.Seconds())
	return nil
}
