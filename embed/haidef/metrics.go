package haidef

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// bounds of the histogram of seconds.
var bounds = []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120}

// metrics count. They know numbers, statuses and codes, and nothing of a request.
type metrics struct {
	bytes, panics, working atomic.Int64

	mu       sync.Mutex
	requests map[string]int64 // by status
	outcomes map[[2]string]int64
	buckets  [14]int64 // one more than bounds
	seconds  float64
}

func (m *metrics) begin() { m.working.Add(1) }

// end counts a request as it is answered.
func (m *metrics) end(status int, gone bool, took time.Duration) {
	m.working.Add(-1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.requests == nil {
		m.requests = map[string]int64{}
	}
	name := fmt.Sprint(status)
	if gone {
		name = "gone" // the caller left
	}
	m.requests[name]++
	m.seconds += took.Seconds()
	i, _ := slices.BinarySearch(bounds, took.Seconds())
	m.buckets[i]++
}

// count counts an instance.
func (m *metrics) count(t *task) {
	outcome := "ok"
	if t.failed != nil {
		outcome = t.failed.code
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.outcomes == nil {
		m.outcomes = map[[2]string]int64{}
	}
	m.outcomes[[2]string{t.kind, outcome}]++
}

// Metrics serves what the Handler has counted, in the text format of Prometheus
// (0.0.4). It names no request. Serve it where only those see it who may.
func (h *Handler) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if allowed(w, r, http.MethodGet, http.MethodHead) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			h.metrics.write(w, h.waiting.Load()-int64(len(h.slots)), h.ready(r.Context()))
		}
	})
}

func (m *metrics) write(w io.Writer, waiting int64, ready bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	head := func(name, kind, help string) {
		fmt.Fprintf(w, "# HELP cxrkit_%s %s\n# TYPE cxrkit_%[1]s %s\n", name, help, kind)
	}
	single := func(name, kind, help string, v int64) {
		head(name, kind, help)
		fmt.Fprintf(w, "cxrkit_%s %d\n", name, v)
	}
	up := int64(0)
	if ready {
		up = 1
	}
	single("ready", "gauge", "Whether health checks are answered with ok.", up)
	single("requests_working", "gauge", "Requests that have no answer yet.", m.working.Load())
	single("requests_waiting", "gauge", "Of these, requests that wait for a place.", max(waiting, 0))
	single("request_bytes_total", "counter", "Bytes of requests.", m.bytes.Load())
	single("panics_total", "counter", "Requests ended by a panic of the model or a decoder.", m.panics.Load())
	head("requests_total", "counter", "Requests by status of the answer; gone: the caller left.")
	for _, status := range slices.Sorted(maps.Keys(m.requests)) {
		fmt.Fprintf(w, "cxrkit_requests_total{status=%q} %d\n", status, m.requests[status])
	}
	head("instances_total", "counter", "Instances of answered requests by kind and outcome.")
	keys := slices.SortedFunc(maps.Keys(m.outcomes), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, k := range keys {
		fmt.Fprintf(w, "cxrkit_instances_total{kind=%q,outcome=%q} %d\n", k[0], k[1], m.outcomes[k])
	}
	head("request_seconds", "histogram", "Time from a request's header to its answer.")
	sum := int64(0)
	for i, b := range bounds {
		sum += m.buckets[i]
		fmt.Fprintf(w, "cxrkit_request_seconds_bucket{le=\"%g\"} %d\n", b, sum)
	}
	sum += m.buckets[len(bounds)]
	fmt.Fprintf(w, "cxrkit_request_seconds_bucket{le=\"+Inf\"} %d\ncxrkit_request_seconds_sum %g\ncxrkit_request_seconds_count %d\n", sum, m.seconds, sum)
}
