package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestViewer(t *testing.T) {
	s := serve(t, t.TempDir())
	b := browse(t, s.url, 1440, 900)
	b.until("tiles", "document.querySelectorAll('.tile').length > 10")
	b.until("pictures", "document.querySelector('.tile').style.backgroundImage")
	b.shot("grid")
	b.do(chromedp.DoubleClick(chromedp.CSS(".tile")))
	b.until("film", "document.querySelector('.viewer-about p')")
	b.shot("viewer")
	b.do(chromedp.KeyEvent("l"))
	b.until("lungs", "document.querySelector('.viewer-about dl')")
	b.shot("lungs")
	b.quiet()
}
