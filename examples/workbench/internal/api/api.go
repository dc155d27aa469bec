// Package api is a board as JSON and pictures over HTTP. Its handler keeps no state
// and asks for no more than a request and its answer, so that a browser can call it
// in the same process.
package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
)

// Handler answers below /api/.
func Handler(b *board.Board) http.Handler {
	a := &api{b}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/films", a.films)
	mux.HandleFunc("GET /api/film/{i}/thumb", a.thumb)
	mux.HandleFunc("GET /api/sheet", a.sheet)
	a.look(mux)
	return mux
}

type api struct{ *board.Board }

// answer writes v as JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// refuse writes an error as JSON.
func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}

// picture writes a JPEG or PNG file.
func picture(w http.ResponseWriter, kind string, file []byte) {
	w.Header().Set("Content-Type", "image/"+kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(file)))
	w.Write(file)
}

// number is a film's of the path; false: the request is answered.
func (a *api) number(w http.ResponseWriter, r *http.Request) (i int, ok bool) {
	i, err := strconv.Atoi(r.PathValue("i"))
	if _, there := a.Film(i); err != nil || !there {
		refuse(w, http.StatusNotFound, board.ErrNoFilm)
		return 0, false
	}
	return i, true
}

// status is what an error of reading a film is to HTTP.
func status(err error) int {
	if errors.Is(err, board.ErrNoFilm) {
		return http.StatusNotFound
	}
	return http.StatusUnprocessableEntity
}
