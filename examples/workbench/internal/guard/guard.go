// Package guard lets a browser of this machine in, and nobody else: a server of the
// loopback interface can be reached by every program and, through the browser, by
// every page of the web.
package guard

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// Handler serves h below /TOKEN/ of host, such as "127.0.0.1:41234". What has
// another Host (DNS rebinding), comes from a page of another origin or has no token
// is refused, and nothing is told about why. The token is in the path, so that all
// that the page loads has it too and no cookie is needed, which other ports of this
// machine would see.
func Handler(host, token string, h http.Handler) http.Handler {
	prefix := "/" + token + "/"
	inner := http.StripPrefix(strings.TrimSuffix(prefix, "/"), h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		head := r.URL.Path[:min(len(prefix), len(r.URL.Path))]
		if r.Host != host || !sameOrigin(r, host) || subtle.ConstantTimeCompare([]byte(head), []byte(prefix)) != 1 {
			http.Error(w, "refused: open the address that the program printed", http.StatusForbidden)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// sameOrigin is whether a request comes from the page itself, or from the user's
// hand in the address bar.
func sameOrigin(r *http.Request, host string) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+host {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin": // older browsers do not tell, nor do programs
		return true
	}
	return false
}

// headers keep the page from loading or sending anything elsewhere, from being
// framed, and its address from being told.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; " +
		"worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Cache-Control":                "no-store",
}
