package api

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
)

// mapping answers what the map of the embeddings asks for.
func (a *api) mapping(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/places", a.places)
	mux.HandleFunc("POST /api/places", a.layOut)
	mux.HandleFunc("GET /api/shades", a.shades)
}

// withHead is a line of JSON and what follows it: the line's length as 4 bytes, the
// line, padded with spaces to a multiple of 4. Numbers are in little-endian order.
func withHead(head any, size int) ([]byte, error) {
	line, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	for len(line)%4 != 0 {
		line = append(line, ' ')
	}
	out := make([]byte, 4, 4+len(line)+size)
	binary.LittleEndian.PutUint32(out, uint32(len(line)))
	return append(out, line...), nil
}

// places are the map as a head, then the films' numbers as int32 and two float32
// each; only a head, if they are those of version=.
func (a *api) places(w http.ResponseWriter, r *http.Request) {
	p := a.Places()
	count := len(p.Films)
	if r.FormValue("version") == strconv.FormatUint(p.Version, 10) {
		p.Films, p.At = nil, nil
	}
	out, err := withHead(map[string]any{
		"version": p.Version, "method": p.Method, "running": p.Running, "done": p.Done, "sample": p.Sample, "problem": p.Problem,
		"count": count, "embedded": a.Progress().Done,
	}, 12*len(p.Films))
	if err != nil {
		failed(w, err)
		return
	}
	for _, i := range p.Films {
		out = binary.LittleEndian.AppendUint32(out, uint32(i))
	}
	for _, at := range p.At {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(at[0]))
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(at[1]))
	}
	file(w, "application/octet-stream", "", out)
}

// layOut begins a layout, or stops it.
func (a *api) layOut(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Stop bool }
	if !read(w, r, &asked) {
		return
	}
	if asked.Stop {
		a.StopLayout()
	} else {
		a.LayOut()
	}
	answer(w, struct{}{})
}

// shades are a head and one byte a film.
func (a *api) shades(w http.ResponseWriter, r *http.Request) {
	s, err := a.ShadesBy(r.FormValue("by"), r.FormValue("finding"))
	if err != nil {
		failed(w, err)
		return
	}
	out, err := withHead(map[string]any{"names": s.Names, "low": s.Low, "high": s.High, "none": s.None}, len(s.Of))
	if err != nil {
		failed(w, err)
		return
	}
	file(w, "application/octet-stream", "", append(out, s.Of...))
}
