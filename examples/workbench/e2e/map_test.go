package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestMap(t *testing.T) {
	s := serve(t, t.TempDir())
	b := browse(t, s.url, 1440, 900)
	b.until("tiles", "document.querySelectorAll('.tile').length > 10")
	b.until("embedded", "fetch('api/state').then(r => r.json()).then(s => s.progress && s.progress.done > 60)")
	b.do(chromedp.Evaluate[chromedp.Void]("workbench.set({ mapping: true })"))
	b.until("map", "/UMAP/.test(document.querySelector('.map-status').textContent)")
	b.shot("map")
	fmt.Println(eval[string](b, "document.querySelector('.map-status').textContent"))
	fmt.Println(eval[string](b, "fetch('api/state').then(r => r.text())"))
	b.quiet()
}
