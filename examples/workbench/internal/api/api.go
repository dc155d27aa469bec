// Package api is a board as JSON and pictures over HTTP. Its handler keeps no state
// and asks for no more than a request and its answer, so that a browser can call it
// in the same process.
package api

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
)

// Options are what a page is told beside the board.
type Options struct {
	Films  string // what the films are, in a few words
	Folder string // where labels are kept, as Go lines may say it; empty: nowhere but in memory
}

// Handler answers below /api/.
func Handler(b *board.Board, o Options) http.Handler {
	a := &api{b, o}
	mux := http.NewServeMux()
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /api/state":            a.state,
		"GET /api/films":            a.films,
		"GET /api/film/{i}/thumb":   a.thumb,
		"GET /api/sheet":            a.sheet,
		"GET /api/order":            a.order,
		"GET /api/scores":           a.scores,
		"GET /api/labels":           a.labels,
		"POST /api/labels":          a.label,
		"POST /api/undo":            a.undo,
		"POST /api/findings":        a.addFinding,
		"POST /api/save":            a.save,
		"POST /api/drop":            a.drop,
		"GET /api/learned":          a.learned,
		"GET /api/point":            a.point,
		"GET /api/suspects":         a.suspects,
		"GET /api/copies":           a.copies,
		"GET /api/leaks":            a.leaks,
		"GET /api/take/labels.csv":  a.takeLabels,
		"GET /api/take/scores.csv":  a.takeScores,
		"GET /api/take/head":        a.takeHead,
		"GET /api/take/report.html": a.takeReport,
		"GET /api/take/main.go":     a.takeLines,
	} {
		mux.HandleFunc(pattern, h)
	}
	a.look(mux)
	a.mapping(mux)
	return mux
}

type api struct {
	*board.Board
	o Options
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, v any) { answerWith(w, http.StatusOK, v) }

func answerWith(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil { // a number that JSON has not, which is a mistake here
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data)
}

// refuse writes an error as JSON.
func refuse(w http.ResponseWriter, status int, err error) {
	answerWith(w, status, map[string]string{"error": err.Error()})
}

// failed writes an error of the board.
func failed(w http.ResponseWriter, err error) { refuse(w, status(err), err) }

// status is what an error of the board is to HTTP.
func status(err error) int {
	switch {
	case errors.Is(err, board.ErrNoFilm) || errors.Is(err, board.ErrFinding):
		return http.StatusNotFound
	case errors.Is(err, board.ErrConflict) || errors.Is(err, board.ErrNoScores) || errors.Is(err, board.ErrNoReport) || errors.Is(err, board.ErrNothing):
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// read reads the JSON of a request; false: the request is answered.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	const most = 4 << 20 // a label of half a million films
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, most))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more after it")
		}
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("the request is not understood: %w", err))
	}
	return err == nil
}

// file writes a file: one to be shown, or with a name one to be saved.
func file(w http.ResponseWriter, kind, name string, data []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if name != "" {
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}
	w.Write(data)
}

// number is a film's of the path; false: the request is answered.
func (a *api) number(w http.ResponseWriter, r *http.Request) (i int, ok bool) {
	i, err := strconv.Atoi(r.PathValue("i"))
	if _, there := a.Film(i); err != nil || !there {
		failed(w, board.ErrNoFilm)
		return 0, false
	}
	return i, true
}

// numbers reads numbers of the query, where they are given.
func numbers(w http.ResponseWriter, r *http.Request, values map[string]*int) bool {
	for name, v := range values {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			refuse(w, http.StatusBadRequest, fmt.Errorf("%s: want a number from 0", name))
			return false
		}
		*v = n
	}
	return true
}

// share is a number of the query from 0 to 1; false: the request is answered.
func share(w http.ResponseWriter, r *http.Request, name string) (float64, bool) {
	v, err := strconv.ParseFloat(r.URL.Query().Get(name), 64)
	if err != nil || !(v >= 0 && v <= 1) {
		refuse(w, http.StatusBadRequest, fmt.Errorf("%s: want a number from 0 to 1", name))
		return 0, false
	}
	return v, true
}

// int32s writes numbers as they are, four bytes each, the lowest first.
func int32s(w http.ResponseWriter, numbers []int) {
	data := make([]byte, 0, 4*len(numbers))
	for _, n := range numbers {
		data = binary.LittleEndian.AppendUint32(data, uint32(n))
	}
	file(w, "application/octet-stream", "", data)
}

func float32s(w http.ResponseWriter, numbers []float32) {
	data := make([]byte, 0, 4*len(numbers))
	for _, n := range numbers {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(n))
	}
	file(w, "application/octet-stream", "", data)
}
