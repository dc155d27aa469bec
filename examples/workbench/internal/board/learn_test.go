package board

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
)

// With labels come a head, figures by patient, an operating point with the films
// behind its counts, and what is taken away.
func TestLearning(t *testing.T) {
	films := cohort(24)
	b := open(t, Options{Inputs: []Input{{FS: folderOf(films)}}, Model: oracles})
	settle(t, b)
	effusions(t, b, films, 4)
	if l := judgedNow(t, b, "effusion"); l.Report != nil || !strings.Contains(l.Unjudged, "at least 5 patients with it and 5 without, one for each fold: so far 1 and 1") {
		t.Errorf("figures of four films: %+v", l)
	}
	for i, f := range films[4:36] {
		give(t, b, "effusion", map[bool]Value{true: Present, false: Absent}[f.Has[phantom.Effusion]], i+4)
	}
	l := judgedNow(t, b, "effusion")
	if l.Report == nil || l.Films != 36 || l.Patients != 18 || l.Present != 18 || l.Problem != "" {
		t.Fatalf("%+v", l)
	}
	auc := l.Report.Findings[0].AUC
	if !(auc.Low < auc.Value && auc.Value <= auc.High) || auc.Value < 0.7 {
		t.Errorf("AUC %v of plain effusions", auc)
	}
	if n := len(l.Curve); n == 0 || l.Curve[n-1].Films != 36 || l.Curve[n-1].AUC != auc.Value {
		t.Errorf("curve %+v", l.Curve)
	}
	for _, threshold := range []float64{0, 0.1, 0.35, 0.5, 0.75, 1} {
		p, err := b.Point("effusion", report.AtThreshold, threshold)
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range []struct {
			count int
			films []int
			value Value
		}{{p.TruePositives, p.TruePositive, Present}, {p.FalsePositives, p.FalsePositive, Absent}, {p.TrueNegatives, p.TrueNegative, Absent}, {p.FalseNegatives, p.FalseNegative, Present}} {
			values, _, _ := b.Labels("effusion")
			if cell.count != len(cell.films) || slices.ContainsFunc(cell.films, func(i int) bool { return values[i] != cell.value }) {
				t.Errorf("at %v: %d films, behind them %v", threshold, cell.count, cell.films)
			}
		}
	}
	scores, err := b.Scores("effusion")
	if err != nil || len(scores) != 48 || slices.Min(scores) < 0 {
		t.Error(scores, err)
	}
	takeAway(t, b)
}

func takeAway(t *testing.T, b *Board) {
	t.Helper()
	file, err := b.Head("effusion", 0.25)
	if err != nil {
		t.Fatal(err)
	}
	m, err := head.ReadModel(bytes.NewReader(file))
	if err != nil || m.Spec().Thresholds[0].Value != 0.25 || m.Spec().Training.Films != 36 {
		t.Error(err)
	}
	page, err := b.ReportPage("effusion", 0.25)
	if err != nil || !strings.Contains(page, "0.25") || strings.Contains(page, "case0") || strings.Contains(page, "DOE") {
		t.Error("the page lacks the operating point, or names a film: ", err)
	}
	scores, err := b.ScoreTable()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(scores)).ReadAll()
	if err != nil || len(rows) != 49 || rows[1][1] != "0" || rows[1][3] == "" || rows[48][1] != "" || rows[48][2] == "" || rows[48][3] != "" {
		t.Error(rows, err)
	}
	if _, err := b.ReportPage("pneumothorax", 0.5); !errors.Is(err, ErrNoReport) {
		t.Error(err)
	}
}

// A label that is wrong is found by heads that have not seen the film.
func TestMislabeled(t *testing.T) {
	films := cohort(30)
	b := open(t, Options{Inputs: []Input{{FS: folderOf(films)}}, Model: oracles})
	settle(t, b)
	effusions(t, b, films, 60)
	wrong := []int{10, 23, 42}
	for _, i := range wrong {
		give(t, b, "effusion", map[bool]Value{true: Absent, false: Present}[films[i].Has[phantom.Effusion]], i)
	}
	judgedNow(t, b, "effusion")
	suspects, err := b.Mislabeled("effusion")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, s := range suspects {
		if slices.Contains(wrong, s.Film) {
			found++
		}
	}
	if found < 2 || len(suspects) > 6 { // the third may be one that even its truth is doubtful of
		t.Errorf("of %v are suspected %+v", wrong, suspects)
	}
	if _, err := b.Mislabeled("x"); !errors.Is(err, ErrFinding) {
		t.Error(err)
	}
}

// Next are films without a label, unlike each other; with a head those that it
// doubts.
func TestNext(t *testing.T) {
	films := cohort(30)
	b := open(t, Options{Inputs: []Input{{FS: folderOf(films)}}, Model: floor})
	settle(t, b)
	if err := b.AddFinding("x"); err != nil {
		t.Fatal(err)
	}
	next, err := b.Next(t.Context(), "x", 10)
	if err != nil || len(next) != 10 || len(slices.Compact(slices.Sorted(slices.Values(next)))) != 10 {
		t.Fatal(next, err)
	}
	patients := map[string]bool{}
	for _, i := range next {
		patients[films[i].Patient] = true
	}
	if len(patients) < 9 {
		t.Error("films of the same patients, which are alike: ", next)
	}
	effusions(t, b, films, 30)
	judgedNow(t, b, "effusion")
	next, err = b.Next(t.Context(), "effusion", 8)
	if err != nil || len(next) != 8 || slices.Min(next) < 30 {
		t.Error("films that are labeled already: ", next, err)
	}
}

// Films can be labeled before any is embedded.
func TestNextWithoutEmbeddings(t *testing.T) {
	b := open(t, Options{Inputs: []Input{{FS: folderOf(cohort(4))}}})
	if err := b.AddFinding("x"); err != nil {
		t.Fatal(err)
	}
	give(t, b, "x", Absent, 0, 1)
	for n, want := range map[int][]int{3: {2, 4, 6}, 99: {2, 3, 4, 5, 6, 7}, 1: {2}} {
		if next, err := b.Next(t.Context(), "x", n); err != nil || !slices.Equal(next, want) {
			t.Error(next, want, err)
		}
	}
}

// Copies are found, and what makes them harmful is told.
func TestCopies(t *testing.T) {
	films := folderOf(cohort(8))
	copied := films["case003/film0.dcm"].Data
	films["z/copy.dcm"] = &fstest.MapFile{Data: copied}
	given := table(t, "image_id,patient,split,x", "case003/film0.dcm,a,train,1", "z/copy.dcm,b,test,0")
	b := open(t, Options{Inputs: []Input{{FS: films}}, Model: floor, Table: given})
	settle(t, b)
	copies := b.Copies()
	if len(copies) == 0 {
		t.Fatal("no copy found")
	}
	c := copies[0]
	f, _ := b.Film(c.Films[0])
	g, _ := b.Film(c.Films[1])
	if f.ID != "case003/film0.dcm" || g.ID != "z/copy.dcm" || !c.Exact || !c.Splits || !c.Labels || c.Likeness < 0.999 {
		t.Errorf("%s, %s: %+v", f.ID, g.ID, c)
	}
	leaks := b.Leaks()
	if len(leaks) != 1 || leaks[0] != (Leak{[2]string{"test", "train"}, 1, 1}) { // the DICOM files tell that both are of one patient
		t.Errorf("leaks %+v", leaks)
	}
	for _, other := range copies[1:] {
		if other.Exact {
			t.Errorf("%+v is no copy", other)
		}
	}
}

func TestOrders(t *testing.T) {
	films := cohort(12)
	b := open(t, Options{Inputs: []Input{{FS: folderOf(films)}}, Model: floor})
	settle(t, b)
	effusions(t, b, films, 20)
	judgedNow(t, b, "effusion")
	give(t, b, "effusion", Unsure, 5)
	scores, err := b.Scores("effusion")
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range Orders() {
		for _, show := range Shows() {
			order, err := b.Order(t.Context(), Order{By: by, Show: show, Finding: "effusion", Film: 7})
			if err != nil {
				t.Errorf("%s, %s: %v", by, show, err)
			}
			if n := len(slices.Compact(slices.Sorted(slices.Values(order)))); n != len(order) && by != "copies" {
				t.Errorf("%s, %s: a film twice", by, show)
			}
			if show != "all" {
				continue
			}
			ordered := true
			for k := 1; k < len(order); k++ {
				x, y := scores[order[k-1]], scores[order[k]]
				switch by {
				case "list":
					ordered = ordered && order[k-1] < order[k]
				case "score":
					ordered = ordered && x >= y
				case "doubt":
					ordered = ordered && math.Abs(float64(x)-0.5) <= math.Abs(float64(y)-0.5)
				case "like":
					ordered = ordered && order[0] == 7
				}
			}
			if !ordered {
				t.Errorf("%s: %v", by, order)
			}
		}
	}
	count := func(show string) int {
		order, err := b.Order(t.Context(), Order{Show: show, Finding: "effusion"})
		if err != nil {
			t.Fatal(err)
		}
		return len(order)
	}
	if all, open, unsure, none := count("all"), count("unlabeled"), count("unsure"), count("failed"); all != 24 || open != 4 || unsure != 1 || none != 0 {
		t.Error(all, open, unsure, none)
	}
	for want, o := range map[string]Order{
		"order \"color\"": {By: "color"}, "show \"some\"": {Show: "some"}, "no such finding": {By: "finding"}, "no such film": {By: "like", Film: 24}, "no scores yet": {By: "score"},
	} {
		if _, err := b.Order(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

// Embeddings that are kept are there at once; on a full disk films are embedded all
// the same, and it is told.
func TestEmbeddingsAreKept(t *testing.T) {
	disk := &fullDisk{Memory: NewMemory()}
	films := folderOf(cohort(3))
	b := open(t, Options{Inputs: []Input{{FS: films}}, Model: floor, Embeddings: disk})
	settle(t, b)
	b.Close()
	files, err := fs.Glob(disk, "*.tfrecord")
	if err != nil || len(files) != 6 {
		t.Fatal(files, err)
	}
	again := open(t, Options{Inputs: []Input{{FS: fstest.MapFS{"case000/film0.dcm": films["case000/film0.dcm"]}}}, Model: floor, Embeddings: disk})
	settle(t, again)
	if again.Progress().Done != 1 {
		t.Error(again.Progress())
	}
	disk.set(true)
	more := folderOf(cohort(4))
	b = open(t, Options{Inputs: []Input{{FS: more}}, Model: floor, Embeddings: disk})
	settle(t, b)
	if p := b.Progress(); p.Done != 8 || !strings.Contains(p.Problem, "embeddings are not kept") || !strings.Contains(p.Problem, "no space left on device") || strings.Contains(p.Problem, "doe") {
		t.Error(p)
	}
}

// How heads did before is known again after a start.
func TestCurvesAreKept(t *testing.T) {
	films, folder := cohort(16), NewMemory()
	files := folderOf(films)
	b := open(t, Options{Inputs: []Input{{FS: files}}, Folder: folder, Model: oracles})
	settle(t, b)
	effusions(t, b, films, 24)
	before := judgedNow(t, b, "effusion").Curve
	b.Save(t.Context(), false)
	b.Close()
	b = open(t, Options{Inputs: []Input{{FS: files}}, Folder: folder})
	l, err := b.Learned("effusion")
	if err != nil || len(before) == 0 || !slices.Equal(l.Curve, before) {
		t.Error(l.Curve, before, err)
	}
}
