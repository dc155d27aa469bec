package examples

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/head/search"
)

// expected is what transformers says (embed/local/testdata/zeroshot/make.py).
type expected struct {
	Texts         [][]float64
	Probabilities [][]float64 // of each film, each prompt
	Average       []float64   // cosine of each film to the first two prompts as one
}

func readExpected(t *testing.T) (prompts []string, towers map[string]expected) {
	t.Helper()
	text, err := os.ReadFile("../embed/local/testdata/zeroshot/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Prompts            []string
		Siglip, Clip, Bert expected
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all.Prompts, map[string]expected{"siglip": all.Siglip, "clip": all.Clip, "bert": all.Bert}
}

func zeroShotFilms() (films []*cxr.Image) {
	for _, size := range [][2]int{{37, 29}, {23, 38}, {64, 48}} {
		m := &cxr.Image{ID: "film", Width: size[0], Height: size[1], Depth: 8, Recipe: cxr.Standard}
		for i := range m.Width * m.Height {
			x, y := i%m.Width, i/m.Width
			m.Pix = append(m.Pix, uint16((x*7919+y*104729+x*y*31)%256))
		}
		films = append(films, m)
	}
	return films
}

// Zero-shot with a folder as exports leave it, tokenizer, image processor and both
// towers, gives the probabilities and the ranking of Python.
func TestZeroShotEqualsPython(t *testing.T) {
	prompts, towers := readExpected(t)
	for _, name := range []string{"siglip", "clip"} {
		t.Run(name, func(t *testing.T) {
			want := towers[name]
			vision, err := local.OpenFolder("../embed/local/testdata/zeroshot/"+name, nil)
			if err != nil {
				t.Fatal(err)
			}
			text, err := local.OpenText("../embed/local/testdata/zeroshot/"+name, nil)
			if err != nil {
				t.Fatal(err)
			}
			texts, err := text.EmbedText(t.Context(), prompts...)
			if err != nil {
				t.Fatal(err)
			}
			films, err := vision.Embed(t.Context(), zeroShotFilms()...)
			if err != nil {
				t.Fatal(err)
			}
			both, err := search.Average(texts[0], texts[1])
			if err != nil {
				t.Fatal(err)
			}
			about := text.Description()
			c := search.Contrast{Scale: about.Scale, Bias: about.Bias}
			for i, film := range films {
				got, err := c.Softmax(film, texts...)
				if err != nil {
					t.Fatal(err)
				}
				if name == "siglip" {
					for k, v := range texts {
						if got[k], err = c.Sigmoid(film, v); err != nil {
							t.Fatal(err)
						}
					}
				}
				for k, p := range want.Probabilities[i] {
					if math.Abs(got[k]-p) > 1e-5 {
						t.Errorf("film %d, %q: %v, want %v", i, prompts[k], got[k], p)
					}
				}
				if a, b := ranking(got), ranking(want.Probabilities[i]); !slices.Equal(a, b) {
					t.Errorf("film %d: ranking %v, want %v", i, a, b)
				}
				if s, err := search.Similarity(film, both); err != nil || math.Abs(s-want.Average[i]) > 1e-5 {
					t.Errorf("film %d: %v to two phrasings (%v), want %v", i, s, err, want.Average[i])
				}
			}
		})
	}
}

func ranking(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if p[a] > p[b] {
			return -1
		}
		return 1
	})
	return order
}

func TestTextTowersEqualPython(t *testing.T) {
	prompts, towers := readExpected(t)
	for name, want := range towers {
		e, err := local.OpenText("../embed/local/testdata/zeroshot/"+name, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := e.EmbedText(t.Context(), prompts...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, values := range want.Texts {
			worst, low, high := 0.0, slices.Min(values), slices.Max(values)
			for j, v := range values {
				worst = max(worst, math.Abs(v-float64(got[i].Values[j]))/(high-low))
			}
			if !(worst < 1e-5) || len(got[i].Values) != len(values) {
				t.Errorf("%s of %q: %.2g of the spread", name, prompts[i], worst)
			}
		}
	}
}
