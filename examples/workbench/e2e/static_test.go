package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cxrkit/cxrkit/cxr/phantom"
)

// keptFiles is the names of the files that the browser keeps for the page.
const keptFiles = `new Promise((done) => {
	indexedDB.open('cxrkit-workbench').onsuccess = ({ target: { result: db } }) => {
		db.transaction('files').objectStore('files').getAllKeys().onsuccess = (e) => { db.close(); done(e.target.result); };
	};
})`

// The page without a server: one tab reads a DICOM file, embeds, is labeled, trains
// and reports, and nothing is sent but requests for the page's own files.
func TestWithoutServer(t *testing.T) {
	chromium(t)
	site := t.TempDir()
	build := exec.Command("go", "run", "./examples/workbench/static", "-o", site)
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s%v", out, err)
	}
	var mu sync.Mutex
	var asked []string
	files := http.FileServer(http.Dir(site))
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.RequestURI)
		mu.Unlock()
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(host.Close)

	b := browse(t, host.URL+"/", 1400, 900)
	b.until("tiles", "document.querySelectorAll('.tile').length > 10")
	b.shot("films")
	b.until("films are embedded", asking("state", "s.progress.done >= 16"))
	b.do(chromedp.Evaluate[chromedp.Void](`(async () => {
		const { api } = await import('./api.js');
		await api.post('findings', { name: 'bright' });
	})()`, chromedp.EvalAwaitPromise))
	t.Logf("%.1f films a second are embedded", eval[float64](b, asking("state", "s.progress.rate")))
	b.until("a finding", "workbench.finding === 'bright'")
	for i := range 16 {
		key := []string{"p", "a"}[i%2]
		b.do(chromedp.Evaluate[chromedp.Void]("workbench.set({ cursor: workbench.order["+strconv.Itoa(i)+"] })"), chromedp.KeyEvent(key))
	}
	b.until("labels are kept", saved(16))
	b.until("an interval", "/to/.test(document.getElementById('side').textContent) && /AUC/.test(document.getElementById('side').textContent)")
	b.shot("head")
	page := eval[string](b, `(async () => {
		const { api } = await import('./api.js');
		return (await api.blob('take/report.html', { finding: 'bright', threshold: 0.5 })).blob.text();
	})()`)
	if !strings.Contains(page, "AUC") {
		t.Errorf("the report: %.300s", page)
	}

	film := base64.StdEncoding.EncodeToString((phantom.Cohort{Patients: 1, Seed: 7}).Films()[0].DICOM())
	dropped := eval[string](b, `(async () => {
		const { api } = await import('./api.js');
		const bytes = Uint8Array.from(atob("`+film+`"), (c) => c.charCodeAt(0));
		const { film } = await api.send('drop', new Blob([bytes]));
		return (await api.get('films', { films: film })).films[0].id;
	})()`)
	b.until("the dropped film is embedded", asking("films", "s.films.find(f => f.id === '"+dropped+"').state === 1"))
	b.do(chromedp.Evaluate[chromedp.Void](`(async () => {
		const { api } = await import('./api.js');
		const { films } = await api.get('films');
		workbench.set({ cursor: films.find((f) => f.id === "`+dropped+`").film });
	})()`, chromedp.EvalAwaitPromise), chromedp.KeyEvent("p"))
	b.until("its label is kept", saved(17))
	if names := eval[[]string](b, keptFiles); !slices.Contains(names, "labels.csv") {
		t.Errorf("the browser keeps %q", names)
	}
	second := b.another(host.URL + "/")
	second.until("why a second tab waits", "/open in another tab/.test(document.getElementById('notice').textContent)")
	second.close()
	b.do(chromedp.Reload())
	// Films of one's own take the place of the synthetic ones.
	b.until("the dropped film is there again", asking("films", "s.total === 1 && s.films[0].id === '"+dropped+"' && s.films[0].state === 1"))
	b.until("its label is there again", "workbench.findings.some((f) => f.name === 'bright' && f.present === 1) && workbench.values[0] === 2")
	b.shot("again")
	press := func(words string) {
		b.evaluate(fmt.Sprintf("[...document.querySelectorAll('#take button, dialog[open] button')].find((e) => e.textContent === %q).click()", words))
	}
	press("Forget everything kept in this browser …")
	b.shot("forget")
	press("Forget everything")
	b.until("nothing is there", asking("state", "!s.findings.length && s.films > 10 && s.source === 'synthetic films'"))
	b.until("nothing is kept", "indexedDB.databases().then((all) => all.length === 0 || "+keptFiles+".then((names) => !names.some((n) => /labels|films/.test(n))))")
	b.quiet()
	mu.Lock()
	defer mu.Unlock()
	for _, line := range asked {
		name, ok := strings.CutPrefix(line, "GET /")
		if _, err := os.Stat(filepath.Join(site, name)); !ok || err != nil {
			t.Errorf("the page asked for %s", line)
		}
	}
}
