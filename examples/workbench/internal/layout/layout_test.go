package layout

import (
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/internal/nihfilms"
)

var featuresFile = flag.String("features", "", "file to write the films' features to, for testdata/others.py")

//go:embed testdata/others.json
var othersJSON []byte

// others is what scikit-learn and umap-learn make of the same films.
type others struct {
	Variance        []float64
	PCA, UMAP, TSNE float64
}

func readOthers(t *testing.T) (o others) {
	t.Helper()
	if err := json.Unmarshal(othersJSON, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// films are 484 real ones by the encoder of embed/local/mini.
func films(t testing.TB) [][]float32 {
	t.Helper()
	sets, err := nihfilms.Datasets()
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]float32
	for _, e := range sets[0].Examples {
		rows = append(rows, e.Embedding.Values)
	}
	return rows
}

func TestDirectionsAreThoseOfScikitLearn(t *testing.T) {
	c, err := Principal(films(t), 10)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range readOthers(t).Variance {
		if got := c.Variance[k]; math.Abs(got/want-1) > 0.01 {
			t.Errorf("variance along direction %d is %.4g, want %.4g", k, got, want)
		}
	}
}

func TestTrustworthy(t *testing.T) {
	rows, want := films(t), readOthers(t)
	if *featuresFile != "" {
		var out []byte
		for _, row := range rows {
			for _, v := range row {
				out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
			}
		}
		if err := os.WriteFile(*featuresFile, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	plane, err := Plane(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	if got := trustworthiness(t, rows, plane, 12); math.Abs(got-want.PCA) > 0.001 {
		t.Errorf("trustworthiness of the principal plane is %.4f, scikit-learn's %.4f", got, want.PCA)
	}
	places, err := UMAP(t.Context(), rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := trustworthiness(t, rows, places, 12)
	t.Logf("trustworthiness: PCA %.4f, UMAP %.4f; umap-learn %.4f, t-SNE of scikit-learn %.4f", want.PCA, got, want.UMAP, want.TSNE)
	if got < want.UMAP-0.005 {
		t.Errorf("trustworthiness is %.4f, umap-learn's %.4f", got, want.UMAP)
	}
}

// trustworthiness is 1 less a penalty for neighbors in the plane that are none by
// their features (Venna and Kaski 2001).
func trustworthiness(t testing.TB, rows [][]float32, places []Place, k int) float64 {
	t.Helper()
	plane := make([][]float32, len(places))
	for i, p := range places {
		plane[i] = p[:]
	}
	n := len(rows)
	truth, err := nearest(t.Context(), rows, rows, n-1, true)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := nearest(t.Context(), plane, plane, k, true)
	if err != nil {
		t.Fatal(err)
	}
	penalty := 0
	rank := make([]int, n)
	for i := range n {
		for r, other := range truth[i] {
			rank[other.film] = r + 1
		}
		for _, other := range shown[i] {
			penalty += max(0, rank[other.film]-k)
		}
	}
	return 1 - 2*float64(penalty)/float64(n*k*(2*n-3*k-1))
}

func TestSameFilmsGiveTheSamePlaces(t *testing.T) {
	rows := clusters(300, 20, 3)
	a, err := UMAP(t.Context(), rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := UMAP(t.Context(), rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a, b) {
		t.Error("two layouts of the same films differ")
	}
}

// clusters are films of so many kinds far from each other, one after the other.
func clusters(n, dim, kinds int) [][]float32 {
	rng := rand.New(rand.NewPCG(7, 7))
	rows := make([][]float32, n)
	for i := range rows {
		rows[i] = make([]float32, dim)
		for j := range rows[i] {
			rows[i][j] = float32(rng.NormFloat64())
		}
		rows[i][i%kinds] += 30
	}
	return rows
}

// Films beyond those that are laid out land among their own kind.
func TestFilmsBeyondTheSample(t *testing.T) {
	const kinds = 3
	places, err := UMAP(t.Context(), clusters(900, 20, kinds), &Options{Most: 200})
	if err != nil {
		t.Fatal(err)
	}
	if len(places) != 900 {
		t.Fatalf("%d places of 900 films", len(places))
	}
	plane := make([][]float32, len(places))
	for i := range places {
		plane[i] = places[i][:]
	}
	near, err := nearest(t.Context(), plane, plane, 5, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, list := range near {
		for _, n := range list {
			if int(n.film)%kinds != i%kinds {
				t.Fatalf("film %d of kind %d lies beside film %d of kind %d", i, i%kinds, n.film, int(n.film)%kinds)
			}
		}
	}
}

func TestLayoutEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	_, err := UMAP(ctx, clusters(300, 20, 3), &Options{Step: func(done float64, places []Place) {
		if steps++; steps == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || steps != 2 {
		t.Errorf("error %v after %d steps", err, steps)
	}
}

func TestFilmsThatAreHardToLayOut(t *testing.T) {
	same := make([][]float32, 50)
	for i := range same {
		same[i] = []float32{1, 2, 3}
	}
	twice := clusters(40, 8, 2)
	twice = append(twice, twice...)
	for name, rows := range map[string][][]float32{
		"one":            {{1, 2}},
		"two":            {{1, 2}, {2, 1}},
		"all the same":   same,
		"each one twice": twice,
		"one feature":    {{1}, {2}, {3}, {4}, {5}, {6}, {7}},
	} {
		places, err := UMAP(t.Context(), rows, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, p := range places {
			if p[0]-p[0] != 0 || p[1]-p[1] != 0 {
				t.Errorf("%s: film %d is at %v", name, i, p)
				break
			}
		}
	}
	nan := float32(math.NaN())
	for name, rows := range map[string][][]float32{
		"none": nil, "no features": {{}}, "of two lengths": {{1, 2}, {1}}, "not a number": {{1, nan}},
	} {
		if _, err := UMAP(t.Context(), rows, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, o := range []Options{{Neighbors: 1}, {Neighbors: 201}, {Most: 99}, {Most: 20001}} {
		if _, err := UMAP(t.Context(), twice, &o); err == nil {
			t.Errorf("%d neighbors and %d films are taken", o.Neighbors, o.Most)
		}
	}
}

func BenchmarkUMAP5000(b *testing.B) {
	rows := clusters(5000, 1792, 10)
	for b.Loop() {
		if _, err := UMAP(b.Context(), rows, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlane100000(b *testing.B) {
	rows := clusters(2000, 1792, 10)
	for len(rows) < 100000 {
		rows = append(rows, rows[:2000]...)
	}
	for b.Loop() {
		if _, err := Plane(b.Context(), rows); err != nil {
			b.Fatal(err)
		}
	}
}
