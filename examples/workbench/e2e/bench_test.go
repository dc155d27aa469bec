package e2e

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// thumbnails are so many PNG files of 300 different films, in folders of a thousand.
func thumbnails(b *testing.B, n int) string {
	b.Helper()
	dir, originals := b.TempDir(), []string{}
	c := dicomconv.New(nil)
	for _, f := range (phantom.Cohort{Patients: 150, Seed: 3, Size: 160}).Films() {
		m, err := c.Normalize(strings.NewReader(string(f.DICOM())))
		if err != nil {
			b.Fatal(err)
		}
		small := m.Fit(128, cxr.KernelArea)
		g := image.NewGray(small.Bounds())
		for i, v := range small.Pix {
			g.Pix[i] = uint8(v >> 8)
		}
		name := filepath.Join(dir, "..", fmt.Sprintf("original%d.png", len(originals)))
		file, err := os.Create(name)
		if err != nil {
			b.Fatal(err)
		}
		if err := png.Encode(file, g); err != nil {
			b.Fatal(err)
		}
		file.Close()
		originals = append(originals, name)
	}
	for i := range n {
		folder := filepath.Join(dir, fmt.Sprintf("%03d", i/1000))
		if i%1000 == 0 {
			if err := os.Mkdir(folder, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		// A file may have 65,000 names; each film has less.
		if err := os.Link(originals[i%len(originals)], filepath.Join(folder, fmt.Sprintf("%06d.png", i))); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// scroll scrolls the grid for some milliseconds at so many pixels a second, and gives
// the times between frames in milliseconds, sorted.
const scroll = `new Promise((done) => {
  const grid = document.getElementById('grid'), times = [], end = performance.now() + %d;
  let last = 0;
  const frame = (now) => {
    if (last) { times.push(now - last); grid.scrollTop += Math.ceil((now - last) / 1000 * %d); }
    last = now;
    if (now < end) requestAnimationFrame(frame); else done(times.sort((a, b) => a - b));
  };
  requestAnimationFrame(frame);
})`

// resident is what the processes of a program and its children hold, in MB.
func resident(pid int) int {
	kb := 0
	tasks, _ := filepath.Glob("/proc/[0-9]*/stat")
	children := map[int][]int{}
	rss := map[int]int{}
	for _, name := range tasks {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(data), ") ")
		var state string
		var id, parent int
		fmt.Sscan(string(data), &id)
		fmt.Sscan(after, &state, &parent)
		children[parent] = append(children[parent], id)
		if status, err := os.ReadFile(filepath.Join(filepath.Dir(name), "status")); err == nil {
			if _, rest, ok := strings.Cut(string(status), "RssAnon:"); ok {
				n := 0
				fmt.Sscan(rest, &n)
				rss[id] = n
			}
		}
	}
	var add func(id int)
	add = func(id int) {
		kb += rss[id]
		for _, c := range children[id] {
			add(c)
		}
	}
	add(pid)
	return kb >> 10
}

// BenchmarkScroll is the grid of 100,000 films: how long frames take while it
// scrolls, how soon there is a first picture, and what browser and program hold;
// without an encoder, as when all films have their embeddings, and while films are
// being embedded.
func BenchmarkScroll(b *testing.B) {
	dir := thumbnails(b, 100000)
	for name, args := range map[string][]string{"looking": {"-model", "none.onnx"}, "embedding": nil} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				scrolling(b, append(args, "-images", dir, "-out", "kept"))
			}
		})
	}
}

func scrolling(b *testing.B, args []string) {
	start := time.Now()
	s := serve(b, b.TempDir(), args...)
	listed := time.Since(start)
	// Frames come as fast as they can, and not when a screen would want the next.
	t := browse(b, s.url, 1440, 900, chromedp.Flag("disable-frame-rate-limit", true), chromedp.Flag("disable-gpu-vsync", true))
	t.until("a picture", "[...document.querySelectorAll('#grid .tile')].some((e) => e.style.backgroundImage || e.querySelector('canvas, img'))")
	first := time.Since(start)
	t.ready(100000)
	for name, speed := range map[string]int{"slow": 2400, "fast": 54000} { // pixels a second: 3 screens, and 60
		times := eval[[]float64](t, fmt.Sprintf(scroll, 8000, speed))
		b.ReportMetric(times[len(times)/2], name+"-median-ms")
		b.ReportMetric(times[len(times)*99/100], name+"-p99-ms")
	}
	b.ReportMetric(listed.Seconds(), "listed-s")
	b.ReportMetric(first.Seconds(), "first-picture-s")
	b.ReportMetric(float64(s.memory()), "program-peak-MB")
	b.ReportMetric(float64(resident(browserOf(t))), "browser-MB")
	s.kill()
}
