package guard_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/examples/workbench/internal/guard"
)

const host, token = "127.0.0.1:4711", "SECRET"

// Only the page itself, and who opens its address, is let in.
func TestWhoIsLetIn(t *testing.T) {
	h := guard.Handler(host, token, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "in "+r.URL.Path) }))
	for name, test := range map[string]struct {
		path, host string
		header     map[string]string
		in         bool
	}{
		"by the address":           {"/SECRET/", host, map[string]string{"Sec-Fetch-Site": "none"}, true},
		"the page":                 {"/SECRET/api/state", host, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://" + host}, true},
		"a program with the token": {"/SECRET/api/state", host, nil, true},
		"without a token":          {"/api/state", host, nil, false},
		"at the root":              {"/", host, nil, false},
		"another token":            {"/SECRES/", host, nil, false},
		"half a token":             {"/SEC/", host, nil, false},
		"a longer token":           {"/SECRETS/", host, nil, false},
		"no slash":                 {"/SECRET", host, nil, false},
		"a rebinding Host":         {"/SECRET/", "films.example.com:4711", nil, false},
		"another port":             {"/SECRET/", "127.0.0.1:4712", nil, false},
		"another name of the host": {"/SECRET/", "localhost:4711", nil, false},
		"no Host":                  {"/SECRET/", "", nil, false},
		"another origin":           {"/SECRET/api/labels", host, map[string]string{"Origin": "https://example.com"}, false},
		"no origin":                {"/SECRET/api/labels", host, map[string]string{"Origin": "null"}, false},
		"another origin's port":    {"/SECRET/api/labels", host, map[string]string{"Origin": "http://127.0.0.1:80"}, false},
		"from another site":        {"/SECRET/", host, map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"from another port's page": {"/SECRET/", host, map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		"a token after a detour":   {"/x/../SECRET/", host, nil, false},
	} {
		r := httptest.NewRequest("GET", "http://"+host+"/", nil)
		r.URL.Path = test.path
		r.Host = test.host
		for k, v := range test.header {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Code == http.StatusOK; got != test.in {
			t.Errorf("%s: status %d", name, w.Code)
		}
		if !test.in && (w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), token)) {
			t.Errorf("%s: status %d, %s", name, w.Code, w.Body)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: header %v", name, w.Header())
		}
	}
	r := httptest.NewRequest("GET", "http://"+host+"/SECRET/api/films?count=3", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Body.String() != "in /api/films" {
		t.Error(w.Body)
	}
}
