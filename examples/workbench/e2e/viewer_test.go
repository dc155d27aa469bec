package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func (b *tab) evaluate(script string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](script))
}

const about = "document.querySelector('.viewer-about').textContent"

// What the viewer can do, by keys and mouse.
func TestViewer(t *testing.T) {
	c := write(t, 12)
	s := serve(t, t.TempDir(), "-images", c.dir, "-out", "kept")
	b := browse(t, s.url, 1440, 900)
	b.ready(c.films)
	b.press(kb.Enter)
	b.until("a film", "/gray levels/.test("+about+")")
	numbers := func(k int) string {
		return eval[string](b, fmt.Sprintf("document.querySelectorAll('.viewer-numbers')[%d].textContent", k))
	}
	const window, zoom = 0, 1
	// What is known of the film is told before it is drawn, and its scale with that.
	eval[bool](b, "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))")

	fitted := numbers(zoom)
	x, y := b.middle(".viewer-pane canvas")
	under := func() string {
		b.do(chromedp.MouseEvent("mouseMoved", x+90, y-70), chromedp.MouseEvent("mouseMoved", x+91, y-70))
		return eval[string](b, "document.querySelector('.viewer-under').textContent")
	}
	place := under()
	b.evaluate(fmt.Sprintf("document.querySelector('.viewer-pane canvas').dispatchEvent(new WheelEvent('wheel', { deltaY: -400, clientX: %f, clientY: %f, cancelable: true }))", x+91, y-70))
	b.until("a larger film", fmt.Sprintf("document.querySelectorAll('.viewer-numbers')[1].textContent !== %q", fitted))
	if now := under(); now != place || place == "" {
		t.Errorf("under the pointer is %q, before zooming to it %q", now, place)
	}
	b.shot("zoomed")
	b.press("f")
	b.until("the whole film", fmt.Sprintf("document.querySelectorAll('.viewer-numbers')[1].textContent === %q", fitted))
	b.press("o")
	b.until("1:1", "document.querySelectorAll('.viewer-numbers')[1].textContent === '100 %'")
	b.press("f")

	light, own := eval[float64](b, brightness), numbers(window)
	b.press("i")
	b.until("an inverted film", fmt.Sprintf("Math.abs(%s - %f) > 10", brightness, light))
	b.press("i")
	b.press("w")
	b.until("the next window", "document.querySelector('.viewer-bar select').selectedIndex === 1")
	b.press("]")
	b.until("a window by hand", "document.querySelector('.viewer-bar select').selectedOptions[0].text === 'By hand'")
	b.press("r")
	b.until("the window of the start", fmt.Sprintf("document.querySelectorAll('.viewer-numbers')[0].textContent === %q", own))

	b.press("v")
	b.until("what the model sees", "document.querySelector('.viewer-seen')?.naturalWidth > 100")
	b.press("l")
	b.until("lungs", "/Cardiothoracic/.test("+about+")")
	b.until("windows of the lungs", "[...document.querySelector('.viewer-bar select').options].some((o) => o.text === 'Lungs')")
	b.shot("seen and lungs")
	b.press("v")
	b.press("h")
	b.until("why there is no map", "/There is no map: .*label some films/.test("+about+")")
	b.press("h")

	b.press("b")
	b.press(kb.ArrowRight)
	b.until("two films", "document.querySelectorAll('.viewer-pane').length === 2 && workbench.order.indexOf(workbench.cursor) === 1")
	b.until("both names", "[...document.querySelectorAll('.viewer-label')].every((e) => e.textContent.endsWith('.dcm')) && document.querySelectorAll('.viewer-wait')[0].textContent === ''")
	b.shot("side by side")
	b.press("b")
	b.press(kb.ArrowLeft)
	b.until("the first film", "workbench.order.indexOf(workbench.cursor) === 0 && document.querySelectorAll('.viewer-pane').length === 1")

	b.press(kb.Escape)
	b.add("effusion")
	b.embedded()
	for i := range 30 {
		b.until("the name", fmt.Sprintf("workbench.name(workbench.order[%d]).includes('.dcm')", i))
		b.mark(eval[int](b, fmt.Sprintf("workbench.order[%d]", i)), map[bool]string{true: "p", false: "a"}[i%3 == 0])
		if i > 10 && i >= c.films-1 {
			break
		}
	}
	b.until("scores", "workbench.scores.length > 0")
	b.evaluate("workbench.set({ cursor: workbench.order[3], viewing: true })")
	b.press("h")
	b.until("a map of the score", "document.querySelector('.viewer-chance')")
	b.shot("score map")
	b.quiet()
}

// spread puts two fingers on both sides of a point, so many pixels from it, and moves
// them apart.
func (b *tab) spread(x, y, from, to float64) {
	b.t.Helper()
	touch := func(kind input.DispatchTouchEventType, at ...float64) {
		fingers := []*input.TouchPoint{}
		for i, r := range at {
			id := float64(i)
			fingers = append(fingers, &input.TouchPoint{X: x + r, Y: y, ID: &id})
		}
		b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, t, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: fingers})
			return chromedp.Void{}, err
		})
	}
	touch("touchStart", -from, from)
	for _, r := range []float64{from + (to-from)/3, from + 2*(to-from)/3, to} {
		touch("touchMove", -r, r)
	}
	touch("touchEnd")
}

// The page can be read in light and dark, on a small screen and on a phone.
func TestSizes(t *testing.T) {
	c := write(t, 12)
	s := serve(t, t.TempDir(), "-images", c.dir)
	for _, size := range [][2]int{{1440, 900}, {1024, 700}, {390, 844}} {
		b := browse(t, s.url, size[0], size[1])
		b.ready(c.films)
		b.embedded()
		theme := ""
		check := func(what string) {
			b.t.Helper()
			b.shot(fmt.Sprintf("%s %s %d", what, theme, size[0]))
			if over := eval[int](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("%s, %s: the page is %d pixels wider than %d", what, theme, over, size[0])
			}
		}
		for _, theme = range []string{"light", "dark"} {
			b.evaluate(fmt.Sprintf("document.documentElement.dataset.theme = %q", theme))
			b.evaluate("workbench.set({ viewing: false }); document.querySelector('[data-view=grid]').click()")
			check("grid")
			b.evaluate("document.querySelector('[data-view=map]').click()")
			b.until("the map", "/UMAP/.test(document.querySelector('.map-status').textContent) && !/done/.test(document.querySelector('.map-status').textContent)")
			check("map")
			b.evaluate("workbench.set({ viewing: true })")
			b.until("a film", "/gray levels/.test("+about+")")
			check("viewer")
		}
		if size[0] < 600 {
			zoom := "document.querySelectorAll('.viewer-numbers')[1].textContent"
			before := eval[string](b, zoom)
			x, y := b.middle(".viewer-pane canvas")
			b.spread(x, y, 20, 90)
			b.until("a film made larger by two fingers", fmt.Sprintf("%s !== %q && parseInt(%s) > parseInt(%q)", zoom, before, zoom, before))
			check("zoomed by fingers")
		}
		b.quiet()
	}
}
