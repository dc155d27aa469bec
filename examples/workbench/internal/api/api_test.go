package api_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"go/parser"
	gotoken "go/token"
	"image/jpeg"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/api"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
	"github.com/cxrkit/cxrkit/head"
)

// A disk may be full.
type disk struct {
	*board.Memory
	full bool
}

func (d *disk) WriteFile(ctx context.Context, name string, data []byte) error {
	if d.full {
		return &fs.PathError{Op: "write", Path: "/secret", Err: syscall.ENOSPC}
	}
	return d.Memory.WriteFile(ctx, name, data)
}

type client struct {
	t *testing.T
	h http.Handler
}

// do makes a request and returns its answer.
func (c client) do(method, path, body string) *httptest.ResponseRecorder {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, httptest.NewRequest(method, "/api/"+path, strings.NewReader(body)))
	if strings.Contains(w.Body.String(), ":null") && !strings.Contains(path, "learned") || strings.Contains(w.Body.String(), `"warnings":null`) {
		c.t.Errorf("%s %s answers a list with null: %s", method, path, w.Body)
	}
	if strings.Contains(w.Body.String(), "DOE") || strings.Contains(w.Body.String(), "/secret") {
		c.t.Errorf("%s %s tells of a patient or a path: %s", method, path, w.Body)
	}
	return w
}

// json is the JSON of an answer, which must be of a status.
func (c client) json(status int, method, path, body string, v any) {
	c.t.Helper()
	w := c.do(method, path, body)
	if w.Code != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// start is a board of 16 patients' films, those of odd ones bright.
func start(t *testing.T, folder *disk) (client, *board.Board) {
	t.Helper()
	films := fstest.MapFS{}
	for p := range 16 {
		for k := range 2 {
			f := phantom.Film{Patient: fmt.Sprint("DOE", p), Seed: uint64(4 * (2*p + k)), Anatomy: uint64(p % 4), Size: 64}
			f.Has[phantom.Cardiomegaly] = p%2 == 1
			films[fmt.Sprintf("case%02d/film%d.dcm", p, k)] = &fstest.MapFile{Data: f.DICOM()}
		}
	}
	films["zz.dcm"] = &fstest.MapFile{Data: []byte("DOE^JANE is no film")}
	b, err := board.Open(t.Context(), board.Options{
		Inputs: []board.Input{{FS: films}}, Folder: folder, Model: func(context.Context) (embed.Embedder, error) { return pixels.Embedder{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return client{t, api.Handler(b, api.Options{Films: "test films", Folder: "workbench"})}, b
}

type state struct {
	Films    int
	Saved    board.Saved
	Progress board.Progress
	Findings []board.FindingCount
}

// From films to a report, as the page goes.
func TestTheWholeWay(t *testing.T) {
	folder := &disk{Memory: board.NewMemory()}
	c, b := start(t, folder)
	var s state
	for end := time.Now().Add(20 * time.Second); s.Progress.Done+s.Progress.Failed < 33; time.Sleep(5 * time.Millisecond) {
		if c.json(200, "GET", "state", "", &s); time.Now().After(end) {
			t.Fatal(s)
		}
	}
	if s.Films != 33 || s.Progress.Failed != 1 || s.Progress.Model == "" {
		t.Error(s)
	}
	var films struct {
		Total int
		Films []struct {
			Film        int
			ID, Problem string
		}
	}
	if c.json(200, "GET", "films?from=31&count=9", "", &films); films.Total != 33 || len(films.Films) != 2 || films.Films[0].ID != "case15/film1.dcm" || films.Films[1].Problem == "" {
		t.Error(films)
	}
	if c.json(200, "GET", "films?films=3,1", "", &films); len(films.Films) != 2 || films.Films[0].Film != 3 {
		t.Error(films)
	}
	w := c.do("GET", "sheet?films=5,32,0", "")
	if m, err := jpeg.Decode(w.Body); w.Code != 200 || err != nil || m.Bounds().Dx() != board.SheetColumns*board.ThumbSide || w.Header().Get("Workbench-Shown") != "101" {
		t.Error(w.Code, err, w.Header())
	}
	if w := c.do("GET", "film/4/thumb", ""); w.Code != 200 || w.Header().Get("Content-Type") != "image/jpeg" {
		t.Error(w.Code, w.Header())
	}

	var saved board.Saved
	c.json(200, "POST", "findings", `{"name": "large heart"}`, &saved)
	var change struct {
		Revision uint64
		Saved    board.Saved
	}
	var labels struct {
		Revision uint64
		Values   string
	}
	label := func(status int, page string, base uint64, value int, films string, v any) {
		t.Helper()
		c.json(status, "POST", "labels", fmt.Sprintf(`{"page": %q, "base": %d, "finding": "large heart", "films": %s, "value": %d}`, page, base, films, value), v)
	}
	finding := "finding=" + url.QueryEscape("large heart")
	for p := range 14 {
		c.json(200, "GET", "labels?"+finding, "", &labels)
		label(200, "one", labels.Revision, 1+p%2, fmt.Sprintf("[%d, %d]", 2*p, 2*p+1), &change)
		if change.Saved.Error != "" || change.Saved.Revision < change.Revision {
			t.Fatal(change)
		}
	}
	if c.json(200, "GET", "labels?"+finding, "", &labels); labels.Values != strings.Repeat("1122", 7)+"00000" {
		t.Error(labels)
	}

	// Another page that has not seen the labels.
	var conflict struct {
		Error     string
		Revision  uint64
		Conflicts []board.Conflict
	}
	if label(409, "two", 0, 2, "[0, 31]", &conflict); len(conflict.Conflicts) != 1 || conflict.Revision == 0 {
		t.Error(conflict)
	}
	// Full disks.
	folder.full = true
	if label(200, "one", labels.Revision, 2, "[30]", &change); !strings.HasSuffix(change.Saved.Error, "no space left on device") {
		t.Error(change)
	}
	folder.full, change.Saved = false, board.Saved{}
	if c.json(200, "POST", "save", `{"overwrite": false}`, &saved); saved.Error != "" {
		t.Error(saved)
	}
	if c.json(200, "POST", "undo", `{"page": "one"}`, &change); change.Saved.Error != "" {
		t.Error(change)
	}

	var learned struct {
		board.Learned
		Figures *struct {
			AUC    struct{ Value, Low, High *float64 }
			ROC    [][3]*float64
			Films  int
			Youden *float64
		}
	}
	for end := time.Now().Add(20 * time.Second); !learned.Current; time.Sleep(5 * time.Millisecond) {
		if c.json(200, "GET", "learned?"+finding, "", &learned); time.Now().After(end) {
			t.Fatalf("%+v", learned)
		}
	}
	if f := learned.Figures; f == nil || f.Films != 28 || f.AUC.Low == nil || len(f.ROC) < 3 || f.Youden == nil {
		t.Fatalf("%+v", learned)
	}
	var point struct {
		TP, FP, TN, FN struct {
			Count int
			Films []int
		}
	}
	for _, how := range []string{"threshold=0.5", "sensitivity=0.9", "specificity=0.9", ""} {
		if c.json(200, "GET", "point?"+finding+"&"+how, "", &point); point.TP.Count+point.FN.Count != 14 || len(point.FP.Films)+len(point.TN.Films) != 14 {
			t.Error(how, point)
		}
	}
	if w := c.do("GET", "scores?"+finding, ""); w.Code != 200 || w.Body.Len() != 4*33 {
		t.Error(w.Code, w.Body.Len())
	}
	w = c.do("GET", "order?by=next&"+finding, "")
	if w.Code != 200 || w.Body.Len() != 4*4 || binary.LittleEndian.Uint32(w.Body.Bytes()) < 28 {
		t.Error(w.Code, w.Body.Len())
	}
	var list []any
	c.json(200, "GET", "suspects?"+finding, "", &list)
	c.json(200, "GET", "copies", "", &list)
	c.json(200, "GET", "leaks", "", &list)

	take(t, c, b, finding)
}

func take(t *testing.T, c client, b *board.Board, finding string) {
	t.Helper()
	w := c.do("GET", "take/labels.csv", "")
	if labels, err := head.ReadLabels(w.Body, nil); err != nil || len(labels.Rows) != 29 {
		t.Error(labels, err)
	}
	if w := c.do("GET", "take/scores.csv", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "large heart probability") {
		t.Error(w.Code, w.Body)
	}
	w = c.do("GET", "take/head?threshold=0.5&"+finding, "")
	if _, err := head.ReadModel(w.Body); err != nil || !strings.Contains(w.Header().Get("Content-Disposition"), "finding.cxrhead") {
		t.Error(err, w.Header())
	}
	if w := c.do("GET", "take/report.html?threshold=0.5&"+finding, ""); w.Code != 200 || !strings.Contains(w.Body.String(), "large heart on films labeled by hand, which need not be like the others") || strings.Contains(w.Body.String(), "case0") {
		t.Error(w.Code)
	}
	w = c.do("GET", "take/main.go?threshold=0.25&"+finding, "")
	if _, err := parser.ParseFile(gotoken.NewFileSet(), "main.go", w.Body, 0); err != nil {
		t.Error(err)
	}
}

// Requests that are wrong get a status and a line that says why.
func TestRefusals(t *testing.T) {
	c, _ := start(t, &disk{Memory: board.NewMemory()})
	c.do("POST", "findings", `{"name": "x"}`)
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "films?from=a", "", 400, "from: want a number from 0"},
		{"GET", "films?films=1,x", "", 400, "films: want"},
		{"GET", "film/99/thumb", "", 404, "no such film"},
		{"GET", "film/-1/thumb", "", 404, "no such film"},
		{"GET", "film/x/thumb", "", 404, "no such film"},
		{"GET", "film/32/thumb", "", 422, "not supported"},
		{"GET", "sheet?films=", "", 400, "films: want"},
		{"GET", "sheet?films=" + strings.Repeat("1,", 64) + "1", "", 400, "1 to 64"},
		{"GET", "order?by=color", "", 422, `order "color"`},
		{"GET", "order?by=score&finding=x", "", 409, "no scores yet"},
		{"GET", "order?finding=y", "", 404, "no such finding"},
		{"GET", "order?by=like&film=z", "", 400, "film: want a number"},
		{"GET", "scores?finding=x", "", 409, "no scores yet"},
		{"GET", "labels?finding=y", "", 404, "no such finding"},
		{"GET", "learned?finding=y", "", 404, "no such finding"},
		{"GET", "point?finding=x&threshold=0.5", "", 409, "no figures yet"},
		{"GET", "point?finding=x&threshold=2", "", 400, "from 0 to 1"},
		{"GET", "point?finding=x&threshold=NaN", "", 400, "from 0 to 1"},
		{"GET", "suspects?finding=y", "", 404, "no such finding"},
		{"GET", "take/head?finding=x", "", 400, "threshold: want"},
		{"GET", "take/head?finding=x&threshold=1", "", 409, "no scores yet"},
		{"GET", "take/report.html?finding=x&threshold=1", "", 409, "no figures yet"},
		{"GET", "take/scores.csv", "", 409, "no scores yet"},
		{"POST", "labels", "{", 400, "not understood"},
		{"POST", "labels", `{"page": "a", "color": 1}`, 400, "not understood"},
		{"POST", "labels", `{} {}`, 400, "not understood"},
		{"POST", "labels", `{"finding": "x", "films": [99], "value": 1}`, 404, "no such film"},
		{"POST", "labels", `{"finding": "x", "films": [1], "value": 9}`, 422, "label 9"},
		{"POST", "labels", `{"films": [` + strings.Repeat("1,", 3<<20), 400, "too large"},
		{"POST", "undo", `{"page": "a"}`, 409, "nothing to undo"},
		{"POST", "findings", `{"name": "X"}`, 422, `there is a finding "x"`},
		{"POST", "drop", "no film", 422, "not supported"},
		{"DELETE", "labels", "", 405, ""},
		{"GET", "nothing", "", 404, ""},
	} {
		w := c.do(test.method, test.path, test.body)
		if w.Code != test.status || !strings.Contains(w.Body.String(), strings.ReplaceAll(test.want, `"`, `\"`)) {
			t.Errorf("%s %.40s: status %d, want %d: %s", test.method, test.path, w.Code, test.status, w.Body)
		}
	}
}

func TestDrop(t *testing.T) {
	c, _ := start(t, &disk{Memory: board.NewMemory()})
	film := string(phantom.Film{Patient: "DOE", Seed: 99, Size: 64}.DICOM())
	var dropped struct {
		Film      int
		ID, Error string
	}
	if c.json(200, "POST", "drop", film, &dropped); dropped.Film != 33 || !strings.HasPrefix(dropped.ID, "films/") {
		t.Error(dropped)
	}
	if c.json(409, "POST", "drop", film, &dropped); dropped.Film != 33 || dropped.Error == "" {
		t.Error(dropped)
	}
}
