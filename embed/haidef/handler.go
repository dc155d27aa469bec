package haidef

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// A Reader makes a film of a file, DICOM or picture, of which it must expect the
// worst, as Normalize of a dicomconv.Converter does. It must be safe for
// concurrent use.
type Reader func(file io.Reader) (*cxr.Image, error)

// HandlerOptions say how a [Handler] answers. Nil and zero fields are the
// defaults.
type HandlerOptions struct {
	Schema       Schema
	HealthRoute  string // default "/health"; on Vertex AI what AIP_HEALTH_ROUTE says
	PredictRoute string // default "/predict"; likewise AIP_PREDICT_ROUTE

	// Texts takes the texts of requests, and Contrastive the films where they are
	// to be compared with texts (CXR Foundation's contrastive_img_emb). Both
	// default to the Handler's Embedder if that is a TextEmbedder; else texts are
	// refused.
	Texts       embed.TextEmbedder
	Contrastive embed.Embedder

	Temperature, Bias float64 // of MedSigLIP's answers: sigmoid(exp(Temperature) x cosine + Bias) is a probability

	Windowed func(center, width int) Reader  // a reader that shows that window of DICOM files; default: requests for one are refused
	Fetch    *Fetch                          // where films may be fetched from; nil: nowhere
	Ready    func(ctx context.Context) error // nil where the model can be asked; default: it always can

	MaxBytes     int64         // of a request; default 64 MiB
	MaxInstances int           // in a request; default 100
	Batch        int           // films decoded and embedded at once for a request; default 8
	Parallel     int           // requests at work at once; default: one for each processor
	Waiting      int           // requests that wait beside them; default 256. More are answered with 429
	Timeout      time.Duration // of a request, waiting included; default 120 s
}

func (o *HandlerOptions) withDefaults() (HandlerOptions, error) {
	var d HandlerOptions
	if o != nil {
		d = *o
	}
	for route, otherwise := range map[*string]string{&d.HealthRoute: "/health", &d.PredictRoute: "/predict"} {
		if *route == "" {
			*route = otherwise
		}
	}
	for n, otherwise := range map[*int]int{&d.MaxInstances: 100, &d.Batch: 8, &d.Parallel: runtime.GOMAXPROCS(0), &d.Waiting: 256} {
		if *n == 0 {
			*n = otherwise
		}
	}
	if d.MaxBytes == 0 {
		d.MaxBytes = 64 << 20
	}
	if d.Timeout == 0 {
		d.Timeout = 2 * time.Minute
	}
	switch {
	case d.Schema != CXRFoundation && d.Schema != MedSigLIP:
		return d, fmt.Errorf("haidef: %v, want %v or %v", d.Schema, CXRFoundation, MedSigLIP)
	case d.HealthRoute[0] != '/' || d.PredictRoute[0] != '/' || d.HealthRoute == d.PredictRoute:
		return d, errors.New("haidef: HealthRoute and PredictRoute must begin with / and differ")
	case min(d.MaxInstances, d.Batch, d.Parallel, d.Waiting) < 0 || d.MaxBytes < 0 || d.Timeout < 0:
		return d, fmt.Errorf("haidef: MaxBytes %d, MaxInstances %d, Batch %d, Parallel %d, Waiting %d, Timeout %v, want 0 or more",
			d.MaxBytes, d.MaxInstances, d.Batch, d.Parallel, d.Waiting, d.Timeout)
	case finite(d.Temperature) != nil || finite(d.Bias) != nil:
		return d, errors.New("haidef: Temperature or Bias is not finite")
	}
	return d, nil
}

// A Handler is an [http.Handler] that serves an [embed.Embedder] at two routes,
// health and predict. It is safe for concurrent use.
//
// CXR Foundation's general_img_emb is Tokens lists of Dim numbers, in the shape
// of the Embedder's Space, and contrastive_img_emb likewise; MedSigLIP's
// embedding is all Tokens x Dim numbers in one list.
//
// What the containers do not have: 413 for a request of too many bytes or
// instances, 429 with Retry-After for one that finds no place to wait, 504 for
// one that takes too long. A film that is refused is an error object at its
// place, whose description says why and repeats nothing of the request.
type Handler struct {
	o        HandlerOptions
	films    embed.Embedder
	read     Reader
	fetch    *fetcher
	slots    chan struct{}
	waiting  atomic.Int64
	draining atomic.Bool
	metrics  metrics
}

// NewHandler serves e, whose films read makes of the files in requests. They must
// be of the recipe that e wants.
func NewHandler(e embed.Embedder, read Reader, o *HandlerOptions) (*Handler, error) {
	if e == nil || read == nil {
		return nil, errors.New("haidef: an Embedder and a Reader are needed")
	}
	d, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if d.Texts == nil {
		if both, ok := e.(embed.TextEmbedder); ok {
			d.Texts = both
			if d.Contrastive == nil {
				d.Contrastive = e
			}
		}
	}
	if d.Contrastive != nil && d.Contrastive.Space().Recipe != e.Space().Recipe {
		return nil, fmt.Errorf("haidef: %w: Contrastive wants films of recipe %q, the Embedder of %q", cxr.ErrMismatch, d.Contrastive.Space().Recipe, e.Space().Recipe)
	}
	h := &Handler{o: d, films: e, read: read, slots: make(chan struct{}, d.Parallel)}
	if h.fetch, err = newFetcher(d.Fetch); err != nil {
		return nil, err
	}
	return h, nil
}

// Drain tells health checks that this server is about to end, and callers to open
// no second request on a connection. Requests are answered as before: a program
// that is told to end calls Drain, waits until nobody comes any more, and then
// http.Server.Shutdown.
func (h *Handler) Drain() { h.draining.Store(true) }

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	switch r.URL.Path {
	case h.o.HealthRoute:
		if allowed(w, r, http.MethodGet, http.MethodHead) {
			h.health(w, r)
		}
	case h.o.PredictRoute:
		if allowed(w, r, http.MethodPost) {
			h.predict(w, r)
		}
	default:
		http.NotFound(w, r)
	}
}

// allowed answers OPTIONS and methods that a route has not.
func allowed(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	w.Header().Set("Allow", strings.Join(append(methods, http.MethodOptions), ", "))
	if r.Method != http.MethodOptions {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
	return false
}

// healthTimeout bounds how long Ready may think.
const healthTimeout = 5 * time.Second

func (h *Handler) ready(ctx context.Context) bool {
	if h.draining.Load() {
		return false
	}
	if h.o.Ready == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	return h.o.Ready(ctx) == nil
}

func (h *Handler) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	status, text := http.StatusOK, "ok"
	if !h.ready(r.Context()) {
		status, text = http.StatusServiceUnavailable, "not ok"
	}
	w.WriteHeader(status)
	io.WriteString(w, text)
}

// A reply is the answer to a request: a status, and an error's text or a body.
type reply struct {
	status int
	fault  string
	body   []byte
}

var (
	noJSON      = reply{status: http.StatusBadRequest, fault: "No JSON body."}
	noInstances = reply{status: http.StatusBadRequest, fault: "No instances field in request."}
	internal    = reply{status: http.StatusInternalServerError, fault: "Internal server error."}
	busy        = reply{status: http.StatusTooManyRequests, fault: "Too many requests."}
	late        = reply{status: http.StatusGatewayTimeout, fault: "Request took too long."}
)

func (h *Handler) predict(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	h.metrics.begin()
	ctx, cancel := context.WithTimeout(r.Context(), h.o.Timeout)
	defer cancel()
	http.NewResponseController(w).SetReadDeadline(start.Add(h.o.Timeout)) // of the body; a recorder in a test has none
	a := h.admit(ctx, w, r)
	if a.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	if a.body == nil {
		a.body, _ = json.Marshal(map[string]string{keyError: a.fault})
	}
	h.metrics.end(a.status, r.Context().Err() != nil, time.Since(start))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
	w.WriteHeader(a.status)
	w.Write(a.body)
}

// admit waits for a place, and answers. The body is not read before: what waits
// takes no memory.
func (h *Handler) admit(ctx context.Context, w http.ResponseWriter, r *http.Request) (a reply) {
	if r.ContentLength > h.o.MaxBytes {
		return h.tooLarge()
	}
	if h.waiting.Add(1) > int64(h.o.Parallel+h.o.Waiting) {
		h.waiting.Add(-1)
		return busy
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return busy
	}
	defer func() {
		<-h.slots
		if recover() != nil { // of the Embedder or the Reader; others' requests go on
			h.metrics.panics.Add(1)
			a = internal
		}
	}()
	body := bodies.Get().(*bytes.Buffer)
	defer func() {
		if body.Cap() <= trustedSize {
			body.Reset()
			bodies.Put(body)
		}
	}()
	if n := min(r.ContentLength, trustedSize); n > 0 {
		body.Grow(int(n) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, h.o.MaxBytes)); err != nil {
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			return h.tooLarge()
		case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
			return late
		}
		return noJSON // the body is cut off
	}
	h.metrics.bytes.Add(int64(body.Len()))
	return h.answer(ctx, r.Header.Get("Content-Type"), body.Bytes())
}

// bodies are buffers for requests, which hold nothing of one that is answered but
// its bytes.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// trustedSize is as much of the size that a request claims as is believed before
// its bytes are seen.
const trustedSize = 8 << 20

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func (h *Handler) tooLarge() reply {
	return reply{status: http.StatusRequestEntityTooLarge, fault: fmt.Sprintf("Request of more than %d bytes.", h.o.MaxBytes)}
}

// answer is that to a request's body.
func (h *Handler) answer(ctx context.Context, contentType string, body []byte) reply {
	if !isJSON(contentType) {
		return noJSON
	}
	d, ok := newDocument(body)
	var request map[string]json.RawMessage
	err := json.Unmarshal(d.small, &request)
	var another *json.UnmarshalTypeError // JSON, but no object
	if !ok || err != nil && !errors.As(err, &another) || string(bytes.TrimSpace(d.small)) == "null" {
		return noJSON
	}
	if request[keyInstances] == nil {
		if h.o.Schema == MedSigLIP {
			return noInstances
		}
		return internal
	}
	var instances []json.RawMessage
	if json.Unmarshal(request[keyInstances], &instances) != nil || instances == nil {
		if h.o.Schema == MedSigLIP {
			return reply{status: http.StatusBadRequest, fault: "instances is not a list."}
		}
		return internal
	}
	if len(instances) > h.o.MaxInstances {
		return reply{status: http.StatusRequestEntityTooLarge, fault: fmt.Sprintf("Request of more than %d instances.", h.o.MaxInstances)}
	}
	parse := d.parseCXR
	if h.o.Schema == MedSigLIP {
		parse = d.parseMedSigLIP
		for i, instance := range instances {
			if err := d.checkMedSigLIP(instance); err != nil {
				return reply{status: http.StatusBadRequest, fault: fmt.Sprintf("Instance %d: %v", i, err)}
			}
		}
	}
	out := bytes.NewBufferString(`{"` + keyPredictions + `":[`)
	for from := 0; from < len(instances); from += h.o.Batch {
		var tasks []*task
		for _, instance := range instances[from:min(from+h.o.Batch, len(instances))] {
			tasks = append(tasks, newTask(parse, instance))
		}
		if err := h.work(ctx, tasks); err != nil {
			if ctx.Err() != nil {
				return late
			}
			return internal
		}
		for i, t := range tasks {
			if from+i > 0 {
				out.WriteByte(',')
			}
			h.metrics.count(t)
			h.write(out, t)
		}
	}
	out.WriteString("]}\n")
	return reply{status: http.StatusOK, body: out.Bytes()}
}

// isJSON is Flask's rule: application/json, or application/ with the suffix +json.
func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}
