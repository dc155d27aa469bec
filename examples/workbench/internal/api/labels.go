package api

import (
	"errors"
	"net/http"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
)

// state is all that changes by itself, for pages that ask now and then.
func (a *api) state(w http.ResponseWriter, r *http.Request) {
	answer(w, struct {
		Revision uint64               `json:"revision"`
		Films    int                  `json:"films"`
		Source   string               `json:"source"`
		Folder   string               `json:"folder"`
		Saved    board.Saved          `json:"saved"`
		Progress board.Progress       `json:"progress"`
		Findings []board.FindingCount `json:"findings"`
		Splits   []string             `json:"splits"`
	}{a.Revision(), a.Len(), a.o.Films, a.o.Folder, a.Saved(), a.Progress(), a.Counts(), a.Splits()})
}

// labels are those of a finding, a digit for each film.
func (a *api) labels(w http.ResponseWriter, r *http.Request) {
	values, revision, err := a.Labels(r.URL.Query().Get("finding"))
	if err != nil {
		failed(w, err)
		return
	}
	digits := make([]byte, len(values))
	for i, v := range values {
		digits[i] = '0' + byte(v)
	}
	answer(w, struct {
		Revision uint64 `json:"revision"`
		Values   string `json:"values"`
	}{revision, string(digits)})
}

// A change is a label or what takes it back, and how it is kept.
type change struct {
	board.Undone
	Saved board.Saved `json:"saved"`
}

func (a *api) label(w http.ResponseWriter, r *http.Request) {
	var c board.Change
	if !read(w, r, &c) {
		return
	}
	revision, conflicts, err := a.Label(c)
	if errors.Is(err, board.ErrConflict) {
		answerWith(w, http.StatusConflict, map[string]any{"error": err.Error(), "revision": revision, "conflicts": conflicts})
		return
	}
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, change{board.Undone{Revision: revision, Finding: c.Finding, Films: c.Films}, a.Save(r.Context(), false)})
}

func (a *api) undo(w http.ResponseWriter, r *http.Request) {
	var page struct{ Page string }
	if !read(w, r, &page) {
		return
	}
	undone, err := a.Undo(page.Page)
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, change{undone, a.Save(r.Context(), false)})
}

func (a *api) addFinding(w http.ResponseWriter, r *http.Request) {
	var finding struct{ Name string }
	if !read(w, r, &finding) {
		return
	}
	if err := a.AddFinding(finding.Name); err != nil {
		refuse(w, http.StatusUnprocessableEntity, err)
		return
	}
	answer(w, a.Save(r.Context(), false))
}

func (a *api) save(w http.ResponseWriter, r *http.Request) {
	var how struct{ Overwrite bool }
	if !read(w, r, &how) {
		return
	}
	answer(w, a.Save(r.Context(), how.Overwrite))
}
