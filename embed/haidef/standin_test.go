package haidef_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/embed/haidef"
)

// A fault is what goes wrong with one request. The zero fault is none.
type fault struct {
	status  int    // answer with this
	message string // in place of the container's own words
	after   int    // seconds of Retry-After
	stall   bool   // until the caller leaves
	reset   bool   // the connection
	cut     bool   // the answer, in its middle
	page    bool   // HTML of a proxy, with status 200
	missing bool   // a prediction too few
	extra   bool   // a prediction too many
	none    bool   // no predictions: {"error": "..."} with status 200, MedSigLIP's trap
	empty   bool   // {} for a prediction, CXR Foundation's trap
	shape   bool   // a number too few
	null    bool   // for a number
	nan     bool   // for a number, which Python writes and JSON has not
	refuse  bool   // an error object for the first instance
	redirect,
	wrapped bool // lists of one element around numbers
}

// A standIn is a container as research describes it, that misbehaves on script.
type standIn struct {
	*httptest.Server
	schema haidef.Schema
	fault  func(call int) fault

	mu       sync.Mutex
	calls    int
	requests [][]byte
}

func newStandIn(t testing.TB, schema haidef.Schema, f func(int) fault) *standIn {
	s := &standIn{schema: schema, fault: f}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *standIn) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/health" {
		io.WriteString(w, "ok")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	call := s.calls
	s.calls++
	s.requests = append(s.requests, body)
	s.mu.Unlock()
	var f fault
	if s.fault != nil {
		f = s.fault(call)
	}
	var request struct {
		Instances []map[string]json.RawMessage
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &request) != nil || r.URL.Path != "/predict" || r.Method != "POST" {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"No JSON body."}`)
		return
	}
	if f.after > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(f.after))
	}
	switch {
	case f.stall:
		<-r.Context().Done()
		return
	case f.reset:
		panic(http.ErrAbortHandler)
	case f.redirect:
		http.Redirect(w, r, "http://127.0.0.2:1/", http.StatusTemporaryRedirect)
		return
	case f.page:
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html>sign in")
		return
	case f.status != 0:
		w.WriteHeader(f.status)
		message := f.message
		if message == "" {
			message = "Internal server error."
		}
		json.NewEncoder(w).Encode(map[string]string{"error": message})
		return
	case f.none:
		io.WriteString(w, `{"error":"INVALID_REQUEST_FIELD_ERROR"}`)
		return
	}
	var out []string
	for i, instance := range request.Instances {
		p, err := s.prediction(instance, f)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
			return
		}
		if i == 0 && f.refuse {
			p = s.refusal(f)
		}
		out = append(out, p)
	}
	if f.missing {
		out = out[1:]
	}
	if f.extra {
		out = append(out, "{}")
	}
	answer := `{"predictions":[` + strings.Join(out, ",") + `],"deployedModelId":"1"}`
	if f.cut {
		w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
		io.WriteString(w, answer[:len(answer)/2])
		return
	}
	io.WriteString(w, answer)
}

// refusal is an error object. MedSigLIP leaves out a description that is empty.
func (s *standIn) refusal(f fault) string {
	message := f.message
	if message == "" {
		message = "Internal error getting prediction for instance."
	}
	b, _ := json.Marshal(message)
	switch {
	case s.schema == haidef.CXRFoundation:
		return `{"error":{"description":` + string(b) + `}}`
	case f.message == "":
		return `{"error":{"code":"DICOM_ERROR"}}`
	}
	return `{"error":{"code":"DICOM_ERROR","description":` + string(b) + `}}`
}

// prediction is that of Google's containers for one instance.
func (s *standIn) prediction(instance map[string]json.RawMessage, f fault) (string, error) {
	if f.empty {
		return "{}", nil
	}
	keys := fmt.Sprint(len(instance), maps.Keys(instance) != nil)
	part := func(name string) (string, bool) {
		var v string
		raw, ok := instance[name]
		return v, ok && json.Unmarshal(raw, &v) == nil
	}
	lists := func(seed []byte, shape ...int) string { return nested(valuesOf(seed, product(shape)), f, shape...) }
	if s.schema == haidef.MedSigLIP {
		seed, kind := instance["text"], "text"
		if image := instance["image"]; image != nil {
			var m map[string]string
			if err := json.Unmarshal(image, &m); err != nil || len(m) != 1 || m["input_bytes"] == "" {
				return "", fmt.Errorf("%s is not valid under any of the given schemas", keys)
			}
			seed, kind = []byte(m["input_bytes"]), "image"
		}
		if seed == nil || len(instance) != 1 {
			return "", fmt.Errorf("%s is not valid under any of the given schemas", keys)
		}
		return `{"embedding":` + lists(seed, 1152) + `,"input_type":"` + kind + `","model_temperature":4.7,"model_bias":-16.5}`, nil
	}
	if _, ok := part("prompt_query"); ok {
		return `{"contrastive_txt_emb":` + lists(instance["prompt_query"], 128) + `}`, nil
	}
	seed := instance["input_bytes"]
	return `{"general_img_emb":` + lists(seed, 32, 768) + `,"contrastive_img_emb":` + lists(seed, 32, 128) + `}`, nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func nested(values []float32, f fault, shape ...int) string {
	if f.shape {
		values, shape = values[:len(values)-len(values)/shape[len(shape)-1]], append(append([]int{}, shape[:len(shape)-1]...), shape[len(shape)-1]-1)
	}
	var lists func(values []float32, shape []int) any
	lists = func(values []float32, shape []int) any {
		if len(shape) == 1 {
			return values
		}
		var out []any
		for i, each := 0, len(values)/shape[0]; i < shape[0]; i++ {
			out = append(out, lists(values[i*each:][:each], shape[1:]))
		}
		return out
	}
	b, err := json.Marshal(lists(values, shape))
	if err != nil {
		panic(err)
	}
	text := string(b)
	first := strings.IndexAny(text, "-0123456789")
	end := first + strings.IndexAny(text[first:], ",]")
	switch {
	case f.null:
		text = text[:first] + "null" + text[end:]
	case f.nan:
		text = text[:first] + "NaN" + text[end:]
	case f.wrapped:
		text = "[[" + text + "]]"
	}
	return text
}

// client calls a URL, impatiently.
func client(t testing.TB, url string, change func(*haidef.Options)) *haidef.Client {
	t.Helper()
	o := &haidef.Options{URL: url, Retry: &haidef.Retry{First: time.Millisecond, Longest: 2 * time.Millisecond, Timeout: time.Minute}}
	if change != nil {
		change(o)
	}
	c, err := haidef.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
