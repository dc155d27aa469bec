package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
)

// most is how many films one request may ask for.
const most = 10000

// films tells of films from, from+1, ...
func (a *api) films(w http.ResponseWriter, r *http.Request) {
	from, count := 0, most
	for name, v := range map[string]*int{"from": &from, "count": &count} {
		text := r.FormValue(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			refuse(w, http.StatusBadRequest, fmt.Errorf("%s: want a number from 0", name))
			return
		}
		*v = n
	}
	type film struct {
		ID      string      `json:"id"`
		State   board.State `json:"state"`
		Problem string      `json:"problem,omitempty"`
		View    string      `json:"view,omitempty"`
		Split   string      `json:"split,omitempty"`
	}
	answered := struct {
		Total int    `json:"total"`
		From  int    `json:"from"`
		Films []film `json:"films"`
	}{a.Len(), from, []film{}}
	for i := from; i < min(from+min(count, most), answered.Total); i++ {
		f, _ := a.Film(i)
		answered.Films = append(answered.Films, film{f.ID, f.State, f.Problem, f.View.String(), f.Split})
	}
	answer(w, answered)
}

// thumb is a small picture of one film.
func (a *api) thumb(w http.ResponseWriter, r *http.Request) {
	i, ok := a.number(w, r)
	if !ok {
		return
	}
	file, err := a.Thumb(r.Context(), i)
	if err != nil {
		refuse(w, status(err), err)
		return
	}
	picture(w, "jpeg", file)
}

// sheet is small pictures of many films, films=3,1,4 in this order; the header
// Workbench-Shown has a 1 or a 0 for each.
func (a *api) sheet(w http.ResponseWriter, r *http.Request) {
	var films []int
	for part := range strings.SplitSeq(r.FormValue("films"), ",") {
		i, err := strconv.Atoi(part)
		if _, there := a.Film(i); err != nil || !there || len(films) == board.SheetFilms {
			refuse(w, http.StatusBadRequest, fmt.Errorf("films: want the numbers of 1 to %d films", board.SheetFilms))
			return
		}
		films = append(films, i)
	}
	file, shown, err := a.Sheet(r.Context(), films)
	if err != nil {
		refuse(w, status(err), err)
		return
	}
	var told strings.Builder
	for _, one := range shown {
		told.WriteByte("01"[map[bool]int{true: 1}[one]])
	}
	w.Header().Set("Workbench-Shown", told.String())
	picture(w, "jpeg", file)
}
