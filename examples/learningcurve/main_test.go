package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pictures writes n gray films to a folder, every second one with a bright
// left half, and a table that calls those sick.
func pictures(t *testing.T, n int) (folder, table string) {
	t.Helper()
	folder = t.TempDir()
	rng := rand.New(rand.NewPCG(1, 1))
	rows := []string{"image_id,sick"}
	for i := range n {
		m := image.NewGray(image.Rect(0, 0, 48, 48))
		for y := range 48 {
			for x := range 48 {
				v := 60 + rng.IntN(60)
				if i%2 == 1 && x < 24 {
					v += 100
				}
				m.SetGray(x, y, color.Gray{Y: uint8(v)})
			}
		}
		var file bytes.Buffer
		if err := png.Encode(&file, m); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("film%02d.png", i)
		if err := os.WriteFile(filepath.Join(folder, name), file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprintf("%s,%d", name, i%2))
	}
	table = filepath.Join(t.TempDir(), "labels.csv")
	if err := os.WriteFile(table, []byte(strings.Join(rows, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder, table
}

func TestCurveOfFilms(t *testing.T) {
	folder, table := pictures(t, 36)
	out := filepath.Join(t.TempDir(), "curve.png")
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), []string{"-images", folder, "-labels", table, "-finding", "sick", "-repeats", "2", "-out", out}, &stdout, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"up to 24 films to train on, 12 to test on", "cxrkit-mini-4  films", "random weights  films", "pixels-32x32/1  films", "24     12        1.000"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("output has no %q:\n%s", want, &stdout)
		}
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
}

// Without arguments the curves are of real films, and the encoder is above what
// it has to beat.
func TestCurveOfRealFilms(t *testing.T) {
	t.Chdir(t.TempDir())
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), nil, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	text := stdout.String()
	if !strings.Contains(text, "NIH ChestX-ray14") || !strings.Contains(stderr.String(), "training: 183 of 183 heads") {
		t.Errorf("%s\n%s", text, &stderr)
	}
	if _, err := os.Stat("learningcurve.png"); err != nil {
		t.Error(err)
	}
	var areas []float64 // at all films, of the encoder, random weights and pixels
	for line := range strings.Lines(text) {
		var films, positive int
		var area float64
		if _, err := fmt.Sscan(line, &films, &positive, &area); err == nil && strings.Contains(line, "given this pool") {
			areas = append(areas, area)
		}
	}
	if len(areas) != 3 || areas[0] < 0.8 || areas[0] < areas[1]+0.05 || areas[0] < areas[2]+0.05 {
		t.Errorf("AUC at all films %v", areas)
	}
}

func TestRefuses(t *testing.T) {
	folder, table := pictures(t, 4)
	tests := map[string]struct {
		args []string
		want string
	}{
		"a wrong path":          {[]string{"-images", "nowhere", "-labels", table, "-finding", "sick"}, "nowhere"},
		"no labels":             {[]string{"-images", folder}, "-images needs -labels and -finding"},
		"a finding of none":     {[]string{"-finding", "x"}, `no finding "x" among ["abnormal"`},
		"phantoms and films":    {[]string{"-phantoms", "-images", folder, "-labels", table, "-finding", "sick"}, "-phantoms goes without"},
		"no place to write":     {[]string{"-out", "none/curve.png"}, "none/curve.png: there is no folder none"},
		"a finding that is not": {[]string{"-images", folder, "-labels", table, "-finding", "x"}, `no finding "x"`},
		"a folder without them": {[]string{"-images", t.TempDir(), "-labels", table, "-finding", "sick"}, "no files"},
		"labels of nothing":     {[]string{"-labels", table}, "go with -images"},
		"the same to test on":   {[]string{"-images", folder, "-test-images", folder, "-labels", table, "-finding", "sick"}, "4 films on both sides"},
		"words":                 {[]string{"please"}, `unexpected argument "please"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			err := run(t.Context(), test.args, &stdout, &stderr)
			if !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
