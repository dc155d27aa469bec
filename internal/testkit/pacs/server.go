package pacs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Dialect is what kind of server this is.
type Dialect int

// Dialects, by the conformance statements of their makers and, for Orthanc, by
// what version 1.10.1 answers.
const (
	Orthanc Dialect = iota // multipart answers only, one Accept header; an empty list for none
	Google                 // bare or multipart answers; 204 for none
	AWS                    // bare answers only, in explicit little endian or a named syntax; no includefield; instances within their series only
)

// A Fault is what goes wrong with one request. The zero Fault is none.
type Fault struct {
	Status int    // answer with this
	After  int    // seconds of Retry-After
	Stall  bool   // until the caller leaves
	Reset  bool   // the connection
	Cut    bool   // the answer, in its middle
	Page   bool   // HTML of a proxy, with the status and type of a good answer
	Type   string // of the answer, whatever it is
	Other  bool   // another film than was asked for
	Two    bool   // the film twice, in two parts
	None   bool   // status 204
}

// Options of a server. Nil means the zero value.
type Options struct {
	Dialect Dialect
	Fault   func(r *http.Request, call int) Fault // told the number of the request, from 0
	Token   func() string                         // what requests must bear now; nil: nothing
	Most    int                                   // results of a search at a time at most; 0: any number
	Deaf    bool                                  // to offset
	Broad   bool                                  // filters are not kept
	Mute    bool                                  // nothing is told but UIDs
	Refuse  []string                              // parameters that are answered with 400
	Undo    func(file []byte) []byte              // what is given where explicit little endian is asked for; nil: the file
}

// A Server answers searches at /dicom-web.
type Server struct {
	o     Options
	films []film

	mu    sync.Mutex
	calls int
	seen  []string
}

// NewServer has the films of files.
func NewServer(files [][]byte, o *Options) (*Server, error) {
	s := &Server{}
	if o != nil {
		s.o = *o
	}
	for _, file := range files {
		f, err := newFilm(file)
		if err != nil {
			return nil, fmt.Errorf("pacs: %w", err)
		}
		s.films = append(s.films, f)
	}
	return s, nil
}

// Seen is the requests so far: path, query and headers, each in a line.
func (s *Server) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// Retrieved is how many films were asked for.
func (s *Server) Retrieved() (n int) {
	for _, line := range s.Seen() {
		path, _, _ := strings.Cut(line, " ")
		if strings.Contains(path, "/instances/") {
			n++
		}
	}
	return n
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	call := s.calls
	s.calls++
	s.seen = append(s.seen, fmt.Sprint(r.URL.RequestURI(), " ", r.Header))
	s.mu.Unlock()
	var f Fault
	if s.o.Fault != nil {
		f = s.o.Fault(r, call)
	}
	if f.After > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(f.After))
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/dicom-web/")
	switch {
	case f.Stall:
		<-r.Context().Done()
		return
	case f.Reset:
		panic(http.ErrAbortHandler)
	case f.Status != 0:
		http.Error(w, "Details of "+r.URL.Path, f.Status)
		return
	case f.None:
		w.WriteHeader(http.StatusNoContent)
		return
	case s.o.Token != nil && r.Header.Get("Authorization") != "Bearer "+s.o.Token():
		http.Error(w, "token expired", http.StatusUnauthorized)
		return
	case !ok || r.Method != http.MethodGet:
		http.NotFound(w, r)
		return
	}
	for _, name := range s.o.Refuse {
		if r.URL.Query().Has(name) {
			http.Error(w, "unknown parameter", http.StatusBadRequest)
			return
		}
	}
	switch parts := strings.Split(path, "/"); {
	case len(parts) == 6 && parts[4] == "instances":
		s.retrieve(w, r, f, parts[1], parts[3], parts[5])
	case len(parts) == 5 && parts[4] == "instances":
		s.search(w, r, f, func(x film) (string, bool) { return x.sop, x.study == parts[1] && x.series == parts[3] })
	case len(parts) == 3 && parts[2] == "series":
		s.search(w, r, f, func(x film) (string, bool) { return x.series, x.study == parts[1] })
	case len(parts) == 1 && parts[0] == "studies":
		s.search(w, r, f, func(x film) (string, bool) { return x.study, true })
	default:
		http.NotFound(w, r)
	}
}

// search answers with the first film of each key.
func (s *Server) search(w http.ResponseWriter, r *http.Request, f Fault, key func(film) (string, bool)) {
	q := r.URL.Query()
	if s.o.Dialect == AWS && q.Has("includefield") {
		http.Error(w, "unknown parameter", http.StatusBadRequest)
		return
	}
	var found []film
	counts := map[string]int{} // films of a series
	seen := map[string]bool{}
	for _, x := range s.films {
		counts[x.series]++
		k, ok := key(x)
		if !ok || seen[k] || !s.o.Broad && !within(x.date, q.Get("StudyDate")) {
			continue
		}
		seen[k] = true
		found = append(found, x)
	}
	offset, _ := strconv.Atoi(q.Get("offset"))
	if s.o.Deaf {
		offset = 0
	}
	found = found[min(offset, len(found)):]
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		limit = len(found)
	}
	if s.o.Most > 0 {
		limit = min(limit, s.o.Most)
	}
	found = found[:min(limit, len(found))]
	rows := []map[string]any{}
	for _, x := range found {
		rows = append(rows, s.row(x, counts[x.series], q["includefield"]))
	}
	if len(rows) == 0 && s.o.Dialect != Orthanc {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	b, _ := json.Marshal(rows)
	s.send(w, "application/dicom+json", b, f)
}

func within(date, dates string) bool {
	from, to, _ := strings.Cut(dates, "-")
	return dates == "" || date >= from && (to == "" || date <= to)
}

// row is a result, with what no one asked for.
func (s *Server) row(x film, count int, fields []string) map[string]any {
	row := map[string]any{}
	add := func(tag, vr string, value any) {
		row[tag] = map[string]any{"vr": vr, "Value": []any{value}}
	}
	add("0020000D", "UI", x.study)
	add("0020000E", "UI", x.series)
	add("00080018", "UI", x.sop)
	add("00100010", "PN", map[string]string{"Alphabetic": "Doe^Jane"})
	add("00100020", "LO", "MRN-4711")
	add("00080090", "PN", map[string]string{"Alphabetic": "Referring^Physician"})
	row["00080050"] = map[string]any{"vr": "SH"} // without a value, as QIDO-RS allows
	if s.o.Mute {
		return row
	}
	add("00080060", "CS", x.modality)
	if slices.Contains(fields, "ModalitiesInStudy") {
		var all []any
		for _, other := range s.films {
			if other.study == x.study {
				all = append(all, other.modality)
			}
		}
		row["00080061"] = map[string]any{"vr": "CS", "Value": all}
	}
	if slices.Contains(fields, "NumberOfSeriesRelatedInstances") {
		add("00201209", "IS", count)
	}
	if slices.Contains(fields, "ViewPosition") && x.view != "" {
		add("00185101", "CS", x.view)
	}
	if slices.Contains(fields, "BodyPartExamined") && x.bodyPart != "" {
		add("00180015", "CS", x.bodyPart)
	}
	return row
}

func (s *Server) retrieve(w http.ResponseWriter, r *http.Request, f Fault, study, series, sop string) {
	i := slices.IndexFunc(s.films, func(x film) bool { return x.study == study && x.series == series && x.sop == sop })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	if f.Other {
		i = (i + 1) % len(s.films)
	}
	accept := r.Header.Values("Accept")
	kind, syntax, _ := strings.Cut(strings.Join(accept, ","), "transfer-syntax=")
	bare := strings.HasPrefix(kind, "application/dicom;")
	multi := strings.HasPrefix(kind, `multipart/related; type="application/dicom";`)
	file := s.films[i].file
	switch explicit := syntax == "1.2.840.10008.1.2.1"; {
	case s.o.Dialect == Orthanc && !multi, !bare && !multi, !explicit && syntax != "*":
		http.Error(w, "cannot generate "+kind, http.StatusBadRequest)
		return
	case s.o.Dialect == AWS && (!bare || syntax == "*"):
		http.Error(w, "not acceptable", http.StatusNotAcceptable)
		return
	case explicit && s.o.Undo != nil:
		file = s.o.Undo(file)
	}
	if bare {
		s.send(w, "application/dicom", file, f)
		return
	}
	part := "--5c0ffee5\r\nContent-Type: application/dicom\r\n\r\n" + string(file) + "\r\n"
	if f.Two {
		part += part
	}
	s.send(w, `multipart/related; type="application/dicom"; boundary=5c0ffee5`, []byte(part+"--5c0ffee5--\r\n"), f)
}

func (s *Server) send(w http.ResponseWriter, kind string, b []byte, f Fault) {
	if f.Type != "" {
		kind = f.Type
	}
	if f.Page {
		b = []byte("<html>Doe^Jane, please sign in</html>")
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", fmt.Sprint(len(b)))
	if f.Cut {
		b = b[:len(b)/2]
	}
	w.Write(b)
}
