package dicomweb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/dicomconv/dicomweb"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
	"github.com/cxrkit/cxrkit/internal/testkit/pacs"
)

var key = []byte("sixteen bytes or more")

// archive is a server and a client of it.
func archive(t testing.TB, files [][]byte, so *pacs.Options, change func(*dicomweb.Options)) (*dicomweb.Client, *pacs.Server) {
	t.Helper()
	s, err := pacs.NewServer(files, so)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	o := &dicomweb.Options{URL: h.URL + "/dicom-web/", Key: key, Retry: &dicomweb.Retry{First: time.Millisecond, Longest: 2 * time.Millisecond}}
	if change != nil {
		change(o)
	}
	c, err := dicomweb.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// all is what a source gives, failures by ID, and the error that ended it if that
// is not io.EOF.
func all(t testing.TB, s cxr.Source) (films []*cxr.Image, failed map[string]error, ended error) {
	t.Helper()
	failed = map[string]error{}
	for {
		m, err := s.Next(t.Context())
		var item *cxr.ItemError
		switch {
		case err == nil:
			films = append(films, m)
		case errors.As(err, &item):
			failed[item.ID] = item.Err
		case err == io.EOF:
			return films, failed, nil
		default:
			return films, failed, err
		}
	}
}

// fromDisk is the same films as a folder's.
func fromDisk(t testing.TB, files [][]byte) map[string]*cxr.Image {
	t.Helper()
	folder := fstest.MapFS{}
	for i, file := range files {
		folder[fmt.Sprint(i)] = &fstest.MapFile{Data: file}
	}
	films, failed, err := all(t, dicomconv.New(&dicomconv.Options{PseudonymKey: key}).Files(folder))
	if err != nil || len(failed) > 0 {
		t.Fatal(failed, err)
	}
	byID := map[string]*cxr.Image{}
	for _, m := range films {
		byID[m.ID] = m
	}
	return byID
}

func equal(t testing.TB, films []*cxr.Image, want map[string]*cxr.Image) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range films {
		w := want[m.ID]
		if w == nil || seen[m.ID] || !slices.Equal(m.Pix, w.Pix) || m.View != w.View || m.Recipe != w.Recipe || m.Width != w.Width {
			t.Errorf("%v, want %v, seen before: %v", m, w, seen[m.ID])
		}
		seen[m.ID] = true
	}
	if len(films) != len(want) {
		t.Errorf("%d films, want %d", len(films), len(want))
	}
}

var dialects = map[string]pacs.Dialect{"Orthanc": pacs.Orthanc, "Google": pacs.Google, "AWS": pacs.AWS}

func TestDialects(t *testing.T) {
	files := pacs.Phantoms(20, 64)
	want := fromDisk(t, files)
	for name, dialect := range dialects {
		for _, most := range []int{0, 1, 2} { // results at a time, whatever is asked
			c, s := archive(t, files, &pacs.Options{Dialect: dialect, Most: most}, func(o *dicomweb.Options) { o.Page = 3 })
			films, failed, err := all(t, c.Films(nil))
			if err != nil || len(failed) > 0 {
				t.Fatalf("%s: %v, %v", name, failed, err)
			}
			equal(t, films, want)
			if n := s.Retrieved(); dialect != pacs.AWS && n != len(files) || dialect == pacs.AWS && n > len(files)+3*4 { // it refuses three forms, which the films under way have tried
				t.Errorf("%s: %d retrievals of %d films", name, n, len(files))
			}
		}
	}
}

// Two passes over a server give the films in one order.
func TestOrder(t *testing.T) {
	c, _ := archive(t, pacs.Phantoms(12, 48), &pacs.Options{Dialect: pacs.Google}, nil)
	var first []string
	for range 2 {
		films, _, err := all(t, c.Films(nil))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, m := range films {
			ids = append(ids, m.ID)
		}
		if first != nil && !slices.Equal(ids, first) {
			t.Errorf("%q, before %q", ids, first)
		}
		first = ids
	}
}

func made(sop, study, series, day string, change func(*dicomtest.File)) []byte {
	f := dicomtest.Film(30, 20).Set(0x00080018, "UI", sop).Set(0x0020000d, "UI", study).Set(0x0020000e, "UI", series).Set(0x00080020, "DA", day)
	if change != nil {
		change(f)
	}
	return f.Bytes()
}

func TestQueries(t *testing.T) {
	set := func(tag uint32, value string) func(*dicomtest.File) {
		return func(f *dicomtest.File) { f.Set(tag, "CS", value) }
	}
	const view, part = dicomtest.ViewPosition, 0x00180015
	files := [][]byte{
		made("1.1", "1", "1.10", "20260101", nil), // says neither view nor part
		made("1.2", "1", "1.10", "20260101", set(view, "PA")),
		made("1.3", "1", "1.10", "20260101", set(view, "LL")),
		made("1.4", "1", "1.11", "20260101", set(dicomtest.Modality, "CT")),
		made("2.1", "2", "2.10", "20260102", set(part, "CHEST")),
		made("2.2", "2", "2.11", "20260102", set(part, "HAND")),
		made("3.1", "3", "3.10", "20260103", set(dicomtest.Modality, "CR")),
		made("4.1", "4", "4.10", "20260104", set(view, "AP")),
	}
	day := func(n int) time.Time { return time.Date(2026, 1, n, 12, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		name  string
		q     dicomweb.Query
		films string // SOP Instance UIDs, in any order
		other int    // films that fail: what a server that tells nothing leaves to the file, and the lateral one
	}{
		{"all", dicomweb.Query{}, "1.1 1.2 2.1 2.2 3.1 4.1", 1},
		{"one modality", dicomweb.Query{Modalities: []string{"CR"}}, "3.1", 0},
		{"days", dicomweb.Query{From: day(2), To: day(3)}, "2.1 2.2 3.1", 0},
		{"from a day", dicomweb.Query{From: day(4)}, "4.1", 0},
		{"to a day", dicomweb.Query{To: day(1)}, "1.1 1.2", 1},
		{"views", dicomweb.Query{Views: []string{"AP"}}, "1.1 2.1 2.2 3.1 4.1", 0},
		{"body parts", dicomweb.Query{BodyParts: []string{"CHEST"}}, "1.1 1.2 2.1 3.1 4.1", 1},
		{"a study", dicomweb.Query{Study: "2"}, "2.1 2.2", 0},
		{"a series", dicomweb.Query{Study: "2", Series: "2.11"}, "2.2", 0},
		{"a study that is not there", dicomweb.Query{Study: "9"}, "", 0},
		{"no films", dicomweb.Query{Modalities: []string{"MG"}}, "", 0},
	} {
		for _, server := range []pacs.Options{{Dialect: pacs.Google}, {Dialect: pacs.Orthanc}, {Dialect: pacs.AWS}, {Broad: true}, {Mute: true}, {Refuse: []string{"includefield"}}} {
			c, _ := archive(t, files, &server, nil)
			films, failed, err := all(t, c.Films(&test.q))
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			if server.Broad && !(test.q.From.IsZero() && test.q.To.IsZero()) {
				continue // the day is the server's business
			}
			var ids, want []string
			for _, m := range films {
				ids = append(ids, m.ID)
			}
			for _, sop := range strings.Fields(test.films) {
				want = append(want, dicomconv.Pseudonym(key, sop))
			}
			slices.Sort(ids)
			slices.Sort(want)
			if !slices.Equal(ids, want) {
				t.Errorf("%s, %+v: %d films, want %d", test.name, server, len(ids), len(want))
			}
			for id, err := range failed { // what the server does not tell, the file does
				if !errors.Is(err, cxr.ErrNotFrontal) && !errors.Is(err, cxr.ErrModality) && !errors.Is(err, cxr.ErrBodyPart) && !errors.Is(err, cxr.ErrMismatch) {
					t.Errorf("%s, %+v: %s: %v", test.name, server, id, err)
				}
			}
			tells := !server.Mute && server.Dialect != pacs.AWS && server.Refuse == nil
			if tells && len(failed) != test.other {
				t.Errorf("%s, %+v: %d films failed, want %d: %v", test.name, server, len(failed), test.other, failed)
			}
		}
	}
}

// What a server has beside what it gives at once, it must give or the search
// fails: no film is lost without a word.
func TestPaging(t *testing.T) {
	var files [][]byte
	for i := range 7 {
		files = append(files, made(fmt.Sprint("1.", i), fmt.Sprint("2.", i), fmt.Sprint("3.", i), "20260101", nil))
	}
	for _, test := range []struct {
		name  string
		o     pacs.Options
		page  int
		films int
		fails string
	}{
		{"in one", pacs.Options{}, 100, 7, ""},
		{"by three", pacs.Options{}, 3, 7, ""},
		{"by seven", pacs.Options{}, 7, 7, ""},
		{"fewer than asked", pacs.Options{Most: 2}, 100, 7, ""},
		{"one at a time", pacs.Options{Most: 1, Dialect: pacs.Google}, 100, 7, ""},
		{"no offset, and all at once", pacs.Options{Deaf: true}, 100, 7, ""},
		{"no offset, and more to come", pacs.Options{Deaf: true}, 3, 3, "the server gives the same 3 results again"},
	} {
		c, _ := archive(t, files, &test.o, func(o *dicomweb.Options) { o.Page = test.page })
		films, failed, err := all(t, c.Films(&dicomweb.Query{Modalities: []string{"DX"}}))
		if len(films) != test.films || len(failed) > 0 || (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %d films, %v, error %v", test.name, len(films), failed, err)
		}
	}
}

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

// Films in a transfer syntax that has no decoder are asked for again, in explicit
// little endian.
func TestTransferSyntaxes(t *testing.T) {
	plain := made("1.1", "1", "1.10", "20260101", nil)
	odd := bytes.Replace(plain, []byte("1.2.840.10008.1.2.1\x00"), []byte("1.2.840.10008.9.9.9\x00"), 1)
	for name, dialect := range dialects {
		c, s := archive(t, [][]byte{odd, made("1.2", "1", "1.10", "20260101", nil)}, &pacs.Options{Dialect: dialect, Undo: func(file []byte) []byte {
			return bytes.Replace(file, []byte("1.2.840.10008.9.9.9\x00"), []byte("1.2.840.10008.1.2.1\x00"), 1)
		}}, func(o *dicomweb.Options) { o.Parallel = 1 })
		films, failed, err := all(t, c.Films(nil))
		if err != nil || len(failed) > 0 || len(films) != 2 {
			t.Errorf("%s: %d films, %v, error %v", name, len(films), failed, err)
		}
		if n := s.Retrieved(); dialect != pacs.AWS && n != 3 {
			t.Errorf("%s: %d retrievals", name, n)
		}
	}
	c, _ := archive(t, [][]byte{odd}, nil, nil)
	if _, failed, err := all(t, c.Films(nil)); err != nil || !errors.Is(failed[dicomconv.Pseudonym(key, "1.1")], cxr.ErrUnsupported) {
		t.Error(failed, err)
	}
}

// Films that an earlier run has done are not retrieved again.
func TestResume(t *testing.T) {
	files := pacs.Phantoms(15, 48)
	c, s := archive(t, files, nil, func(o *dicomweb.Options) { o.Parallel = 2 })
	done := map[string]bool{}
	source := c.Films(nil)
	for range 6 {
		m, err := source.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done[m.ID] = true
	}
	source.Close()
	before := s.Retrieved()
	if before > 6+3 {
		t.Errorf("%d films retrieved for 6", before)
	}
	films, failed, err := all(t, c.Films(&dicomweb.Query{Skip: func(id string) bool { return done[id] }}))
	if err != nil || len(failed) > 0 || len(films) != 9 || s.Retrieved() != before+9 {
		t.Errorf("%d films by %d retrievals, %v, error %v", len(films), s.Retrieved()-before, failed, err)
	}
	for _, m := range films {
		if done[m.ID] {
			t.Errorf("%s again", m.ID)
		}
	}
}

func TestDuplicates(t *testing.T) {
	files := [][]byte{made("1.1", "1", "1.10", "20260101", nil), made("1.1", "1", "1.10", "20260101", nil), made("1.1", "1", "1.11", "20260101", nil)}
	c, _ := archive(t, files, nil, nil)
	films, failed, err := all(t, c.Films(nil))
	if err != nil || len(films) != 1 || len(failed) != 1 || !errors.Is(failed[films[0].ID], cxr.ErrDuplicate) {
		t.Errorf("%d films, %v, error %v", len(films), failed, err)
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

func TestOptionsAreChecked(t *testing.T) {
	for want, o := range map[string]*dicomweb.Options{
		"no options":              nil,
		"not of the form":         {URL: "pacs.example.org", Key: key},
		"user, query or fragment": {URL: "https://me:secret@pacs.example.org", Key: key},
		"query or fragment":       {URL: "https://pacs.example.org?token=secret", Key: key},
		"cross the network":       {URL: "http://pacs.example.org", Key: key},
		"Key has 3 bytes":         {URL: "https://pacs.example.org", Key: []byte("abc")},
		"Convert.PseudonymKey":    {URL: "https://pacs.example.org", Key: key, Convert: dicomconv.Options{PseudonymKey: key}},
		"Page -1":                 {URL: "https://pacs.example.org", Key: key, Page: -1},
		"Retry of -1 tries":       {URL: "https://pacs.example.org", Key: key, Retry: &dicomweb.Retry{Tries: -1}},
	} {
		if _, err := dicomweb.New(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	c, err := dicomweb.New(&dicomweb.Options{URL: "http://pacs.example.org", Key: key, Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	for want, q := range map[string]*dicomweb.Query{
		"no UID":            {Study: "1/../2"},
		"without its Study": {Series: "1"},
		"To lies before":    {From: time.Unix(1e9, 0), To: time.Unix(0, 0)},
		"Modalities has":    {Modalities: []string{"DX&PatientName=x"}},
		"Views has":         {Views: []string{"pa"}},
	} {
		if _, err := c.Films(q).Next(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// UIDs go into addresses: what is none is refused, not asked for.
func TestUIDsOfResultsAreChecked(t *testing.T) {
	for _, uid := range []string{"../../admin", "1/2", "1?x", "", "1..2", strings.Repeat("1", 65)} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `[{"0020000D":{"vr":"UI","Value":[%q]}}]`, uid)
			if r.URL.Path != "/studies" {
				t.Errorf("asked for %s", r.URL.Path)
			}
		}))
		c, err := dicomweb.New(&dicomweb.Options{URL: h.URL, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := all(t, c.Films(nil)); !errors.Is(err, cxr.ErrCorrupt) {
			t.Errorf("%q: %v", uid, err)
		}
		h.Close()
	}
}
