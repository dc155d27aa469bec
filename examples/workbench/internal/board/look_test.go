package board

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"math"
	"testing"

	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
)

func TestMapOfTheEmbeddings(t *testing.T) {
	films := cohort(30)
	b := open(t, Options{Inputs: []Input{{FS: folderOf(films)}}, Model: floor})
	settle(t, b)
	if p := b.Places(); p.Method != "" || p.Running {
		t.Errorf("before anything was asked: %q, running %v", p.Method, p.Running)
	}
	b.LayOut()
	wait(t, "the map", func() bool { return !b.Places().Running })
	p := b.Places()
	if p.Method != "UMAP" || p.Done != 1 || len(p.Films) != len(films) || len(p.At) != len(films) || p.Sample != len(films) || p.Problem != "" {
		t.Errorf("%s, %v done, %d films at %d places, %d of them laid out; %s", p.Method, p.Done, len(p.Films), len(p.At), p.Sample, p.Problem)
	}
	b.LayOut()
	b.StopLayout()
	if now := b.Places(); now.Running || len(now.At) != len(films) {
		t.Errorf("after stopping: running %v, %d places", now.Running, len(now.At))
	}
}

func TestShades(t *testing.T) {
	films := cohort(30)
	b := open(t, Options{Inputs: []Input{{FS: folderOf(films)}}, Model: oracles})
	settle(t, b)
	for _, by := range []string{"score", "doubt"} {
		if _, err := b.ShadesBy(by, "effusion"); !errors.Is(err, ErrNoScores) {
			t.Errorf("by %s of nothing: %v", by, err)
		}
	}
	if _, err := b.ShadesBy("age", "effusion"); err == nil {
		t.Error("films are colored by age")
	}
	effusions(t, b, films, 20)
	judgedNow(t, b, "effusion")
	labels, err := b.ShadesBy("label", "effusion")
	if err != nil {
		t.Fatal(err)
	}
	scores, err := b.ShadesBy("score", "effusion")
	if err != nil {
		t.Fatal(err)
	}
	doubts, err := b.ShadesBy("doubt", "effusion")
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for i := range films {
		if labels.Of[i] == NoShade {
			continue
		}
		known++
		if present := labels.Names[labels.Of[i]] == "present"; present != (scores.Of[i] > 127) {
			t.Errorf("film %d: present %v, score %d", i, present, scores.Of[i])
		}
		if want := 254 - 2*math.Abs(float64(scores.Of[i])-127); math.Abs(float64(doubts.Of[i])-want) > 2 {
			t.Errorf("film %d: score %d, doubt %d", i, scores.Of[i], doubts.Of[i])
		}
	}
	if known != 20 {
		t.Errorf("%d films have a label, want 20", known)
	}
}

// The map of a score is by how much the score falls.
func TestScoreMap(t *testing.T) {
	films := cohort(30)
	b := open(t, Options{Inputs: []Input{{FS: folderOf(films)}}, Model: floor})
	settle(t, b)
	if _, err := b.ScoreMap(t.Context(), 0, "effusion"); !errors.Is(err, ErrNoScores) {
		t.Errorf("a map of nothing: %v", err)
	}
	effusions(t, b, films, len(films))
	judgedNow(t, b, "effusion")
	m, err := b.ScoreMap(t.Context(), 0, "effusion")
	if err != nil {
		t.Fatal(err)
	}
	film, err := b.Read(t.Context(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, v := range film.Pix {
		sum += float64(v)
	}
	odds := func() float64 {
		e, err := b.encoder().Embed(t.Context(), film)
		if err != nil {
			t.Fatal(err)
		}
		_, odds, err := b.learned["effusion"].model.Scores(e[0])
		if err != nil {
			t.Fatal(err)
		}
		return odds[0]
	}
	whole := odds()
	const column, row = 2, 5
	for y := row * film.Height / covered; y < (row+1)*film.Height/covered; y++ {
		for x := column * film.Width / covered; x < (column+1)*film.Width/covered; x++ {
			film.Pix[y*film.Width+x] = uint16(sum/float64(len(film.Pix)) + 0.5)
		}
	}
	if got, want := m.Grid.Values[row*covered+column], whole-odds(); math.Abs(got-want) > 1e-9 {
		t.Errorf("a part adds %v, want %v", got, want)
	}
	if m.Exact || len(m.Chance.Values) != covered*covered || m.Chance.Values[row*covered+column] == m.Grid.Values[row*covered+column] {
		t.Error("the map beside is not of another head")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.ScoreMap(ctx, 0, "effusion"); !errors.Is(err, context.Canceled) {
		t.Errorf("who has left gets %v", err)
	}
}

func TestWhatTheModelSees(t *testing.T) {
	films := cohort(1)
	films[0].Size = 256
	without := open(t, Options{Inputs: []Input{{FS: folderOf(films[:1])}}})
	if _, err := without.Seen(t.Context(), 0); !errors.Is(err, ErrNoModel) {
		t.Errorf("without an encoder: %v", err)
	}
	l, err := without.Lungs(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !l.Found {
		t.Error("a phantom's lungs are not found")
	}
	b := open(t, Options{Inputs: []Input{{FS: folderOf(films[:1])}}, Model: func(context.Context) (embed.Embedder, error) { return mini.Open(nil) }})
	settle(t, b)
	s, err := b.Seen(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(s.PNG))
	if err != nil {
		t.Fatal(err)
	}
	want := l.Margin(mini.Margin)
	if m.Bounds().Dx() != s.Width || s.Width < 100 || math.Abs(s.Part[0]*float64(l.Width)-float64(want.Min.X)) > 1 || math.Abs(s.Part[3]*float64(l.Height)-float64(want.Max.Y)) > 1 {
		t.Errorf("%d x %d of %v: %s; the lungs are in %v", s.Width, s.Height, s.Part, s.Said, want)
	}
}
