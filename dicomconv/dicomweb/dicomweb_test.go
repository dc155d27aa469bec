package dicomweb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
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
		films, failed, err := all(t, c.Films(nil))
		if len(films) > 0 || len(failed) != 1 || !errors.Is(failed[dicomconv.Pseudonym(key, uid)], cxr.ErrCorrupt) || err != nil {
			t.Errorf("%q: %v, error %v", uid, failed, err)
		}
		h.Close()
	}
}
