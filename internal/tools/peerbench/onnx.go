//go:build unix

package main

import (
	_ "embed"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

var (
	//go:embed onnx_export.py
	exportScript string

	//go:embed onnx_ort.js
	ortScript string

	//go:embed onnx_torch.py
	torchScript string

	//go:embed onnx_gomlx.go.txt
	gomlxProgram string
)

// gomlxModule is the module of that program. Of the networks it runs resnet50
// alone: the others have operators or attributes that onnx-gomlx does not.
const (
	gomlxNetwork = "resnet50"
	gomlxModule  = "module gomlxpeer\n\ngo 1.26\n\nrequire (\n\tgithub.com/gomlx/gomlx v0.26.0\n\tgithub.com/gomlx/onnx-gomlx v0.3.4\n)\n"
)

// networks are those of onnx_export.py: torchvision's name, the side of a film
// in pixels, and how many batches of one are timed.
var networks = []struct {
	name        string
	side, times int
}{
	{"efficientnet_b0", 224, 30},
	{"efficientnet_b4", 380, 4},
	{"mobilenet_v3_small", 224, 100},
	{"resnet50", 224, 8},
	{"densenet121", 224, 10},
	{"convnext_tiny", 224, 6},
	{"vit_b_16", 224, 3},
	{"swin_t", 224, 6},
}

// onnxPart compares inference. Models are exported once into a folder.
func onnxPart(b *bench, args []string) error {
	f := flag.NewFlagSet("onnx", flag.ContinueOnError)
	folder := f.String("models", "", "folder of the exported networks, filled where they are missing; empty: exported anew")
	modules := f.String("node_modules", "node_modules", "folder that has onnxruntime-node 1.30 (npm install onnxruntime-node@1.30)")
	only := f.String("only", "", "names of networks, separated by commas; empty: all")
	quick := f.Bool("quick", false, "one thread and batches of one only")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *folder == "" {
		*folder = b.dir
	}
	python, ok := b.python("torch, torchvision, onnx", "python3-torchvision python3-onnx")
	if !ok {
		return nil
	}
	node, ok := b.tool("node", "nodejs")
	if !ok {
		return nil
	}
	absolute, err := filepath.Abs(*modules)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(absolute, "onnxruntime-node")); err != nil {
		b.note("without ONNX Runtime: npm install onnxruntime-node@1.30, and -node_modules")
		return nil
	}
	peers := peers{python: python, node: node, modules: absolute}
	if *only == "" || strings.Contains(","+*only+",", ","+gomlxNetwork+",") {
		if peers.gomlx, err = buildGoMLX(b); err != nil {
			return err
		}
	}
	if *only == "" || strings.Contains(","+*only+",", ",plain,") {
		if err := compareStock(b, python, *folder); err != nil {
			return err
		}
	}
	for _, n := range networks {
		if *only != "" && !strings.Contains(","+*only+",", ","+n.name+",") {
			continue
		}
		path := filepath.Join(*folder, n.name+".onnx")
		if err := export(python, *folder, n.name); err != nil {
			return err
		}
		for _, s := range []setting{{1, 1}, {8, 1}, {1, 2}, {8, 2}} {
			if *quick && s != (setting{1, 1}) {
				continue
			}
			if err := peers.compare(b, n.name, path, n.side, max(1, n.times/s.batch), s); err != nil {
				return err
			}
		}
	}
	return nil
}

// export writes a network's file unless it is there.
func export(python, folder, name string) error {
	if out, err := exec.Command(python, "-c", exportScript, folder, name).CombinedOutput(); err != nil {
		return fmt.Errorf("exporting %s: %w: %s", name, err, out)
	}
	return nil
}

// compareStock runs a plain network beside the same of Gorgonia's own operations.
func compareStock(b *bench, python, folder string) error {
	if err := export(python, folder, "plain"); err != nil {
		return err
	}
	const times = 5
	args := []string{filepath.Join(folder, "plain.onnx"), fmt.Sprint(plainSide), "1", "1", fmt.Sprint(times)}
	ours, theirs := b.file("ours"), b.file("theirs")
	err := b.compare("plain network, batch 1, threads 1 (CPU)",
		contender{name: "ours", command: b.child(append(append([]string{"infer"}, args...), ours)...), times: times},
		contender{name: "stock Gorgonia", command: b.child(append(append([]string{"stock"}, args...), theirs)...), times: times})
	if err != nil {
		return err
	}
	d, err := largestDifference(ours, theirs)
	if err != nil {
		return err
	}
	b.note("plain network: largest difference to stock Gorgonia %.1g of the output's spread", d)
	return nil
}

// A setting is how many films are given at once, to how many threads.
type setting struct{ batch, threads int }

// peers are what inference is compared with.
type peers struct{ python, node, modules, gomlx string }

// buildGoMLX builds the program that runs a network by GoMLX.
func buildGoMLX(b *bench) (program string, err error) {
	dir := b.file("gomlx")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	for name, text := range map[string]string{"main.go": gomlxProgram, "go.mod": gomlxModule} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	for _, args := range [][]string{{"mod", "tidy"}, {"build", "-o", "peer", "."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("GoMLX: go %s: %w: %s", args[0], err, out)
		}
	}
	return filepath.Join(dir, "peer"), nil
}

func (p peers) compare(b *bench, name, path string, side, times int, s setting) error {
	ours, theirs := b.file("ours"), b.file("theirs")
	numbers := func(values ...int) []string {
		words := make([]string, len(values))
		for i, v := range values {
			words[i] = fmt.Sprint(v)
		}
		return words
	}
	args := numbers(side, s.batch, s.threads, times)
	command := func(words ...string) []string { return append(words, args...) }
	measure := "CPU"
	if s.threads > 1 {
		measure = "elapsed"
	}
	others := []contender{
		{name: "ONNX Runtime", command: append(command(p.node, "-e", ortScript, p.modules, path), theirs), times: times},
		{name: "PyTorch", command: command(p.python, "-c", torchScript, name), times: times},
	}
	if name == gomlxNetwork && s == (setting{1, 1}) { // once is long enough
		others = append(others, contender{name: "GoMLX", command: append([]string{p.gomlx, path}, numbers(side, 1, 1, 1)...), times: 1})
	}
	err := b.compare(fmt.Sprintf("%s, batch %d, threads %d (%s)", name, s.batch, s.threads, measure),
		contender{name: "ours", command: append(command(b.child("infer", path)...), ours), times: times}, others...)
	if err != nil {
		return err
	}
	d, err := largestDifference(ours, theirs)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if d > 1e-4 {
		return fmt.Errorf("%s: %.2g of the output's spread from ONNX Runtime", name, d)
	}
	b.note("%s: largest difference to ONNX Runtime %.1g of the output's spread", name, d)
	return nil
}

// largestDifference compares two files of float32, as a share of the spread of
// the second.
func largestDifference(ours, theirs string) (float64, error) {
	var values [2][]float64
	for i, name := range []string{ours, theirs} {
		data, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		for ; len(data) >= 4; data = data[4:] {
			values[i] = append(values[i], float64(math.Float32frombits(binary.LittleEndian.Uint32(data))))
		}
	}
	if len(values[0]) != len(values[1]) || len(values[0]) == 0 {
		return 0, fmt.Errorf("outputs of %d and %d values", len(values[0]), len(values[1]))
	}
	low, high, d := math.Inf(1), math.Inf(-1), 0.0
	for i, v := range values[1] {
		low, high = min(low, v), max(high, v)
		d = max(d, math.Abs(v-values[0][i]))
	}
	return d / (high - low), nil
}
