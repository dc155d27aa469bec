// Package pretrain_test runs the scripts of this folder, which are Python.
package pretrain_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed/local"
)

// python is a Python that has what the scripts need.
func python(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("trains a network")
	}
	scripts, err := filepath.Glob("*.py")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, name := range scripts { // read, so that a result in go's cache is one of these scripts
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, "-c", "import torch, scipy, onnx, PIL").Run() == nil {
			return name
		}
	}
	t.Skip("no Python with torch, scipy, onnx and PIL: README.md says how to install them")
	return ""
}

// data writes a data folder like the real one, of a few small phantoms.
func data(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var table bytes.Buffer
	rows := csv.NewWriter(&table)
	rows.Write([]string{"role", "source", "image_id", "abnormal", "findings", "patient", "view"})
	seed := uint64(0)
	for _, source := range []string{"kermany", "rsna_normal", "covid_radiography", "tb_rahman", "nih_dev", "nih1000_64px"} {
		var file bytes.Buffer
		films := zip.NewWriter(&file)
		for i := range 24 {
			seed++
			sick := i%4 > 1
			m := draw(phantom.Film{Seed: seed, Anatomy: seed, Size: 64, Has: [4]bool{phantom.Effusion: sick}})
			id, finding := fmt.Sprintf("%s/%d.jpg", source, i), "No Finding"
			if sick {
				finding = "Viral pneumonia"
			}
			w, err := films.Create(id)
			if err == nil {
				err = jpeg.Encode(w, m, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			rows.Write([]string{"pretrain", source, id, fmt.Sprint(i % 4 / 2), finding, fmt.Sprint(source, ":", i/2), ""})
		}
		if err := films.Close(); err != nil {
			t.Fatal(err)
		}
		write(source+".zip", file.Bytes())
	}
	rows.Flush()
	write("labels.csv", table.Bytes())
	wild(t, write)
	return dir
}

// wild writes films of many views and licenses, most with masks of their lungs.
func wild(t *testing.T, write func(name string, content []byte)) {
	t.Helper()
	var table, films, lungs bytes.Buffer
	rows := csv.NewWriter(&table)
	rows.Write([]string{"role", "source", "image_id", "abnormal", "findings", "patient", "view", "licence", "lungs"})
	filmZip, lungZip := zip.NewWriter(&films), zip.NewWriter(&lungs)
	for i := range 100 {
		m := draw(phantom.Film{Seed: uint64(1000 + i), Anatomy: uint64(i), Size: 64})
		view, masked := "PA", "1"
		if i%10 == 9 {
			view, masked = "L", ""
		}
		id := fmt.Sprintf("wild/%d", i)
		w, err := filmZip.Create(id + ".jpg")
		if err == nil {
			err = jpeg.Encode(w, m, nil)
		}
		if err == nil && masked != "" {
			mask := image.NewGray(image.Rect(0, 0, 64, 64))
			for p := range mask.Pix {
				x, y := p%64, p/64
				if y > 12 && y < 44 && (x > 12 && x < 28 || x > 36 && x < 52) {
					mask.Pix[p] = 255
				}
			}
			if w, err = lungZip.Create(id + ".png"); err == nil {
				err = png.Encode(w, mask)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		rows.Write([]string{"pretrain", "wild", id + ".jpg", "", "COVID-19", fmt.Sprint("wild:", i), view, "CC BY 4.0", masked})
	}
	if err := errors.Join(filmZip.Close(), lungZip.Close()); err != nil {
		t.Fatal(err)
	}
	rows.Flush()
	write("wild.csv", table.Bytes())
	write("wild.zip", films.Bytes())
	write("wild_lungs.zip", lungs.Bytes())
}

func draw(f phantom.Film) image.Image {
	p := f.Draw()
	m := image.NewGray(image.Rect(0, 0, p.Width, p.Height))
	for i, v := range p.Pix {
		m.Pix[i] = uint8(255 * v)
	}
	return m
}

// kill starts a command and kills it when there is a checkpoint.
func kill(t *testing.T, command func(context.Context) *exec.Cmd, checkpoint string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := command(ctx)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(checkpoint); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no checkpoint after five minutes")
		}
	}
	cancel()
	if c.Wait() == nil {
		t.Fatal("training was over before it could be killed")
	}
}

// A run that was killed goes on from its checkpoint, and ends with the weights
// of one that was not. What it learned opens as a model.
func TestKilledTrainingGoesOn(t *testing.T) {
	python, data := python(t), data(t)
	cache := t.TempDir()
	masks := filepath.Join(t.TempDir(), "lungs.pt")
	segmenter := exec.Command(python, "lungs.py", "--data", data, "--cache", cache, "--out", masks, "--device", "cpu", "--widths", "4,8,8,8,8", "--steps", "8", "--batch", "8")
	if out, err := segmenter.CombinedOutput(); err != nil || !strings.Contains(string(out), "held out: ") {
		t.Fatalf("%v: %s", err, out)
	}
	train := func(ctx context.Context, out string) *exec.Cmd {
		return exec.CommandContext(ctx, python, "train.py", "--data", data, "--cache", cache, "--lungs", masks, "--out", out, "--device", "cpu",
			"--films", "8,8,4,4,4", "--stem", "4", "--widths", "8,8,8,16", "--depths", "2,2,2,2", "--sides", "32,48", "--steps", "12,8", "--rate", "1e-3",
			"--agree", "1,0.3", "--every", "5", "--figures", "10")
	}
	whole, pieces := t.TempDir(), t.TempDir()
	if out, err := train(t.Context(), whole).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	kill(t, func(ctx context.Context) *exec.Cmd { return train(ctx, pieces) }, filepath.Join(pieces, "checkpoint.pt"))
	if out, err := train(t.Context(), pieces).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	const compare = `
import sys, torch
a, b = (torch.load(f + "/checkpoint.pt") for f in sys.argv[1:])
assert a["step"] == b["step"] == 20, (a["step"], b["step"])
for part in ("encoder", "average", "heads"):
    assert all(torch.equal(v, b[part][k]) for k, v in a[part].items()), part`
	if out, err := exec.Command(python, "-c", compare, whole, pieces).CombinedOutput(); err != nil {
		t.Errorf("the pieces gave other weights: %s", out)
	}

	model := filepath.Join(t.TempDir(), "model.onnx")
	out, err := exec.Command(python, "export.py", "encoder", filepath.Join(pieces, "checkpoint.pt"),
		"--data", data, "--cache", cache, "--lungs", masks, "--out", model, "--name", "tiny").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	e, err := local.Open(model, nil)
	if err != nil {
		t.Fatal(err)
	}
	film := &cxr.Image{ID: "film", Width: 64, Height: 64, Depth: 8, Recipe: cxr.Standard, Pix: make([]uint16, 64*64)}
	for i := range film.Pix {
		film.Pix[i] = uint16(i * 7 % 251)
	}
	v, err := e.Embed(t.Context(), film)
	if err != nil || e.Space().Model != "tiny" || e.Preprocess().Width != 48 || v[0].Validate() != nil {
		t.Errorf("%+v, error %v", e.Space(), err)
	}

	again := t.TempDir()
	out, err = exec.Command(python, "restart.py", model, "--data", data, "--cache", cache, "--lungs", masks, "--out", again,
		"--films", "8,8,4,4,4", "--steps", "3", "--device", "cpu", "--side", "48", "--step", "20").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const equal = `
import sys, torch
import export
a, b = (export.load(f + "/checkpoint.pt")[0] for f in sys.argv[1:])
x = torch.randn(8, 1, 48, 48, generator=torch.Generator().manual_seed(1))
with torch.no_grad():
    a, b = a(x), b(x)
assert (a - b).abs().max() < 3e-3 * a.abs().max(), (a - b).abs().max()  # weights were float16 in between
paths = [f + "/checkpoint.pt" for f in sys.argv[1:]]
a, b = (torch.load(p)["average"] for p in paths)
for k, v in export.load(*paths)[0].state_dict().items():
    assert not v.is_floating_point() or torch.allclose(v, (a[k] + b[k]) / 2), "mean of " + k
`
	if out, err := exec.Command(python, "-c", equal, pieces, again).CombinedOutput(); err != nil {
		t.Errorf("the model file gave another encoder: %s", out)
	}

	distill := func(ctx context.Context, out string) *exec.Cmd {
		return exec.CommandContext(ctx, python, "distill.py", "--data", data, "--cache", cache, "--lungs", masks, "--out", out, "--device", "cpu",
			"--start", filepath.Join(again, "checkpoint.pt"), "--teachers", filepath.Join(whole, "checkpoint.pt")+","+filepath.Join(again, "checkpoint.pt"),
			"--films", "8,8,4,4,4", "--pool", "8", "--side", "48", "--batch", "64", "--steps", "40", "--rate", "1e-3", "--every", "4")
	}
	taughtWhole, taughtPieces := t.TempDir(), t.TempDir()
	if out, err := distill(t.Context(), taughtWhole).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	kill(t, func(ctx context.Context) *exec.Cmd { return distill(ctx, taughtPieces) }, filepath.Join(taughtPieces, "checkpoint.pt"))
	if out, err := distill(t.Context(), taughtPieces).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const taught = `
import json, sys, torch
a, b = (torch.load(f + "/checkpoint.pt") for f in sys.argv[1:])
assert a["step"] == b["step"] == 40, (a["step"], b["step"])
assert all(torch.equal(v, b["average"][k]) for k, v in a["average"].items())
log = [json.loads(l) for l in open(sys.argv[1] + "/log.jsonl")]
losses = [l["loss"] for l in log if "loss" in l]
assert losses[-1] < 0.6 * losses[0], losses`
	if out, err := exec.Command(python, "-c", taught, taughtWhole, taughtPieces).CombinedOutput(); err != nil {
		t.Errorf("distillation: %s", out)
	}

	log, err := os.ReadFile(filepath.Join(whole, "log.jsonl"))
	if err != nil || strings.Count(string(log), "\n") != 4 || !strings.Contains(string(log), "kermany to nih_dev") {
		t.Errorf("log %s, error %v", log, err)
	}
}

// The segmenter learns where lungs are, the film check learns on its masks, and
// both open as models.
func TestFilmCheckTrains(t *testing.T) {
	python, data := python(t), data(t)
	dir := t.TempDir()
	masks, checked, model := filepath.Join(dir, "lungs.pt"), filepath.Join(dir, "check.pt"), filepath.Join(dir, "model.onnx")
	for _, args := range [][]string{
		{"lungs.py", "--data", data, "--cache", dir, "--out", masks, "--device", "cpu", "--widths", "8,8,8,16,16", "--steps", "120", "--batch", "8"},
		{"check.py", "--data", data, "--cache", dir, "--lungs", masks, "--strangers", "", "--out", checked, "--device", "cpu", "--steps", "2", "--batch", "48"},
		{"export.py", "check", checked, "--out", model},
		{"export.py", "lungs", masks, "--out", model},
	} {
		if out, err := exec.Command(python, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
		if args[0] == "export.py" {
			if _, err := local.Open(model, nil); err != nil {
				t.Error(args, err)
			}
		}
	}
}
