package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
)

const model = "../../embed/local/testdata/resnet.onnx"

func onnx(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), args, &out, &errs)
	return out.String() + errs.String(), err
}

func TestTellsWhatIsInAModel(t *testing.T) {
	out, err := onnx(t, "-model", model, "-output", "features")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ONNX opset 13\n", "input film [-1 3 64 64]\n", "output output [-1 7]\n", " Conv 17 ", "MB of memory", "embedding 1 x 40 of films of 64 x 64 pixels, 3 channels\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// The raw way gives what embed/local's tests have from ONNX Runtime.
func TestRawValues(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.f32"), filepath.Join(dir, "out.f32")
	var b []byte
	for k := range uint32(3 * 64 * 64) {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits((float32(k*2654435761>>22)-512)/512))
	}
	if err := os.WriteFile(in, b, 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := onnx(t, "-model", model, "-raw", in, "-shape", "1,3,64,64", "-out", out)
	if err != nil || !strings.Contains(text, "output [1 7] [") {
		t.Fatalf("%s, error %v", text, err)
	}
	got, err := os.ReadFile(out)
	if err != nil || len(got) != 4*7 {
		t.Fatalf("%d bytes, error %v", len(got), err)
	}
	if err := os.WriteFile(in, b[:100], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := onnx(t, "-model", model, "-raw", in); err == nil || !strings.Contains(err.Error(), "25 values for an input of 3 x 64 x 64") {
		t.Errorf("error %v", err)
	}
}

func TestEmbedsFilms(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	film := image.NewGray16(image.Rect(0, 0, 90, 80))
	for i := range film.Pix {
		film.Pix[i] = byte(i * 7)
	}
	if err := png.Encode(&b, film); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"a.png": b.Bytes(), "broken.png": b.Bytes()[:200]} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out, err := onnx(t, "-model", model, filepath.Join(dir, "*.png"))
	if err == nil || err.Error() != "1 film failed" || !strings.Contains(out, "a.png [") || !strings.Contains(out, "broken.png: ") {
		t.Errorf("%s, error %v", out, err)
	}
}

// Without arguments the model is the one inside, and films are synthetic.
func TestWithoutArguments(t *testing.T) {
	out, err := onnx(t)
	if err != nil || !strings.Contains(out, "embedding 1 x 1792 of films of 160 x 160 pixels, 1 channel\n") || !strings.Contains(out, "phantom5.dcm [") {
		t.Errorf("%s, error %v", out, err)
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"not an ONNX file":                 {"-model", "main.go"},
		"there is no folder":               {"-model", model, "-out", "none/raw"},
		"no such file":                     {"-model", "none.onnx"},
		`-size "big", want one like 224`:   {"-model", model, "-size", "big"},
		`-shape "3,2", want one like 1,3,`: {"-model", model, "-shape", "3,2"},
		"both -size and -shape":            {"-model", model, "-shape", "1,3,2,2", "-size", "2x2"},
		"model for films of 64 x 64":       {"-model", model, "-size", "32x32"},
	} {
		if _, err := onnx(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}

// The way of docs/EXPORT.md: films for another program, its values, the comparison,
// and a description that is checked from then on. What stands for Python here is
// the same network with the right description.
func TestCheckAgainstAnotherProgram(t *testing.T) {
	dir := t.TempDir()
	right, wrong := filepath.Join(dir, "right.json"), filepath.Join(dir, "wrong.json")
	for name, text := range map[string]string{
		right: `{"width": 64, "height": 64, "fit": "crop", "side": 73, "resize": "pil bicubic", "bits": 8, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}`,
		wrong: `{"width": 64, "height": 64, "fit": "crop", "side": 73, "resize": "pil bicubic", "bits": 8, "low": 0, "high": 255, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	films := filepath.Join(dir, "films")
	text, err := onnx(t, "-model", model, "-description", right, "-films", films)
	if err != nil || strings.Count(text, ".png: ") != 6 {
		t.Fatalf("%s, error %v", text, err)
	}
	p, err := readDescription(right)
	if err != nil {
		t.Fatal(err)
	}
	e, err := local.Open(model, &local.Options{Preprocess: p})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{}
	err = embed.Run{}.Do(t.Context(), e, dicomconv.New(nil).Files(os.DirFS(films), "*.png"), func(film embed.Event) error {
		if film.Err == nil {
			values[film.ID] = film.Embedding.Values
		}
		return nil
	})
	if err != nil || len(values) != 6 {
		t.Fatalf("%d films, error %v", len(values), err)
	}
	b, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(films, "values.json"), b, 0o666); err != nil {
		t.Fatal(err)
	}
	proved := filepath.Join(dir, "proved.json")
	if text, err := onnx(t, "-model", model, "-description", right, "-check", films+"/values.json", "-out", proved); err != nil || !strings.Contains(text, "all alike") {
		t.Fatalf("%s, error %v", text, err)
	}
	if _, err := onnx(t, "-model", model, "-description", wrong, "-check", films+"/values.json"); err == nil || !strings.Contains(err.Error(), "the range 0 to 1 instead of 0 to 255") {
		t.Errorf("a wrong range: %v", err)
	}
	if _, err := onnx(t, "-model", model, "-description", proved); err != nil {
		t.Errorf("the proved description: %v", err)
	}
	b, err = os.ReadFile(proved)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(proved, bytes.Replace(b, []byte(`"side": 73`), []byte(`"side": 64`), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := onnx(t, "-model", model, "-description", proved); err == nil || !strings.Contains(err.Error(), "shorter side to 73") {
		t.Errorf("with another side: %v", err)
	}
}
