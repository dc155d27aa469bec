package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
	"github.com/cxrkit/cxrkit/internal/testkit/smalldisk"
)

// What has no token, comes from another origin or by another name of this machine
// is refused, and told nothing.
func TestStrangersAreRefused(t *testing.T) {
	s := serve(t, t.TempDir())
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	own := "http://" + u.Host
	for _, c := range []struct {
		name, url string
		change    func(*http.Request)
		status    int
	}{
		{"the page itself", s.url, func(r *http.Request) { r.Header.Set("Origin", own); r.Header.Set("Sec-Fetch-Site", "same-origin") }, 200},
		{"no token", own + "/", func(*http.Request) {}, 403},
		{"no token, films", own + "/api/films", func(*http.Request) {}, 403},
		{"half a token", own + u.Path[:10] + "/", func(*http.Request) {}, 403},
		{"another token", own + "/" + strings.Repeat("A", 26) + "/", func(*http.Request) {}, 403},
		{"another origin", s.url, func(r *http.Request) { r.Header.Set("Origin", "http://example.com") }, 403},
		{"another port", s.url, func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }, 403},
		{"a page of another site", s.url, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"a rebinding name", s.url, func(r *http.Request) { r.Host = "films.example.com:" + u.Port() }, 403},
		{"localhost", s.url, func(r *http.Request) { r.Host = "localhost:" + u.Port() }, 403},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r, err := http.NewRequestWithContext(t.Context(), method, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			c.change(r)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if c.status == 403 && (answer.StatusCode != 403 || len(body) > 100) || c.status == 200 && answer.StatusCode == 403 {
				t.Errorf("%s, %s: %s with %d bytes", c.name, method, answer.Status, len(body))
			}
		}
	}
}

// A page of another origin can neither read nor show anything, though it knows the
// address.
func TestAPageFromElsewhereSeesNothing(t *testing.T) {
	s := serve(t, t.TempDir())
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>elsewhere</title>")
	}))
	t.Cleanup(other.Close)
	b := browse(t, other.URL, 800, 600)
	for what, script := range map[string]string{
		"read":   `fetch(%q).then(() => true, () => false)`,
		"labels": `fetch(%q, { method: 'POST', mode: 'cors', headers: { 'Content-Type': 'application/json' }, body: '{}' }).then(() => true, () => false)`,
		"module": `import(%q).then(() => true, () => false)`,
		"image":  `new Promise((done) => { const i = new Image(); i.onload = () => done(true); i.onerror = () => done(false); i.src = %q; })`,
	} {
		path := map[string]string{"read": "api/films", "labels": "api/labels", "module": "api.js", "image": "api/film/0/thumb"}[what]
		if eval[bool](b, fmt.Sprintf(script, below(t, s.url, path))) {
			t.Errorf("%s: a page from elsewhere succeeds", what)
		}
	}
}

// memory is the most that a program has held, in MB.
func (s *server) memory() int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	kb := 0
	fmt.Sscan(rest, &kb)
	return kb >> 10
}

// Files that crash, hang or fool readers, one of 2 GB and some that are no films are
// each told of, and those beside them are shown.
func TestHostileFiles(t *testing.T) {
	c := write(t, 3)
	files := dicomtest.Hostile()
	files["text"] = []byte("no film")
	files["empty"] = nil
	for name, data := range files {
		if name == "ok" {
			continue
		}
		if err := os.WriteFile(filepath.Join(c.dir, "hostile_"+name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	big, err := os.Create(filepath.Join(c.dir, "hostile_2GB.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	head := append(make([]byte, 128), "DICM"...)
	if _, err := big.Write(head); err != nil {
		t.Fatal(err)
	}
	if err := big.Truncate(2 << 30); err != nil { // no block of it is written
		t.Fatal(err)
	}
	big.Close()
	s := serve(t, t.TempDir(), "-images", c.dir)
	b := browse(t, s.url, 1024, 768)
	b.ready(c.films + len(files))
	b.embedded()
	type film struct {
		ID, Problem string
		State       int
	}
	good := 0
	for _, f := range eval[struct{ Films []film }](b, "fetch('api/films').then((r) => r.json())").Films {
		switch hostile := strings.HasPrefix(filepath.Base(f.ID), "hostile_"); {
		case !hostile && f.State == 1:
			good++
		case !hostile:
			t.Errorf("a good film: %s", f.Problem)
		case f.State == 1: // some oddities can be read
		case f.Problem == "":
			t.Errorf("%s: nothing is told", filepath.Base(f.ID))
		}
	}
	if good != c.films {
		t.Errorf("%d of %d good films are embedded", good, c.films)
	}
	at := eval[int](b, "fetch('api/films').then((r) => r.json()).then(({ films }) => films.findIndex((f) => f.id.endsWith('2GB.dcm')))")
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("workbench.set({ cursor: %d, viewing: true })", at)))
	b.until("what is said of the large film", "/cannot be shown/.test(document.querySelector('.viewer-wait').textContent)")
	b.shot("2 GB")
	if mb := s.memory(); mb > 1500 {
		t.Errorf("the program took %d MB", mb)
	}
	b.quiet()
}

// add adds a finding and chooses it.
func (b *tab) add(finding string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS("#label form.add input"), finding+"\r"))
	b.until("the finding", fmt.Sprintf("workbench.finding === %q && !document.querySelector('#label form.add input').value", finding))
	b.do(chromedp.Evaluate[chromedp.Void]("document.getElementById('grid').focus()"))
}

// mark labels a film by keys.
func (b *tab) mark(film int, key string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("workbench.set({ cursor: %d })", film)))
	b.press(key)
}

// A folder that vanishes takes no label with it, and is said to have.
func TestFolderVanishes(t *testing.T) {
	c, work := write(t, 4), t.TempDir()
	s := serve(t, work, "-images", c.dir, "-out", "kept")
	b := browse(t, s.url, 1024, 768)
	b.ready(c.films)
	b.add("effusion")
	b.mark(0, "p")
	b.until("a label saved", saved(1))
	gone := c.dir + "-gone"
	if err := os.Rename(c.dir, gone); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(gone) })
	b.mark(1, "a")
	b.do(chromedp.Evaluate[chromedp.Void]("workbench.set({ cursor: 2, viewing: true })"))
	b.until("what is said", "/cannot be shown/.test(document.querySelector('.viewer-wait').textContent)")
	b.shot("gone")
	if text := eval[string](b, "document.querySelector('.viewer-wait').textContent"); strings.Contains(text, c.dir) {
		t.Errorf("the message holds the folder's name: %s", text)
	}
	b.until("both labels saved", saved(2))
	if err := os.Rename(gone, c.dir); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Evaluate[chromedp.Void]("workbench.set({ viewing: false })"), chromedp.Evaluate[chromedp.Void]("workbench.set({ cursor: 3, viewing: true })"))
	b.until("the film, whose folder is back", "document.querySelector('.viewer-about p')")
	if n := rows(t, filepath.Join(work, "kept", "labels.csv")); n < 2 {
		t.Errorf("%d rows", n)
	}
	b.quiet()
}

// Two tabs that label the same film are asked which label counts.
func TestSecondTab(t *testing.T) {
	c, work := write(t, 4), t.TempDir()
	s := serve(t, work, "-images", c.dir, "-out", "kept")
	b := browse(t, s.url, 1024, 768)
	b.ready(c.films)
	b.add("effusion")
	other := b.another(s.url)
	other.ready(c.films)
	other.until("the finding", "workbench.finding === 'effusion'")
	// The second tab does not hear of the first one's label before it gives its own.
	other.do(chromedp.Evaluate[chromedp.Void]("(() => { const real = window.fetch; window.fetch = (u, o) => String(u).includes('api/state') || String(u).includes('api/labels') && !o?.method ? new Promise(() => {}) : real(u, o); })()"))
	other.until("quiet", "new Promise((done) => setTimeout(() => done(true), 1500))")
	b.mark(0, "p")
	b.until("a label saved", saved(1))
	other.mark(0, "a")
	other.until("what is said", "/Another page has labeled/.test(document.getElementById('notice').textContent)")
	other.shot("conflict")
	b.until("the first label", "workbench.values[0] === 2")
	data, err := os.ReadFile(filepath.Join(work, "kept", "labels.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), ",1") {
		t.Errorf("the first label is not kept: %s", data)
	}
	other.do(chromedp.Evaluate[chromedp.Void]("[...document.querySelectorAll('#notice button')].find((b) => /^Make/.test(b.textContent)).click()"))
	b.until("the second label, which was chosen", "workbench.values[0] === 1")
	b.quiet()
	other.quiet()
}

// A full disk loses no label: they are saved when there is space again.
func TestNoSpace(t *testing.T) {
	c := write(t, 4)
	disk, grow := smalldisk.Mount(t, "64k")
	s := serve(t, t.TempDir(), "-images", c.dir, "-out", filepath.Join(disk, "kept"), "-store", t.TempDir())
	b := browse(t, s.url, 1024, 768)
	b.ready(c.films)
	b.add("effusion")
	b.mark(0, "p")
	b.until("a label saved", saved(1))
	filler, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	filler.Close()
	b.mark(1, "a")
	b.until("what is said", "/Labels are not saved: .*space/.test(document.getElementById('notice').textContent)")
	b.shot("no space")
	b.mark(2, "a")
	if n := rows(t, filepath.Join(disk, "kept", "labels.csv")); n != 1 {
		t.Errorf("the table of before has %d rows, want the 1 that was saved", n)
	}
	grow("1m")
	b.do(chromedp.Evaluate[chromedp.Void]("[...document.querySelectorAll('#notice button')].find((b) => b.textContent === 'Try again').click()"))
	b.until("all labels saved", saved(3))
	b.until("no complaint", "document.getElementById('notice').hidden")
	if n := rows(t, filepath.Join(disk, "kept", "labels.csv")); n != 3 {
		t.Errorf("%d rows are saved, want 3", n)
	}
	b.quiet()
}
