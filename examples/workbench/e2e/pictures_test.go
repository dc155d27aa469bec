package e2e

import "testing"

// The pictures in README and docs, of synthetic films.
func TestPictures(t *testing.T) {
	if *shots == "" {
		t.Skip("makes pictures for the docs: -shots FOLDER")
	}
	s := serve(t, t.TempDir())
	b := browse(t, s.url, 1280, 760)
	b.until("films", "window.workbench && workbench.total > 200 && workbench.cursor >= 0")
	b.evaluate("document.documentElement.dataset.theme = 'light'; document.querySelector('[data-view=both]').click()")
	b.embedded()
	b.until("the finding", "workbench.findings.some((f) => f.name === 'opacity')")
	b.evaluate("workbench.set({ finding: 'opacity' })")
	b.until("the map", "/233 films by UMAP$/.test(document.querySelector('.map-status').textContent)")
	b.until("a head", "document.querySelector('.confusion') && !/…/.test(document.querySelector('#head .auc').textContent)")
	b.shot("workbench")
	b.evaluate("workbench.set({ cursor: workbench.order.find((i) => workbench.values[i] === 2), viewing: true })")
	b.press("l")
	b.until("lungs", "/Cardiothoracic/.test("+about+")")
	b.press("h")
	b.until("a map of the score", "document.querySelector('.viewer-chance')")
	b.shot("viewer")
}
