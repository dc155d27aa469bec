package filmcheck_test

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/filmcheck"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/internal/testkit/drawn"
)

const shared = "../../../../shared"

func open(t testing.TB) *filmcheck.Checker {
	t.Helper()
	c, err := filmcheck.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ../lungs/testdata/reference.py made the reference with ONNX Runtime.
func TestEqualsONNXRuntime(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]float64
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	network, err := local.Load(filmcheck.ONNX(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != len(drawn.Reference) {
		t.Fatalf("%d films in the reference", len(want))
	}
	for name, values := range want {
		got, err := network.Embed(t.Context(), drawn.Film(128, 128, drawn.Reference[name]))
		if err != nil || len(got[0].Values) != len(values) {
			t.Fatal(len(values), err)
		}
		var spread float64
		for _, v := range values {
			spread = max(spread, math.Abs(v))
		}
		for i, v := range values {
			if d := math.Abs(float64(got[0].Values[i]) - v); d > 1e-4*spread {
				t.Errorf("%s: answer %d is off by %g of %g", name, i, d, spread)
			}
		}
	}
}

func TestStrangersAreRefused(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	c := open(t)
	for name, m := range map[string]*cxr.Image{
		"noise":          drawn.Film(150, 150, func(x, y int) int { return rng.IntN(256) }),
		"a ramp":         drawn.Film(200, 100, func(x, y int) int { return x * 255 / 200 }),
		"stripes":        drawn.Film(128, 128, func(x, y int) int { return (x / 8 % 2) * 255 }),
		"a checkerboard": drawn.Film(128, 128, func(x, y int) int { return (x/16 + y/16) % 2 * 255 }),
		"one shade":      drawn.Film(128, 128, func(x, y int) int { return 77 }),
		"a ring": drawn.Film(300, 300, func(x, y int) int {
			if r := math.Hypot(float64(x-150), float64(y-150)); r > 100 && r < 115 {
				return 250
			} else if r <= 100 {
				return 90
			}
			return 0
		}),
	} {
		t.Run(name, func(t *testing.T) {
			a, err := c.Check(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Problem(filmcheck.Default); !errors.Is(err, cxr.ErrNotChest) && !errors.Is(err, cxr.ErrNotFrontal) {
				t.Errorf("taken for a chest film: %+v, problem %v", a, err)
			}
		})
	}
}

func TestProblem(t *testing.T) {
	good := filmcheck.Answer{Frontal: 0.99, Other: 0.01, Turned: [4]float64{1, 0, 0, 0}}
	with := func(change func(a *filmcheck.Answer)) *filmcheck.Answer {
		a := good
		change(&a)
		return &a
	}
	strict := filmcheck.Limits{NotFrontal: 0.5, Turned: 0.5, Mirrored: 0.5, Inverted: 0.5, Cut: 0.5}
	for name, test := range map[string]struct {
		answer *filmcheck.Answer
		want   error
	}{
		"a good film":    {&good, nil},
		"lateral":        {with(func(a *filmcheck.Answer) { a.Frontal, a.Lateral = 0.1, 0.89 }), cxr.ErrNotFrontal},
		"something else": {with(func(a *filmcheck.Answer) { a.Frontal, a.Other = 0.1, 0.9 }), cxr.ErrNotChest},
		"turned":         {with(func(a *filmcheck.Answer) { a.Turned = [4]float64{0.1, 0.9, 0, 0} }), filmcheck.ErrTurned},
		"mirrored":       {with(func(a *filmcheck.Answer) { a.Mirrored = 0.9 }), filmcheck.ErrMirrored},
		"inverted":       {with(func(a *filmcheck.Answer) { a.Inverted = 0.9 }), filmcheck.ErrInverted},
		"cut":            {with(func(a *filmcheck.Answer) { a.Cut = 0.9 }), filmcheck.ErrCut},
	} {
		if err := test.answer.Problem(strict); !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	never := filmcheck.Limits{NotFrontal: 1, Turned: 1, Mirrored: 1, Inverted: 1, Cut: 1}
	if err := (&filmcheck.Answer{Other: 1, Mirrored: 1, Inverted: 1, Cut: 1, Turned: [4]float64{0, 1, 0, 0}}).Problem(never); err != nil {
		t.Errorf("refused without limits: %v", err)
	}
}

// archive gives some of the films of a source, as they are normalized.
func archive(t *testing.T, name string, every int) (films []*cxr.Image) {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(shared, "data", name+".zip"))
	if err != nil {
		t.Skip("no real films in ../shared/data: ", err)
	}
	defer z.Close()
	for i, f := range z.File {
		if i%every != 0 || f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		m, err := dicomconv.New(&dicomconv.Options{Depth: 8}).Normalize(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		films = append(films, m)
	}
	return films
}

// turn turns a film counterclockwise by a quarter.
func turn(m *cxr.Image) *cxr.Image {
	out := drawn.Film(m.Height, m.Width, func(x, y int) int { return int(m.Pix[x*m.Width+m.Width-1-y]) })
	return out
}

// The network learned from neither source.
func TestRealFilms(t *testing.T) {
	c := open(t)
	for _, name := range []string{"nih_dev", "nih1000_64px"} {
		t.Run(name, func(t *testing.T) {
			films := archive(t, name, 3)
			var refused, turnedWrong, invertedWrong, mirroredWrong int
			for _, m := range films {
				a := answer(t, c, m)
				if a.Problem(filmcheck.Default) != nil {
					refused++
				}
				q := m
				for k := range 4 {
					v := answer(t, c, q).Turned
					for j := range v {
						if v[j] > v[k] {
							turnedWrong++
						}
					}
					q = turn(q)
				}
				negative := drawn.Film(m.Width, m.Height, func(x, y int) int { return 255 - int(m.Pix[y*m.Width+x]) })
				if a.Inverted > 0.5 || answer(t, c, negative).Inverted < 0.5 {
					invertedWrong++
				}
				mirror := drawn.Film(m.Width, m.Height, func(x, y int) int { return int(m.Pix[y*m.Width+m.Width-1-x]) })
				if a.Mirrored > 0.5 || answer(t, c, mirror).Mirrored < 0.5 {
					mirroredWrong++
				}
			}
			n := len(films)
			t.Logf("%d films: %d refused, %d of %d turns wrong, %d inversions, %d mirrors", n, refused, turnedWrong, 4*n, invertedWrong, mirroredWrong)
			if refused*100 > n || turnedWrong*100 > 4*n || invertedWrong*100 > n || mirroredWrong*10 > n*2 {
				t.Error("too many")
			}
		})
	}
}

func answer(t *testing.T, c *filmcheck.Checker, m *cxr.Image) *filmcheck.Answer {
	t.Helper()
	a, err := c.Check(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Legs, an ultrasound, slices of CT and MR: none of them, nor one of their
// origin, was trained on.
func TestOtherModalities(t *testing.T) {
	const samples = shared + "/dicom/samples/pydicom+pydicom-data/data_store/data/"
	c := open(t)
	for _, name := range []string{"RG3_J2KI.dcm", "US1_J2KI.dcm", "693_J2KR.dcm", "MR2_UNCI.dcm"} {
		f, err := os.Open(samples + name)
		if err != nil {
			t.Skip("no ../shared/dicom: ", err)
		}
		m, err := dicomconv.New(&dicomconv.Options{Views: dicomconv.ViewsAny, BurnedIn: dicomconv.BurnedInAllow, Color: dicomconv.ColorLuma}).Normalize(f)
		f.Close()
		if err != nil {
			t.Fatal(name, err)
		}
		a := answer(t, c, m)
		t.Logf("%s: frontal %.3f lateral %.3f other %.3f", name, a.Frontal, a.Lateral, a.Other)
		if a.Problem(filmcheck.Default) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestGuard(t *testing.T) {
	inner := &embedtestFake{}
	embedtest.TestEmbedder(t, func(t testing.TB) embed.Embedder {
		e, err := mini.Open(nil)
		if err != nil {
			t.Fatal(err)
		}
		return &filmcheck.Guard{Embedder: e, Checker: open(t), Limits: filmcheck.Limits{NotFrontal: 1, Turned: 1, Mirrored: 1, Inverted: 1, Cut: 1}}
	})
	noise := drawn.Film(128, 128, func(x, y int) int { return (x*7919 + y*104729) % 251 })
	g := &filmcheck.Guard{Embedder: inner, Checker: open(t), Limits: filmcheck.Default}
	out, err := g.Embed(t.Context(), noise, noise)
	var batch *embed.BatchError
	if !errors.As(err, &batch) || len(batch.Errors) != 2 || !errors.Is(batch.Errors[1], cxr.ErrNotChest) || out[0] != nil || inner.films != 0 {
		t.Errorf("results %v, error %v, %d films embedded", out, err, inner.films)
	}
	// Marked, they are embedded.
	var marked []string
	g.Mark = func(id string, a *filmcheck.Answer, problem error) error {
		if problem != nil {
			marked = append(marked, id)
		}
		return nil
	}
	out, err = g.Embed(t.Context(), noise)
	if err != nil || len(out) != 1 || out[0] == nil || len(marked) != 1 {
		t.Errorf("results %v, error %v, marked %v", out, err, marked)
	}
}

// embedtestFake counts what reaches it.
type embedtestFake struct{ films int }

func (f *embedtestFake) Space() cxr.Space { return cxr.Space{Model: "fake", Tokens: 1, Dim: 1} }

func (f *embedtestFake) Embed(_ context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	out := make([]*cxr.Embedding, len(images))
	for i, m := range images {
		f.films++
		out[i] = &cxr.Embedding{ID: m.ID, Space: f.Space().For(m), Values: []float32{1}}
	}
	return out, nil
}

func BenchmarkCheck(b *testing.B) {
	c, m := open(b), drawn.Film(224, 224, func(x, y int) int { return (x*x + y) & 255 })
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Check(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
}

func Example() {
	checker, err := filmcheck.Open(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	stripes := drawn.Film(200, 200, func(x, y int) int { return x / 10 % 2 * 200 })
	answer, err := checker.Check(context.Background(), stripes)
	if err != nil {
		fmt.Println(err)
		return
	}
	problem := answer.Problem(filmcheck.Default)
	fmt.Println(errors.Is(problem, cxr.ErrNotChest))
	// Output: true
}
