package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
)

// most is how many films one request may ask for.
const most = 10000

type film struct {
	Film    int         `json:"film"`
	ID      string      `json:"id"`
	State   board.State `json:"state"`
	Problem string      `json:"problem,omitempty"`
	View    string      `json:"view,omitempty"`
	Split   string      `json:"split,omitempty"`
}

func (a *api) film(i int) film {
	f, _ := a.Film(i)
	return film{i, f.ID, f.State, f.Problem, f.View.String(), f.Split}
}

// films tells of films=3,1,4, or of from, from+1, ...
func (a *api) films(w http.ResponseWriter, r *http.Request) {
	from, count := 0, most
	if !numbers(w, r, map[string]*int{"from": &from, "count": &count}) {
		return
	}
	answered := struct {
		Total int    `json:"total"`
		Films []film `json:"films"`
	}{a.Len(), []film{}}
	if text := r.URL.Query().Get("films"); text != "" {
		list, ok := a.list(w, text, most)
		if !ok {
			return
		}
		for _, i := range list {
			answered.Films = append(answered.Films, a.film(i))
		}
		answer(w, answered)
		return
	}
	for i := from; i < answered.Total && len(answered.Films) < min(count, most); i++ {
		answered.Films = append(answered.Films, a.film(i))
	}
	answer(w, answered)
}

// list reads numbers of films; false: the request is answered.
func (a *api) list(w http.ResponseWriter, text string, most int) ([]int, bool) {
	var films []int
	for part := range strings.SplitSeq(text, ",") {
		i, err := strconv.Atoi(part)
		if _, there := a.Film(i); err != nil || !there || len(films) == most {
			refuse(w, http.StatusBadRequest, fmt.Errorf("films: want the numbers of 1 to %d films", most))
			return nil, false
		}
		films = append(films, i)
	}
	return films, true
}

// thumb is a small picture of one film.
func (a *api) thumb(w http.ResponseWriter, r *http.Request) {
	i, ok := a.number(w, r)
	if !ok {
		return
	}
	data, err := a.Thumb(r.Context(), i)
	if err != nil {
		failed(w, err)
		return
	}
	file(w, "image/jpeg", "", data)
}

// sheet is small pictures of many films, films=3,1,4 in this order; the header
// Workbench-Shown has a 1 or a 0 for each.
func (a *api) sheet(w http.ResponseWriter, r *http.Request) {
	films, ok := a.list(w, r.URL.Query().Get("films"), board.SheetFilms)
	if !ok {
		return
	}
	data, shown, err := a.Sheet(r.Context(), films)
	if err != nil {
		failed(w, err)
		return
	}
	told := make([]byte, len(shown))
	for k, one := range shown {
		told[k] = '0'
		if one {
			told[k] = '1'
		}
	}
	w.Header().Set("Workbench-Shown", string(told))
	file(w, "image/jpeg", "", data)
}

// order is the numbers of the films to show, four bytes each.
func (a *api) order(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	o := board.Order{By: query.Get("by"), Finding: query.Get("finding"), Show: query.Get("show"), Split: query.Get("split")}
	if !numbers(w, r, map[string]*int{"film": &o.Film}) {
		return
	}
	films, err := a.Order(r.Context(), o)
	if err != nil {
		failed(w, err)
		return
	}
	int32s(w, films)
}

// scores is the probabilities of a finding, four bytes each; below 0: none.
func (a *api) scores(w http.ResponseWriter, r *http.Request) {
	scores, err := a.Scores(r.URL.Query().Get("finding"))
	if err != nil {
		failed(w, err)
		return
	}
	float32s(w, scores)
}

// drop adds the film that is the request's body.
func (a *api) drop(w http.ResponseWriter, r *http.Request) {
	i, err := a.Drop(r.Context(), http.MaxBytesReader(w, r.Body, board.MaxDrop+1))
	if errors.Is(err, board.ErrThere) {
		answerWith(w, http.StatusConflict, map[string]any{"error": err.Error(), "film": i})
		return
	}
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, a.film(i))
}
