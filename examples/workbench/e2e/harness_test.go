package e2e

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("shots", "", "folder to write pictures of each step to")

// program is the workbench, built once for all tests.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "workbench")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "workbench")
	build := exec.Command("go", "build", "-o", program, "./examples/workbench")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
		return 1
	}
	defer func() {
		if shared.end != nil {
			shared.end()
		}
	}()
	return m.Run()
}

// A server is a workbench that runs.
type server struct {
	url    string // with its token
	cmd    *exec.Cmd
	stderr *buffer
}

type buffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// serve starts a workbench in a folder of its own, or in dir.
func serve(t testing.TB, dir string, args ...string) *server {
	t.Helper()
	s := &server{stderr: &buffer{}}
	s.cmd = exec.Command(program, append([]string{"-no-open"}, args...)...)
	s.cmd.Dir = dir
	s.cmd.Stderr = s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "http://"); ok {
			s.url = "http://" + strings.TrimSpace(rest)
			break
		}
	}
	if s.url == "" {
		s.cmd.Wait()
		t.Fatalf("the workbench ended without an address: %s", s.stderr)
	}
	go io.Copy(io.Discard, out)
	return s
}

// kill ends it as a crash would.
func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// chromium is the browser on this machine, which .ci/run installs. Without one the test
// is skipped.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium, chromium-browser, google-chrome or chrome on PATH")
	return ""
}

// A tab is a page in a browser.
type tab struct {
	t   testing.TB
	ctx context.Context
	mu  sync.Mutex
	bad []string // what the page complained of

	close func() // of another tab
}

// A test on a slow machine takes as long as it takes: the time of `go test` ends it.
const (
	longest = 9 * time.Minute // for a tab
	patient = 4 * time.Minute // for what is waited for
)

// shared is the browser of all tests, which is started once.
var shared struct {
	once sync.Once
	ctx  context.Context
	end  func()
	err  error
}

// launch starts a browser.
func launch(path string, more ...chromedp.ExecAllocatorOption) (context.Context, func(), error) {
	options := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.NoSandbox}, more)
	outer, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, close := chromedp.NewContext(outer)
	return ctx, func() { close(); end() }, chromedp.Do(ctx)
}

// browse opens the page as wide as given, in a profile of its own; with options in a
// browser of its own, too.
func browse(t testing.TB, address string, width, height int, more ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	path := chromium(t)
	var ctx context.Context
	var err error
	if len(more) > 0 {
		var end func()
		ctx, end, err = launch(path, more...)
		t.Cleanup(end)
	} else {
		shared.once.Do(func() { shared.ctx, shared.end, shared.err = launch(path) })
		ctx, err = shared.ctx, shared.err
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	ctx, end = context.WithTimeout(ctx, longest)
	t.Cleanup(end)
	b := &tab{t: t, ctx: ctx}
	b.watch()
	viewport := chromedp.EmulateViewport(int64(width), int64(height))
	if width < 600 {
		viewport = chromedp.EmulateViewport(int64(width), int64(height), chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.do(viewport, chromedp.Navigate(address))
	return b
}

// another is another tab of the same browser.
func (b *tab) another(address string) *tab {
	b.t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	b.t.Cleanup(end)
	other := &tab{t: b.t, ctx: ctx, close: end}
	other.watch()
	other.do(chromedp.Navigate(address))
	return other
}

// watch notes what a page throws or logs as an error.
func (b *tab) watch() {
	b.t.Helper()
	err := chromedp.Listen(b.ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.bad = append(b.bad, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
		case *log.EventEntryAdded:
			if e.Entry.Level == "error" && e.Entry.Source != "network" {
				b.bad = append(b.bad, e.Entry.Text)
			}
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// quiet fails if the page complained.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, line := range b.bad {
		b.t.Errorf("the page complained: %s", line)
	}
	b.bad = nil
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.shot("failed")
		b.t.Fatal(err)
	}
}

// eval is the value of an expression in the page, which may be a promise.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.shot("failed")
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits until an expression in the page, which may be a promise, is true.
func (b *tab) until(what, expression string) {
	b.t.Helper()
	deadline := time.Now().Add(patient)
	for {
		so, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("(async () => !!(await ("+expression+")))()", chromedp.EvalAwaitPromise))
		if so && err == nil {
			return
		}
		if err != nil && !strings.Contains(err.Error(), "navigated") { // a page that is being loaded anew cannot tell yet
			b.shot("failed")
			b.t.Fatalf("%s: %s: %v", what, expression, err)
		}
		if time.Now().After(deadline) {
			b.shot("failed")
			b.t.Fatalf("%s: never", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// asking is an expression about an answer of the workbench, s.
func asking(path, condition string) string {
	return "import('./api.js').then(({ api }) => api.get('" + path + "')).then((s) => " + condition + ")"
}

// saved is whether as many labels of the first finding as given are where they last.
func saved(labels int) string {
	return asking("state", fmt.Sprintf("s.findings[0].present + s.findings[0].absent === %d && s.saved.revision === s.saved.labels && !s.saved.error", labels))
}

// shot writes a picture of the page.
func (b *tab) shot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	file, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Log(err)
		return
	}
	if err := os.MkdirAll(*shots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	name = strings.NewReplacer("/", "-", " ", "-").Replace(b.t.Name() + "-" + name + ".png")
	if err := os.WriteFile(filepath.Join(*shots, name), file, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// below is an address of the same workbench.
func below(t testing.TB, address, path string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.JoinPath(path).String()
}

// browserOf is the process of a tab's browser.
func browserOf(b *tab) int {
	b.t.Helper()
	c := chromedp.FromContext(b.ctx)
	if c == nil || c.Browser == nil || c.Browser.Process() == nil {
		b.t.Fatal("the browser has no process")
	}
	return c.Browser.Process().Pid
}
