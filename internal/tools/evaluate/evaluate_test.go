package main

import (
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

var justPixels = []contender{{"pixels", pixels.Embedder{}}}

// films writes n gray pictures, every second one brighter on the left, and a
// table that calls those sick; the last quarter is the test part if split.
func films(t *testing.T, n int, split bool) (folder, table string) {
	t.Helper()
	folder = t.TempDir()
	rng := rand.New(rand.NewPCG(1, 1))
	rows := []string{"image_id,patient,split,sick"}
	for i := range n {
		m := image.NewGray(image.Rect(0, 0, 40, 40))
		for p := range m.Pix {
			m.Pix[p] = uint8(60 + rng.IntN(80))
			if i%2 == 1 && p%40 < 20 {
				m.Pix[p] += 60
			}
		}
		name := fmt.Sprintf("film%02d.png", i)
		f, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, m); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		part := ""
		if split {
			part = "train"
			if i >= n*3/4 {
				part = "test"
			}
		}
		rows = append(rows, fmt.Sprintf("%s,p%d,%s,%d", name, i/2, part, i%2))
	}
	table = filepath.Join(t.TempDir(), "labels.csv")
	if err := os.WriteFile(table, []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder, table
}

func TestFolder(t *testing.T) {
	for _, test := range []struct {
		name  string
		split bool
		want  string
	}{
		{"without a split, every film is scored", false, "sick, pixels | 1.000 | 0.XXX | 1.000 | 48\n"},
		{"with a split, the test films are", true, "sick train to test, pixels | 1.000 | 0.XXX | 1.000 | 12\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folderName, table := films(t, 48, test.split)
			var out strings.Builder
			if err := folder(t.Context(), &out, folderName, table, "", justPixels); err != nil {
				t.Fatal(err)
			}
			low := regexp.MustCompile(`0\.\d{3}`)
			if got := low.ReplaceAllString(out.String(), "0.XXX"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFolderRefuses(t *testing.T) {
	images, table := films(t, 12, false)
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "film00.png"), []byte("\x89PNG\r\n\x1a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, images, findings, want string
	}{
		{"a finding without a column", images, "flat", "flat"},
		{"a film that cannot be read", broken, "", "film00.png"},
		{"a folder without films", t.TempDir(), "", "no film"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := folder(t.Context(), &strings.Builder{}, test.images, table, test.findings, justPixels)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one about %q", err, test.want)
			}
		})
	}
}

func TestPhantoms(t *testing.T) {
	var out strings.Builder
	if err := phantoms(t.Context(), &out, justPixels, 2, 24); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^(phantoms (effusion|opacity|cardiomegaly|pneumothorax), pixels \| [01]\.\d{3} \| .*\n){4}phantoms, mean, pixels \| 0\.\d{3} \| .*\n$`)
	if !want.MatchString(out.String()) {
		t.Errorf("lines %s", out.String())
	}
}

func TestRunRefusesFlags(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"-data", "x", "-images", "y"},
		{"-images", "x"},
		{"-data", "x", "stray"},
		{"-data", filepath.Join(t.TempDir(), "absent")},
		{"-data", "x", "-only", "nobody"},
		{"-data", "x", "-phantoms"},
		{"-data", "x", "-model", "x.onnx", "-preprocess", `{"widht": 3}`},
	} {
		if err := run(t.Context(), args, &strings.Builder{}); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// Pixels are what the floor of issue and card is made of: 32 x 32, mean 0,
// deviation 1, whatever the exposure.
func TestPixelsDoNotSeeExposure(t *testing.T) {
	dark, bright := drawn.Film(64, 64, func(x, y int) int { return x + y }), drawn.Film(64, 64, func(x, y int) int { return 60 + x + y })
	embeddings, err := pixels.Embedder{}.Embed(t.Context(), dark, bright)
	if err != nil {
		t.Fatal(err)
	}
	var sum, squares float64
	for i, v := range embeddings[0].Values {
		sum += float64(v)
		squares += float64(v) * float64(v)
		if math.Abs(float64(v-embeddings[1].Values[i])) > 1e-5 {
			t.Fatalf("value %d is %v dark, %v bright", i, v, embeddings[1].Values[i])
		}
	}
	if n := float64(len(embeddings[0].Values)); n != 1024 || math.Abs(sum/n) > 1e-5 || math.Abs(squares/n-1) > 1e-4 {
		t.Errorf("%v values, mean %v, variance %v", n, sum/n, squares/n)
	}
}

// clusters are two clouds of embeddings, apart along the first feature.
func clusters(seed uint64, n int, distance float64) *head.Dataset {
	rng := rand.New(rand.NewPCG(seed, 4))
	d := &head.Dataset{Findings: []string{"far"}}
	for i := range n {
		e := &cxr.Embedding{ID: fmt.Sprint(i), Space: cxr.Space{Model: "clouds", Tokens: 1, Dim: 8}}
		for range e.Dim {
			e.Values = append(e.Values, float32(rng.NormFloat64()))
		}
		label := head.Negative
		if i%2 == 1 {
			label = head.Positive
			e.Values[0] += float32(distance)
		}
		d.Examples = append(d.Examples, head.Example{Embedding: e, Labels: []head.Label{label}})
	}
	return d
}

func TestTrainersTellCloudsApart(t *testing.T) {
	train, test := clusters(1, 200, 6), clusters(2, 300, 6)
	for _, trainer := range []trainer{probe(1), tuned{}, nearest{}} {
		h, err := trainer.Fit(t.Context(), train, nil)
		if err != nil {
			t.Fatal(err)
		}
		f, err := judge(h, test)
		if err != nil {
			t.Fatal(err)
		}
		if f.auc < 0.97 {
			t.Errorf("%T: AUC %v", trainer, f.auc)
		}
	}
}

// A cross-validation that lets a head see the film it scores would find
// structure in labels that have none.
func TestOutOfFoldScoresAreOfUnseenFilms(t *testing.T) {
	d := clusters(3, 200, 0)
	s, err := outOfFold(t.Context(), nearest{}, d, folds, 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := judge(s, d)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(f.auc-0.5) > 0.15 {
		t.Errorf("AUC %v of labels that mean nothing", f.auc)
	}
}

// A line of a cross-validation is the mean over deals, and they do differ.
func TestCrossValidatedIsTheMeanOverDeals(t *testing.T) {
	d := clusters(5, 60, 1)
	var sum figure
	differ := map[float64]bool{}
	for deal := range uint64(deals) {
		s, err := outOfFold(t.Context(), probe(1), d, folds, deal+1)
		if err != nil {
			t.Fatal(err)
		}
		f, err := judge(s, d)
		if err != nil {
			t.Fatal(err)
		}
		sum.auc, sum.low, sum.high = sum.auc+f.auc, sum.low+f.low, sum.high+f.high
		differ[f.auc] = true
	}
	if len(differ) < deals/2 {
		t.Errorf("%d different AUCs in %d deals", len(differ), deals)
	}
	var out strings.Builder
	l := &lines{&out, "clouds"}
	if err := l.crossValidated(t.Context(), "far", probe(1), d, "far"); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("far, clouds | %.3f | %.3f | %.3f | 60\n", sum.auc/deals, sum.low/deals, sum.high/deals)
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// Random weights must leave shape and preprocessing, and nothing else.
func TestUntrained(t *testing.T) {
	all, err := contenders("", "")
	if err != nil {
		t.Fatal(err)
	}
	trained, random := all[0].embedder.(*mini.Encoder), all[2].embedder.(*mini.Encoder)
	if trained.Preprocess().Width != random.Preprocess().Width || trained.Space().Dim != random.Space().Dim {
		t.Errorf("%+v, want the shape of %+v", random.Space(), trained.Space())
	}
	film := drawn.Film(128, 128, func(x, y int) int { return x ^ y })
	a, err := trained.Embed(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	b, err := random.Embed(t.Context(), film)
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for i, v := range a[0].Values {
		if v == b[0].Values[i] {
			same++
		}
	}
	if same > len(a[0].Values)/10 {
		t.Errorf("%d of %d features are those of the trained model", same, len(a[0].Values))
	}
}
