package lungs_test

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/lungs"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

const data = "../../../../shared/data"

func open(t testing.TB) *lungs.Finder {
	t.Helper()
	f, err := lungs.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// testdata/reference.py made the reference with ONNX Runtime.
func TestEqualsONNXRuntime(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]float64
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	network, err := local.Load(lungs.ONNX(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != len(drawn.Reference) {
		t.Fatalf("%d films in the reference", len(want))
	}
	const places, every = lungs.Grid * lungs.Grid, 5
	for name, values := range want {
		got, err := network.Embed(t.Context(), drawn.Film(128, 128, drawn.Reference[name]))
		if err != nil {
			t.Fatal(err)
		}
		if len(values) != (2*places+every-1)/every {
			t.Fatalf("%s: %d values", name, len(values))
		}
		for i, v := range values {
			at := i * every
			if d := math.Abs(float64(got[0].Values[at%places*2+at/places]) - v); d > 1e-4 {
				t.Fatalf("%s: place %d is off by %g", name, at, d)
			}
		}
	}
}

func TestDrawnChest(t *testing.T) {
	for _, size := range [][2]int{{128, 128}, {300, 260}, {96, 96}, {1500, 1800}} {
		m := drawn.Chest(size[0], size[1], nil)
		l, err := open(t).Find(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if !l.Found {
			t.Fatalf("%v: lungs not found: %v", size, l.Doubts)
		}
		w, h := float64(size[0]), float64(size[1])
		// The right lung is on the left of the film, and the box is about the ovals.
		if !l.Right.At(19, 24) || l.Left.At(19, 24) || !l.Left.At(45, 24) || l.Right.At(45, 24) {
			t.Errorf("%v: sides are exchanged", size)
		}
		near := func(what string, got int, want, off float64) {
			if math.Abs(float64(got)-want) > off {
				t.Errorf("%v: %s of the box at %d, want %.0f", size, what, got, want)
			}
		}
		near("left", l.Box.Min.X, 0.15*w, 0.06*w)
		near("right", l.Box.Max.X, 0.85*w, 0.06*w)
		near("top", l.Box.Min.Y, 0.15*h, 0.1*h)
		if !l.Between.At(31, 24) || l.Between.At(19, 24) {
			t.Errorf("%v: what is between is not between", size)
		}
		if s := l.Symmetry(); s < 0.7 || s > 1 {
			t.Errorf("%v: symmetry %.2f of lungs alike", size, s)
		}
		// The heart is drawn 0.30 wide on a chest of 0.70.
		if r := l.Heart.Median; r < 0.2 || r > 0.6 {
			t.Errorf("%v: median ratio %.2f", size, r)
		}
		for _, line := range []lungs.Line{l.Heart.MedianLine, l.Heart.Chest} {
			for _, p := range []lungs.Point{line.From, line.To} {
				if p.X < 0 || p.Y < 0 || p.X > w || p.Y > h {
					t.Errorf("%v: line %v leaves the film", size, line)
				}
			}
		}
		if got := l.Heart.MedianLine.Length() / (float64(l.Box.Dx())); math.Abs(got-l.Heart.Median) > 0.02 {
			t.Errorf("%v: the line is %.2f of the box, the ratio %.2f", size, got, l.Heart.Median)
		}
		if c := l.Heart.Classical; c != 0 {
			got := (l.Heart.RightReach.Length() + l.Heart.LeftReach.Length()) / l.Heart.Chest.Length()
			if math.Abs(got-c) > 1e-9 {
				t.Errorf("%v: the lines make %.3f, the ratio is %.3f", size, got, c)
			}
		}
	}
}

func TestCut(t *testing.T) {
	m := drawn.Chest(200, 220, nil)
	l, err := open(t).Find(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	c := l.Cut(m, 0.1)
	r := l.Margin(0.1)
	if c.Width != r.Dx() || c.Height != r.Dy() || c.Validate() != nil || c.ID != m.ID || c.Recipe != m.Recipe {
		t.Errorf("cut %v of %v", c, r)
	}
	if !l.Box.In(r) || !r.In(m.Bounds()) || r == l.Box {
		t.Errorf("margin %v about %v", r, l.Box)
	}
	if c.Pix[5*c.Width+7] != m.Pix[(r.Min.Y+5)*m.Width+r.Min.X+7] {
		t.Error("other pixels")
	}
}

func TestNoLungs(t *testing.T) {
	for name, m := range map[string]*cxr.Image{
		"one shade":       drawn.Film(100, 100, func(x, y int) int { return 90 }),
		"a single pixel":  drawn.Film(1, 1, func(x, y int) int { return 9 }),
		"a ramp":          drawn.Film(80, 300, func(x, y int) int { return y * 255 / 300 }),
		"a checkerboard":  drawn.Film(64, 64, func(x, y int) int { return (x + y) % 2 * 255 }),
		"a film of black": drawn.Film(200, 100, func(x, y int) int { return 0 }),
	} {
		t.Run(name, func(t *testing.T) {
			l, err := open(t).Find(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if len(l.Doubts) == 0 {
				t.Error("no doubts")
			}
			if !l.Found && l.Margin(0.1) != m.Bounds() {
				t.Errorf("without lungs the cut is %v", l.Margin(0.1))
			}
			l.Overlay() // of nothing, too
		})
	}
}

func TestErrors(t *testing.T) {
	f := open(t)
	if _, err := f.Find(t.Context(), &cxr.Image{Width: 3, Height: 3, Depth: 8}); !errors.Is(err, cxr.ErrImage) {
		t.Errorf("error %v", err)
	}
	if _, err := f.Find(t.Context(), nil); !errors.Is(err, cxr.ErrImage) {
		t.Errorf("error %v of no image", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Find(ctx, drawn.Chest(64, 64, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestOverlay(t *testing.T) {
	m := drawn.Chest(2000, 1000, nil)
	l, err := open(t).Find(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	o := l.Overlay()
	if o.Bounds() != image.Rect(0, 0, 1024, 512) {
		t.Errorf("bounds %v", o.Bounds())
	}
	colors := map[color.RGBA]int{}
	for y := range 512 {
		for x := range 1024 {
			c := o.RGBAAt(x, y)
			if c.R != c.G || c.G != c.B {
				colors[c]++
			}
		}
	}
	if len(colors) != 5 { // right, left, between, heart, chest; the box is white
		t.Errorf("colors %v", colors)
	}
}

// archive opens one of the zips of real films.
func archive(t *testing.T, name string) *zip.ReadCloser {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(data, name))
	if err != nil {
		t.Skip("no real films in ../shared/data: ", err)
	}
	t.Cleanup(func() { z.Close() })
	return z
}

func find(t *testing.T, f *lungs.Finder, z *zip.ReadCloser, name string, coarse bool) *lungs.Lungs {
	t.Helper()
	r, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	m, err := dicomconv.New(nil).Normalize(r)
	if err != nil {
		t.Fatal(err)
	}
	if coarse {
		m = m.Resize(64, 64, cxr.KernelBilinear)
	}
	l, err := f.Find(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The films of testdata/held.txt were never trained on, nor any of their
// patients.
func TestOverlapsHumanMasks(t *testing.T) {
	films, masks := archive(t, "wild.zip"), archive(t, "wild_lungs.zip")
	text, err := os.ReadFile("testdata/held.txt")
	if err != nil {
		t.Fatal(err)
	}
	f := open(t)
	for _, test := range []struct {
		name   string
		coarse bool
		want   float64
	}{{"as they are", false, 0.95}, {"by way of 64 pixels", true, 0.945}} {
		t.Run(test.name, func(t *testing.T) {
			var sum, least float64
			least = 1
			names := strings.Fields(string(text))
			for _, name := range names {
				r, err := masks.Open(strings.TrimSuffix(name, ".jpg") + ".png")
				if err != nil {
					t.Fatal(err)
				}
				mask, _, err := image.Decode(r)
				r.Close()
				if err != nil {
					t.Fatal(err)
				}
				l := find(t, f, films, name, test.coarse)
				d := dice(l, mask)
				sum += d
				least = min(least, d)
			}
			mean := sum / float64(len(names))
			t.Logf("Dice %.4f on %d films, least %.3f", mean, len(names), least)
			if mean < test.want {
				t.Errorf("Dice %.4f, want %.2f", mean, test.want)
			}
		})
	}
}

// dice compares cells with pixels.
func dice(l *lungs.Lungs, mask image.Image) float64 {
	b := mask.Bounds()
	var both, sum float64
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c, r := (x-b.Min.X)*lungs.Grid/b.Dx(), (y-b.Min.Y)*lungs.Grid/b.Dy()
			g, _, _, _ := mask.At(x, y).RGBA()
			ours, theirs := l.Right.At(c, r) || l.Left.At(c, r), g > 0x7fff
			if ours {
				sum++
			}
			if theirs {
				sum++
			}
			if ours && theirs {
				both++
			}
		}
	}
	return 2 * both / max(sum, 1)
}

// A wide heart has a large ratio, also on films of 64 pixels of a source that
// nothing was trained on.
func TestRatioTellsCardiomegaly(t *testing.T) {
	films := archive(t, "nih1000_64px.zip")
	file, err := os.Open(filepath.Join(data, "labels.csv"))
	if err != nil {
		t.Skip("no labels in ../shared/data: ", err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	f := open(t)
	scores := map[bool][][2]float64{}
	doubted, n := 0, 0
	for _, row := range rows[1:] {
		if row[1] != "nih1000_64px" {
			continue
		}
		l := find(t, f, films, row[2], false)
		wide := slices.Contains(strings.Split(row[4], "|"), "Cardiomegaly")
		scores[wide] = append(scores[wide], [2]float64{l.Heart.Median, l.Heart.Classical})
		n++
		if len(l.Doubts) > 0 {
			doubted++
		}
	}
	for k, want := range []float64{0.75, 0} {
		auc := auc(scores[true], scores[false], k)
		t.Logf("%s ratio: AUC %.3f, %d wide hearts; %d of %d films doubted", []string{"median", "classical"}[k], auc, len(scores[true]), doubted, n)
		if auc < want {
			t.Errorf("AUC %.3f", auc)
		}
	}
}

func auc(positive, negative [][2]float64, k int) float64 {
	var v []float64
	for _, s := range negative {
		v = append(v, s[k])
	}
	sort.Float64s(v)
	var sum float64
	for _, s := range positive {
		low := sort.SearchFloat64s(v, s[k])
		high := sort.Search(len(v), func(i int) bool { return v[i] > s[k] })
		sum += float64(low+high) / 2
	}
	return sum / float64(len(positive)*len(v))
}

func BenchmarkFind(b *testing.B) {
	f, m := open(b), drawn.Chest(224, 224, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Find(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "films/s")
}

func Example() {
	finder, err := lungs.Open(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := finder.Find(context.Background(), drawn.Chest(256, 256, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("found:", l.Found)
	fmt.Println("about as large:", l.Symmetry() > 0.8)
	fmt.Println("picture:", l.Overlay().Bounds().Max)
	// Output:
	// found: true
	// about as large: true
	// picture: (256,256)
}
