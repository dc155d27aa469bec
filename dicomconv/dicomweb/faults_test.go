package dicomweb_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/dicomconv/dicomweb"
	"github.com/cxrkit/cxrkit/internal/testkit/pacs"
)

func isFilm(r *http.Request) bool { return strings.Contains(r.URL.Path, "/instances/") }

// Whatever goes wrong, each film has one outcome, and what is temporary costs
// nothing but tries.
func TestFaults(t *testing.T) {
	once := func(film bool, f pacs.Fault) func(*http.Request, int) pacs.Fault {
		var mu sync.Mutex
		done := false
		return func(r *http.Request, _ int) pacs.Fault {
			mu.Lock()
			defer mu.Unlock()
			if done || isFilm(r) != film {
				return pacs.Fault{}
			}
			done = true
			return f
		}
	}
	always := func(f pacs.Fault) func(*http.Request, int) pacs.Fault {
		return func(r *http.Request, _ int) pacs.Fault {
			if isFilm(r) {
				return f
			}
			return pacs.Fault{}
		}
	}
	search := func(f pacs.Fault) func(*http.Request, int) pacs.Fault {
		return func(r *http.Request, _ int) pacs.Fault {
			if !isFilm(r) {
				return f
			}
			return pacs.Fault{}
		}
	}
	files := pacs.Phantoms(4, 48)
	for _, test := range []struct {
		name   string
		fault  func(*http.Request, int) pacs.Fault
		failed int    // films
		says   string // of them, or of the stream
	}{
		{"none", nil, 0, ""},
		{"busy once", once(true, pacs.Fault{Status: 429}), 0, ""},
		{"down once", once(true, pacs.Fault{Status: 503}), 0, ""},
		{"an error once", once(true, pacs.Fault{Status: 500}), 0, ""},
		{"a reset once", once(true, pacs.Fault{Reset: true}), 0, ""},
		{"a stall once", once(true, pacs.Fault{Stall: true}), 0, ""},
		{"a film cut off once", once(true, pacs.Fault{Cut: true}), 0, ""},
		{"a search busy once", once(false, pacs.Fault{Status: 429}), 0, ""},
		{"a search cut off once", once(false, pacs.Fault{Cut: true}), 0, ""},
		{"a search reset once", once(false, pacs.Fault{Reset: true}), 0, ""},
		{"always down", always(pacs.Fault{Status: 503}), 4, "status 503 after 5 tries"},
		{"always reset", always(pacs.Fault{Reset: true}), 4, "connection lost after 5 tries"},
		{"always cut off", always(pacs.Fault{Cut: true}), 4, "answer cut off after 5 tries"},
		{"films are gone", always(pacs.Fault{Status: 404}), 4, "status 404 after 1 try"},
		{"films are forbidden", always(pacs.Fault{Status: 403}), 4, "status 403 after 1 try"},
		{"a redirect", always(pacs.Fault{Status: 302}), 4, "status 302 after 1 try"},
		{"no content", always(pacs.Fault{None: true}), 4, "no film in the answer"},
		{"a page of HTML for a film", always(pacs.Fault{Page: true}), 4, "multipart answer"},
		{"a page of HTML that says so", always(pacs.Fault{Page: true, Type: "text/html"}), 4, "neither a DICOM file nor multipart"},
		{"two films for one", always(pacs.Fault{Two: true}), 4, "several parts"},
		{"another film", always(pacs.Fault{Other: true}), 4, "another film than it was asked for"},
		{"a film that says it is JSON", always(pacs.Fault{Type: "application/dicom+json"}), 0, ""},
		{"a film that says it is bare", always(pacs.Fault{Type: "application/dicom"}), 0, ""},
		{"a search that says it is HTML", search(pacs.Fault{Type: "text/html"}), 0, ""},
		{"a page of HTML for a search", search(pacs.Fault{Page: true}), -1, "dicomweb: search: corrupt: a search's results that are not DICOM JSON"},
		{"a search without permission", search(pacs.Fault{Status: 403}), -1, "dicomweb: search: the server: status 403 after 1 try"},
		{"a search always down", search(pacs.Fault{Status: 503}), -1, "dicomweb: search: the server: status 503 after 5 tries"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, _ := archive(t, files, &pacs.Options{Fault: test.fault}, func(o *dicomweb.Options) {
				if test.name == "a stall once" {
					o.Retry.Timeout = time.Second
				}
			})
			s := c.Films(nil)
			defer s.Close()
			films, failed, err := all(t, s)
			if test.failed < 0 {
				if err == nil || err.Error() != test.says || len(films)+len(failed) > 0 {
					t.Errorf("error %v, want %q", err, test.says)
				}
				return
			}
			if err != nil || len(failed) != test.failed || len(films) != len(files)-test.failed {
				t.Errorf("%d films, %v, error %v", len(films), failed, err)
			}
			for _, err := range failed {
				if !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v, want %q", err, test.says)
				}
			}
		})
	}
}

func TestDeadServer(t *testing.T) {
	h := httptest.NewServer(http.NotFoundHandler())
	h.Close()
	c, err := dicomweb.New(&dicomweb.Options{URL: h.URL, Key: key, Retry: &dicomweb.Retry{First: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := all(t, c.Films(nil)); err == nil || err.Error() != "dicomweb: search: the server: connection refused after 5 tries" {
		t.Error(err)
	}
	// One that dies when the search is done: ten films are enough to see it.
	files := pacs.Phantoms(30, 48)
	c, s := archive(t, files, &pacs.Options{Fault: func(r *http.Request, _ int) pacs.Fault { return pacs.Fault{Reset: isFilm(r)} }}, nil)
	films, failed, err := all(t, c.Films(nil))
	if err == nil || !strings.Contains(err.Error(), "10 films in a row could not be retrieved: the server: connection lost") || len(films) > 0 || len(failed) != 9 {
		t.Errorf("%d films, %d failures, error %v", len(films), len(failed), err)
	}
	if n := s.Retrieved(); n > 100 {
		t.Errorf("%d requests to a server that is down", n)
	}
}

func TestSlowServer(t *testing.T) {
	c, _ := archive(t, pacs.Phantoms(8, 48), &pacs.Options{Fault: func(r *http.Request, _ int) pacs.Fault { return pacs.Fault{Stall: isFilm(r)} }}, nil)
	s := c.Films(nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	start := time.Now()
	s.Close()
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("closed after %v", d)
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}

// A Next that was given up loses no film.
func TestNextGoesOnAfterItsContext(t *testing.T) {
	release := make(chan struct{})
	files := pacs.Phantoms(5, 48)
	c, _ := archive(t, files, &pacs.Options{Fault: func(r *http.Request, _ int) pacs.Fault {
		if isFilm(r) {
			<-release
		}
		return pacs.Fault{}
	}}, nil)
	s := c.Films(nil)
	defer s.Close()
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
	}
	close(release)
	films, failed, err := all(t, s)
	if err != nil || len(failed) > 0 {
		t.Error(failed, err)
	}
	equal(t, films, fromDisk(t, files))
}

func TestTokensAreRenewed(t *testing.T) {
	var mu sync.Mutex
	valid := "token0"
	token := func() string {
		mu.Lock()
		defer mu.Unlock()
		return valid
	}
	given := 0
	files := pacs.Phantoms(12, 48)
	c, _ := archive(t, files, &pacs.Options{Token: token, Fault: func(_ *http.Request, call int) pacs.Fault {
		if call%5 == 4 { // each lasts for five requests
			mu.Lock()
			valid = fmt.Sprint("token", call)
			mu.Unlock()
		}
		return pacs.Fault{}
	}}, func(o *dicomweb.Options) {
		o.Token = func(_ context.Context, refused string) (string, error) {
			given++ // the client asks one at a time
			if v := token(); v != refused {
				return v, nil
			}
			return "", errors.New("refused the valid token")
		}
	})
	films, failed, err := all(t, c.Films(nil))
	if err != nil || len(failed) > 0 || given < 5 {
		t.Errorf("%v, error %v, %d tokens", failed, err, given)
	}
	equal(t, films, fromDisk(t, files))

	c, s := archive(t, files, &pacs.Options{Token: token}, func(o *dicomweb.Options) {
		o.Token = func(context.Context, string) (string, error) { return "another", nil }
	})
	if _, _, err := all(t, c.Films(nil)); err == nil || err.Error() != "dicomweb: search: the server: status 401 after 1 try" || len(s.Seen()) != 1 {
		t.Errorf("%v after %d requests", err, len(s.Seen()))
	}
	c, _ = archive(t, files, nil, func(o *dicomweb.Options) {
		o.Token = func(context.Context, string) (string, error) { return "", errors.New("secret") }
	})
	if _, _, err := all(t, c.Films(nil)); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

// Sixty strings that could name a patient: none is asked for, and none is in an
// error, an ID or the client.
func TestNothingOfAPatientIsAskedForOrTold(t *testing.T) {
	planted := []string{"Doe", "Jane", "MRN-4711", "Referring", "secret", "2.25."}
	for i := range 54 {
		planted = append(planted, pacs.Planted(i))
	}
	faults := []pacs.Fault{{}, {Status: 404}, {Status: 500}, {Page: true}, {Cut: true}, {Other: true}, {Type: "text/html; name=Doe^Jane", Page: true}, {Reset: true}}
	files := pacs.Phantoms(54, 16)
	for _, onFilms := range []bool{true, false} {
		for _, f := range faults {
			c, s := archive(t, files, &pacs.Options{Fault: func(r *http.Request, _ int) pacs.Fault {
				if isFilm(r) == onFilms {
					return f
				}
				return pacs.Fault{}
			}}, func(o *dicomweb.Options) {
				o.Token = func(context.Context, string) (string, error) { return "secret", nil }
			})
			films, failed, err := all(t, c.Films(&dicomweb.Query{Views: []string{"PA"}, BodyParts: []string{"CHEST"}, From: time.Unix(0, 0)}))
			told := fmt.Sprintf("%v %v %v %+v %#v", films, failed, err, c, err)
			for _, p := range planted {
				if strings.Contains(told, p) {
					t.Errorf("%+v: %q in %.500s", f, p, told)
				}
			}
			for _, line := range s.Seen() {
				address, _, _ := strings.Cut(line, " ")
				for _, name := range []string{"Patient", "00100", "Physician", "Accession", "includefield=all", "secret"} {
					if strings.Contains(address, name) {
						t.Errorf("asked for %q: %s", name, address)
					}
				}
			}
		}
	}
}
