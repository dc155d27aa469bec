package page_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/page"
)

var (
	imported  = regexp.MustCompile(`from '\./([a-z]+\.js)'`)
	elsewhere = regexp.MustCompile(`(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}`)
)

// The page needs nothing that is not in it, and one module alone asks the server.
func TestThePageIsWhole(t *testing.T) {
	names, err := fs.Glob(page.FS(), "*")
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := page.FS().ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(data), "http://www.w3.org/2000/svg", "") // a name, not an address
		for _, m := range imported.FindAllStringSubmatch(text, -1) {
			if _, err := fs.Stat(page.FS(), m[1]); err != nil {
				t.Errorf("%s imports %s: %v", name, m[1], err)
			}
		}
		if found := elsewhere.FindString(text); found != "" {
			t.Errorf("%s asks for %s", name, found)
		}
		if strings.Contains(text, "fetch") != (name == "transport.js") {
			t.Errorf("%s calls fetch, or transport.js does not", name)
		}
		if strings.HasSuffix(name, ".html") && regexp.MustCompile(`<script>|style="|\son[a-z]+=`).MatchString(text) {
			t.Errorf("%s has what the content security policy refuses", name)
		}
		for _, way := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("} {
			if strings.Contains(text, way) {
				t.Errorf("%s: %s makes elements of names that users choose", name, way)
			}
		}
	}
	for path, kind := range map[string]string{"/": "text/html; charset=utf-8", "/app.js": "text/javascript; charset=utf-8", "/style.css": "text/css; charset=utf-8"} {
		w := httptest.NewRecorder()
		page.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind {
			t.Errorf("%s: status %d, %v", path, w.Code, w.Header())
		}
	}
}
