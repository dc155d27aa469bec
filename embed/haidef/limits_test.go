package haidef_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/embed/haidef"
)

func TestLimits(t *testing.T) {
	h := handler(t, newModel(), &haidef.HandlerOptions{MaxBytes: 2000, MaxInstances: 3})
	for _, test := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"instances":[{},{},{}]}`, 200, `{"predictions":[{},{},{}]}`},
		{`{"instances":[{},{},{},{}]}`, 413, `{"error":"Request of more than 3 instances."}`},
		{`{"instances":[{"input_bytes":"` + strings.Repeat("A", 2000) + `"}]}`, 413, `{"error":"Request of more than 2000 bytes."}`},
		{strings.Repeat(`{"instances":`, 150), 400, `{"error":"No JSON body."}`},
		{strings.Repeat("[", 1999), 400, `{"error":"No JSON body."}`},
	} {
		if status, body := post(h, "application/json", test.body); status != test.status || body != test.want {
			t.Errorf("%.50s: %d %s, want %d %s", test.body, status, body, test.status, test.want)
		}
	}
	// Without a length, too, reading ends at the limit.
	r := httptest.NewRequest("POST", "/predict", io.MultiReader(strings.NewReader(`{"instances":["`), strings.NewReader(strings.Repeat("A", 1<<20))))
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Films are decoded and embedded some at a time, whatever a request holds.
func TestLargeRequestsAreDoneInParts(t *testing.T) {
	m := newModel()
	h := handler(t, m, &haidef.HandlerOptions{Batch: 4})
	var instances []string
	for i := range 10 {
		instances = append(instances, `{"input_bytes":"`+base64Of(film(i).PNG())+`"}`)
	}
	p := predict(t, h, instances...)
	for i, one := range p {
		v, err := m.Embed(t.Context(), film(i))
		if err != nil {
			t.Fatal(err)
		}
		sameValues(t, one["general_img_emb"], v[0].Values, 3)
	}
	if m.calls.Load() != 3+10 {
		t.Errorf("%d calls", m.calls.Load()-10)
	}
}

func TestBackpressure(t *testing.T) {
	m := newModel()
	m.gate = make(chan struct{})
	h := handler(t, m, &haidef.HandlerOptions{Parallel: 2, Waiting: 3})
	s := serve(t, h)
	body := `{"instances":[{"input_bytes":"` + base64Of(film(1).PNG()) + `"}]}`
	statuses := make(chan int, 20)
	send := func() {
		r, err := http.Post(s.URL+"/predict", "application/json", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			statuses <- 0
			return
		}
		defer r.Body.Close()
		io.Copy(io.Discard, r.Body)
		if r.StatusCode == http.StatusTooManyRequests && r.Header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
		}
		statuses <- r.StatusCode
	}
	for range 12 {
		go send()
	}
	for range 7 { // more than work and wait: at once, while nobody is done
		if status := <-statuses; status != http.StatusTooManyRequests {
			t.Fatalf("status %d", status)
		}
	}
	if calls := m.calls.Load(); calls > 2 {
		t.Errorf("%d at work at once", calls)
	}
	_, text := get(t, h.Metrics(), "GET", "/")
	for _, want := range []string{"cxrkit_requests_working 5\n", "cxrkit_requests_waiting 3\n", `cxrkit_requests_total{status="429"} 7` + "\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	for range 5 {
		m.gate <- struct{}{}
		if status := <-statuses; status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
	_, text = get(t, h.Metrics(), "GET", "/")
	for _, want := range []string{"cxrkit_requests_working 0\n", `cxrkit_requests_total{status="200"} 5` + "\n", `cxrkit_instances_total{kind="film",outcome="ok"} 5` + "\n", "cxrkit_request_seconds_count 12\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

// A model, a sender or a queue that is too slow costs a request its time and no
// more.
func TestTimeouts(t *testing.T) {
	m := newModel()
	m.gate = make(chan struct{})
	s := serve(t, handler(t, m, &haidef.HandlerOptions{Parallel: 1, Timeout: 150 * time.Millisecond}))
	body := `{"instances":[{"input_bytes":"` + base64Of(film(1).PNG()) + `"}]}`
	answer := func() string {
		r, err := http.Post(s.URL+"/predict", "application/json", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return ""
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		return fmt.Sprint(r.StatusCode, " ", string(b))
	}
	if got := answer(); got != `504 {"error":"Request took too long."}` {
		t.Error(got)
	}
	// One that sends half of its body and then nothing.
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /predict HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:20])
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 15)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "HTTP/1.1 504 Ga" {
		t.Errorf("%q, error %v", b, err)
	}
	close(m.gate)
	if got := answer(); !strings.HasPrefix(got, "200 ") {
		t.Error(got)
	}
}

// A caller that leaves frees its place.
func TestCallersThatLeave(t *testing.T) {
	m := newModel()
	m.gate = make(chan struct{})
	h := handler(t, m, &haidef.HandlerOptions{Parallel: 1})
	s := serve(t, h)
	body := `{"instances":[{"input_bytes":"` + base64Of(film(1).PNG()) + `"}]}`
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		before := m.calls.Load()
		r, err := http.NewRequestWithContext(ctx, "POST", s.URL+"/predict", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		done := make(chan error)
		go func() {
			_, err := http.DefaultClient.Do(r)
			done <- err
		}()
		for m.calls.Load() == before {
			time.Sleep(time.Millisecond)
		}
		cancel()
		if err := <-done; err == nil {
			t.Error("an answer")
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, text := get(t, h.Metrics(), "GET", "/")
		if strings.Contains(text, `cxrkit_requests_total{status="gone"} 5`+"\n") && strings.Contains(text, "cxrkit_requests_working 0\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(text)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// While it drains, a server answers all, and tells callers to come no more.
func TestDraining(t *testing.T) {
	h := handler(t, newModel(), nil)
	s := serve(t, h)
	body := []byte(`{"instances":[{"input_bytes":"` + base64Of(film(1).PNG()) + `"}]}`)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				if i == 0 && j == 5 {
					h.Drain()
				}
				r, err := http.Post(s.URL+"/predict", "application/json", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				var m struct{ Predictions []any }
				if err := json.NewDecoder(r.Body).Decode(&m); err != nil || len(m.Predictions) != 1 {
					t.Errorf("%d predictions, error %v", len(m.Predictions), err)
				}
				r.Body.Close()
				if i == 0 && j >= 5 && !r.Close {
					t.Error("the connection stays open")
				}
			}
		})
	}
	group.Wait()
}
