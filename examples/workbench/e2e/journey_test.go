package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cxrkit/cxrkit/head"
)

// labeled is how many films are labeled on the way.
const labeled = 40

// drop drops a file on the page as one does from a folder's window.
func (b *tab) drop(path string) {
	b.t.Helper()
	for _, step := range []input.DispatchDragEventType{"dragEnter", "dragOver", "drop"} {
		b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, t, input.DispatchDragEvent, input.DispatchDragEventParams{
				Type: step, X: 300, Y: 400, Data: &input.DragData{Items: []*input.DragDataItem{}, Files: []string{path}, DragOperationsMask: 1},
			})
			return chromedp.Void{}, err
		})
	}
}

// drag drags the mouse from a point to another.
func (b *tab) drag(x0, y0, x1, y1 float64) {
	b.t.Helper()
	b.do(chromedp.DragAndDropXY(x0, y0, x1, y1, 12))
}

// middle is the middle of an element on the page.
func (b *tab) middle(selector string) (x, y float64) {
	b.t.Helper()
	at := eval[[]float64](b, fmt.Sprintf("(() => { const r = document.querySelector(%q).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()", selector))
	return at[0], at[1]
}

func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// ready waits until the page shows its films.
func (b *tab) ready(films int) {
	b.t.Helper()
	b.until(fmt.Sprintf("%d films", films), fmt.Sprintf("window.workbench && workbench.total === %d && workbench.cursor >= 0 && workbench.name(workbench.cursor).includes('.')", films))
	b.until("their pictures", "document.querySelectorAll('#grid .tile').length > 3")
}

// embedded waits until all films have an embedding, or have failed.
func (b *tab) embedded() {
	b.t.Helper()
	b.until("embeddings", "(() => { const p = workbench.server?.progress; return p && p.done + p.failed === p.total; })()")
}

const auc = "document.querySelector('#head .auc strong:not(.none)')"

// look is where a film's bright and dark parts are, as the canvas of the viewer has
// it: the mean of its pixels.
const brightness = `(() => {
  const c = document.querySelector('.viewer-pane canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  let sum = 0;
  for (let k = 0; k < d.length; k += 4) sum += d[k];
  return sum / (d.length / 4);
})()`

// From a folder and a dropped film to a head, and all of it is there after a crash.
func TestJourney(t *testing.T) {
	film := real(t, "nih2_cardiomegaly_implicit_8bit.dcm")
	secrets := private(t, film)
	c, work := write(t, 45), t.TempDir()
	args := []string{"-images", c.dir, "-out", "kept"}
	s := serve(t, work, args...)
	b := browse(t, s.url, 1440, 900)
	b.ready(c.films)
	b.shot("1 open")

	b.drop(film)
	b.until("the dropped film", fmt.Sprintf("workbench.total === %d && workbench.cursor === %d", c.films+1, c.films))
	b.press(kb.Enter)
	b.until("the viewer", "document.querySelector('.viewer-about p')")
	b.until("what is said of 8 bits", "/8 bits/.test(document.querySelector('.viewer-about').textContent)")
	b.shot("2 dropped film")
	window := func() string { return eval[string](b, "document.querySelector('.viewer-numbers').textContent") }
	before, light := window(), eval[float64](b, brightness)
	x, y := b.middle(".viewer-pane canvas")
	b.drag(x, y, x+60, y+120)
	b.until("a darker film", fmt.Sprintf("Math.abs(%s - %f) > 5", brightness, light))
	if after := window(); after == before {
		t.Errorf("the window is still %s", after)
	}
	b.press("i")
	b.press("l")
	b.until("lungs", "/Cardiothoracic|Not found/.test(document.querySelector('.viewer-about').textContent)")
	b.shot("3 windowed, inverted, lungs")
	b.press("r")
	b.until("the window of the start", fmt.Sprintf("document.querySelector('.viewer-numbers').textContent === %q", before))
	b.press(kb.Escape)
	b.until("the grid", "document.getElementById('viewer').hidden")

	b.do(chromedp.SendKeys(chromedp.CSS("#label form.add input"), "effusion\r"))
	b.until("the finding", "workbench.finding === 'effusion' && !document.querySelector('#label form.add input').value")
	b.do(chromedp.Evaluate[chromedp.Void]("document.getElementById('grid').focus()"))
	b.press(kb.Home)
	for n := range labeled {
		b.until("the film's name", "workbench.name(workbench.cursor).endsWith('.dcm')")
		name := eval[string](b, "workbench.name(workbench.cursor)")
		id := strings.Join(strings.Split(filepath.ToSlash(name), "/")[len(strings.Split(filepath.ToSlash(name), "/"))-2:], "/")
		has, known := c.effusion[id]
		if !known {
			t.Fatalf("film %q is none of those written", name)
		}
		cursor := eval[int](b, "workbench.cursor")
		b.press(map[bool]string{true: "p", false: "a"}[has])
		b.until("the next film", fmt.Sprintf("workbench.cursor !== %d", cursor))
		if n == 12 {
			b.shot("4 labeling")
		}
	}
	b.until("labels saved", saved(labeled))
	b.embedded()
	b.until("AUC", auc)
	b.until("no judging under way", "!/…/.test(document.querySelector('#head .auc').textContent)")
	interval := eval[string](b, "document.querySelector('#head .auc').textContent")
	if !regexp.MustCompile(`^\d\.\d\d\d\.\d\d to \d\.\d\d`).MatchString(interval) {
		t.Errorf("AUC and interval are %q", interval)
	}
	b.shot("5 head")

	b.until("counts", "document.querySelector('.confusion')")
	counts := func() string { return eval[string](b, "document.querySelector('.confusion').textContent") }
	at := counts()
	x, y = b.middle("#head svg .handle")
	fx, fy := b.middle("#head svg:has(.handle)")
	b.drag(x, y, fx+70, fy-60)
	b.until("other counts", fmt.Sprintf("document.querySelector('.confusion').textContent !== %q", at))
	b.shot("6 operating point")

	downloads := t.TempDir()
	if _, err := chromedp.CallBrowser(b.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: downloads, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Evaluate[chromedp.Void]("[...document.querySelectorAll('#take button')].find((b) => b.textContent === 'Report').click()"))
	report := downloaded(t, downloads, ".html")
	if !strings.Contains(report, "effusion") || !strings.Contains(report, "AUC") {
		t.Errorf("the report of %d bytes tells of no effusion and AUC", len(report))
	}
	hides(t, "the report", report, secrets)

	b.do(chromedp.Evaluate[chromedp.Void]("document.querySelectorAll('[data-view=both]')[0].click()"))
	b.until("the map", "/UMAP/.test(document.querySelector('.map-status')?.textContent) && !/done/.test(document.querySelector('.map-status').textContent)")
	b.shot("7 map")
	x, y = b.middle(".map-stage canvas")
	lasso(b, x, y)
	b.until("a selection", "workbench.selection.size > 0")
	b.shot("8 lasso")
	hides(t, "the page", eval[string](b, "document.documentElement.outerHTML"), secrets)

	b.do(chromedp.Reload())
	b.ready(c.films + 1)
	b.until("labels after reloading", fmt.Sprintf("workbench.values.filter((v) => v === 1 || v === 2).length === %d", labeled))
	b.until("AUC after reloading", auc)
	b.quiet()

	s.kill()
	if n := rows(t, filepath.Join(work, "kept", "labels.csv")); n < labeled {
		t.Errorf("%d films in the table after a crash", n)
	}
	s = serve(t, work, args...)
	b = browse(t, s.url, 1024, 768)
	b.ready(c.films + 1)
	b.until("labels after a crash", fmt.Sprintf("workbench.values.filter((v) => v === 1 || v === 2).length === %d", labeled))
	b.until("AUC after a crash", auc)
	b.until("the same AUC", fmt.Sprintf("document.querySelector('#head .auc').textContent === %q", interval))
	b.shot("9 after a crash")
	b.quiet()
	for path, text := range everything(t, filepath.Join(work, "kept")) {
		if !strings.Contains(filepath.ToSlash(path), "/films/") { // the film itself, which is kept as it is
			hides(t, filepath.Base(path), text, secrets)
		}
		hides(t, "the name of a file", path, secrets)
	}
	hides(t, "what the program prints", s.stderr.String(), secrets)
}

// lasso draws a square about a point.
func lasso(b *tab, x, y float64) {
	b.t.Helper()
	const r = 150
	b.do(chromedp.MouseEvent("mousePressed", x-r, y-r, chromedp.ButtonLeft))
	for _, p := range [][2]float64{{0, -r}, {r, -r}, {r, 0}, {r, r}, {0, r}, {-r, r}, {-r, 0}} {
		b.do(chromedp.MouseEvent("mouseMoved", x+p[0], y+p[1], chromedp.ButtonLeft))
	}
	b.do(chromedp.MouseEvent("mouseReleased", x-r, y-r+10, chromedp.ButtonLeft))
}

// downloaded waits for a file.
func downloaded(t testing.TB, dir, end string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		found, err := filepath.Glob(filepath.Join(dir, "*"+end))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			data, err := os.ReadFile(found[0])
			if err != nil {
				t.Fatal(err)
			}
			return string(data)
		}
	}
	t.Fatalf("no %s was downloaded", end)
	return ""
}

// rows is how many films a table of labels has, which the library reads.
func rows(t testing.TB, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := head.ReadLabels(bytes.NewReader(data), nil); err != nil {
		t.Error(err)
	}
	return bytes.Count(bytes.TrimSpace(data), []byte("\n")) // less the header
}

// everything is the files of a folder, by their paths.
func everything(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
