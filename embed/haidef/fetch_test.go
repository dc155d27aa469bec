package haidef

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/internal/wado"
)

// Python 3.11's b64decode says so.
func TestLenientBase64(t *testing.T) {
	for _, test := range [][2]string{
		{"", ""}, {"YQ==", "a"}, {"YQ=", "error"}, {"YQ", "error"}, {"YWI=", "ab"}, {"YWI", "error"}, {"YWJj", "abc"}, {"YWJjZ", "error"}, {"YWJj\n", "abc"},
		{"Y W-J_j", "abc"}, {"=YWJj", "abc"}, {"Y=Q==", "a"}, {"YQ=a=", "a\x06"}, {"YQ==YWJj", "a"}, {"YWI=YWJj", "ab"}, {"====", ""}, {"=", ""}, {"Y", "error"},
		{"YWJjYQ==extra", "abca"}, {"YW=Jj", "abc"}, {"YQ=\n=", "a"},
	} {
		got, err := lenientBase64([]byte(test[0]))
		if (err != nil) != (test[1] == "error") || err == nil && string(got) != test[1] {
			t.Errorf("%q: %q, error %v, want %q", test[0], got, err, test[1])
		}
	}
}

func TestReachableAddresses(t *testing.T) {
	for address, want := range map[string]string{ // "": never, "private": where the house is allowed
		"8.8.8.8": "always", "2001:4860:4860::8888": "always", "127.0.0.1": "private", "127.8.9.1": "private", "::1": "private", "10.1.2.3": "private",
		"172.16.0.1": "private", "172.32.0.1": "always", "192.168.1.1": "private", "100.64.0.1": "private", "198.18.0.1": "private", "fd12::1": "private",
		"0.0.0.0": "", "::": "", "0.1.2.3": "", "169.254.169.254": "", "fe80::1": "", "224.0.0.1": "", "ff02::1": "", "255.255.255.255": "", "240.0.0.1": "",
		"fd00:ec2::254": "", "100.100.100.200": "", "168.63.129.16": "", "64:ff9b::7f00:1": "", "2002:7f00:1::": "", "2001::1": "", "::7f00:1": "",
		"::ffff:127.0.0.1": "private", "::ffff:169.254.169.254": "", "192.0.2.1": "", "203.0.113.5": "", "2001:db8::1": "", "fe80::1%eth0": "", "fec0::1": "",
	} {
		a := netip.MustParseAddr(address)
		for _, private := range []bool{false, true} {
			if got := reachable(a.Unmap(), private); got != (want == "always" || want == "private" && private) {
				t.Errorf("%s, private %v: %v", address, private, got)
			}
		}
	}
}

// A house is a TLS server on this machine that films can be fetched from.
type house struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []string // method, path and token of requests
	answer http.HandlerFunc
}

func newHouse(t *testing.T, answer http.HandlerFunc) *house {
	h := &house{answer: answer}
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.seen = append(h.seen, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
		h.mu.Unlock()
		h.answer(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *house) host() string { return strings.TrimPrefix(h.URL, "https://") }

func (h *house) requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen
}

func (h *house) tls() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(h.Certificate())
	return &tls.Config{RootCAs: pool}
}

func (h *house) fetcher(t *testing.T, change func(*Fetch)) *fetcher {
	t.Helper()
	o := &Fetch{Hosts: []string{h.host()}, Buckets: []string{"films"}, Private: true, TLS: h.tls()}
	if change != nil {
		change(o)
	}
	f, err := newFetcher(o)
	if err != nil {
		t.Fatal(err)
	}
	f.storage = h.URL + "/storage/v1/b/"
	return f
}

func picture() []byte {
	var b strings.Builder
	png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)))
	return []byte(b.String())
}

const instance = "/dicom-web/studies/1.2/series/3.4/instances/5.6"

func TestFetching(t *testing.T) {
	film := picture()
	bare := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/dicom")
		w.Write(film)
	}
	multipart := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", `multipart/related; type="application/dicom"; boundary=b`)
		fmt.Fprintf(w, "--b\r\nContent-Type: application/dicom\r\n\r\n%s\r\n--b--\r\n", film)
	}
	onlyBare := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != wado.Accept(true, wado.ExplicitLittle) {
			http.Error(w, "", http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Type", "application/dicom")
		w.Write(film)
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
	}
	for _, test := range []struct {
		name, kind, uri, token string
		answer                 http.HandlerFunc
		code                   string // "" for success
		seen                   []string
	}{
		{"multipart", keyWeb, instance, "t0ken", multipart, "", []string{"GET " + instance + " Bearer t0ken"}},
		{"bare", keyWeb, instance, "", bare, "", []string{"GET " + instance + " "}},
		{"only bare explicit little endian", keyWeb, instance, "t", onlyBare, "", []string{"GET " + instance + " Bearer t", "GET " + instance + " Bearer t"}},
		{"a bucket", keyGCS, "gs://films/ward 1/a#b.png", "t", bare, "", []string{"GET /storage/v1/b/films/o/ward%201%2Fa%23b.png?alt=media Bearer t"}},
		{"a picture", keyURL, "/a.png?signature=x", "", bare, "", []string{"GET /a.png?signature=x "}},
		{"sign-in", keyWeb, instance, "t", status(401), codeCredentials, nil},
		{"no permission", keyGCS, "gs://films/a.png", "t", status(403), codeCredentials, nil},
		{"not there", keyWeb, instance, "", status(404), codeHTTP, nil},
		{"an error", keyURL, "/a.png", "", status(500), codeHTTP, nil},
		{"no content", keyWeb, instance, "", status(204), codeHTTP, nil},
		{"a page", keyWeb, instance, "", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html>")
		}, codeHTTP, nil},
		{"cut off", keyURL, "/a.png", "", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write(film)
		}, codeHTTP, nil},
		{"more bytes than allowed", keyURL, "/a.png", "", func(w http.ResponseWriter, r *http.Request) {
			for range 40 {
				w.Write(make([]byte, 100))
			}
		}, codeHTTP, nil},
	} {
		h := newHouse(t, test.answer)
		uri := test.uri
		if test.kind != keyGCS {
			uri = h.URL + uri
		}
		got, failed := h.fetcher(t, func(f *Fetch) { f.MaxBytes = 2000 }).get(t.Context(), &source{test.kind, uri, test.token})
		if test.code == "" && (failed != nil || string(got) != string(film)) || test.code != "" && (failed == nil || failed.code != test.code) {
			t.Errorf("%s: %d bytes, failure %v, want %q", test.name, len(got), failed, test.code)
		}
		if test.seen != nil && fmt.Sprint(h.requests()) != fmt.Sprint(test.seen) {
			t.Errorf("%s: %q, want %q", test.name, h.requests(), test.seen)
		}
	}
}

func TestFetchingTakesNoLongerThanAllowed(t *testing.T) {
	release := make(chan struct{})
	h := newHouse(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "beginning")
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	start := time.Now()
	_, failed := h.fetcher(t, func(f *Fetch) { f.Timeout = 100 * time.Millisecond }).get(t.Context(), &source{keyURL, h.URL + "/a.png", ""})
	if failed == nil || time.Since(start) > 5*time.Second {
		t.Errorf("failure %v after %v", failed, time.Since(start))
	}
}

// Forgeries: addresses by which a stranger would have this server ask another, or
// ask the right one for something else. None may reach anybody.
func TestForgeriesAreRefused(t *testing.T) {
	canary := newHouse(t, func(w http.ResponseWriter, r *http.Request) { w.Write(picture()) })
	port := canary.host()[strings.LastIndex(canary.host(), ":"):]
	listed := "pacs.example.org"
	uris := map[string]string{
		"another host":                      canary.URL + instance,
		"another port":                      "https://" + listed + ":8443" + instance,
		"a user before the host":            "https://" + listed + "@" + canary.host() + instance,
		"a password before the host":        "https://" + listed + ":x@" + canary.host() + instance,
		"a fragment for a host":             canary.URL + "#@" + listed + instance,
		"a backslash":                       canary.URL + `\@` + listed + instance,
		"a backslash after the scheme":      `https:\\` + canary.host() + instance,
		"no TLS":                            "http://" + listed + instance,
		"a file":                            "file:///etc/passwd/studies/1/series/2/instances/3",
		"gopher":                            "gopher://" + listed + instance,
		"no scheme":                         "//" + canary.host() + instance,
		"no host":                           "https://" + instance,
		"an opaque address":                 "https:" + listed + instance,
		"this machine by number":            "https://2130706433" + port + instance,
		"this machine in hexadecimal":       "https://0x7f000001" + port + instance,
		"this machine in octal":             "https://0177.0.0.1" + port + instance,
		"this machine in short":             "https://127.1" + port + instance,
		"this machine in IPv6":              "https://[::1]" + port + instance,
		"this machine mapped to IPv6":       "https://[::ffff:127.0.0.1]" + port + instance,
		"any address":                       "https://0.0.0.0" + port + instance,
		"metadata of clouds":                "https://169.254.169.254" + instance,
		"a host with a final dot":           "https://" + listed + "." + instance,
		"a host in capitals":                "https://PACS.example.org" + instance,
		"a host in letters of other blocks": "https://ⓟacs.example.org" + instance,
		"a host that begins as the listed":  "https://" + listed + ".evil.example" + instance,
		"a host that ends as the listed":    "https://evil-" + listed + instance,
		"a zone":                            "https://[fe80::1%25lo]" + instance,
		"the way up":                        "https://" + listed + "/dicom-web/../admin" + instance,
		"the way up, encoded":               "https://" + listed + "/dicom-web/%2e%2e/admin" + instance,
		"an encoded slash":                  "https://" + listed + "/dicom-web%2f..%2fadmin" + instance,
		"a doubled slash":                   "https://" + listed + "//admin" + instance,
		"a query":                           "https://" + listed + "/admin?x=" + instance,
		"a fragment":                        "https://" + listed + "/admin#" + instance,
		"a line break":                      "https://" + listed + "/a\r\nHost: evil" + instance,
		"a name that is this machine":       "https://localhost" + port + instance,
	}
	if len(uris) < 20 {
		t.Fatal(len(uris))
	}
	hosts := []string{listed, "localhost" + port}
	for _, kind := range []string{keyWeb, keyURL} {
		f := canary.fetcher(t, func(f *Fetch) { f.Private, f.Hosts = false, hosts })
		for name, uri := range uris {
			if kind == keyURL && name == "a query" { // which pictures may have
				continue
			}
			if _, failed := f.get(t.Context(), &source{kind, uri, "secret"}); failed == nil || strings.Contains(failed.description, "secret") {
				t.Errorf("%s, %s: %v", kind, name, failed)
			} else if failed.code == codeHTTP {
				t.Errorf("%s, %s: it was tried", kind, name)
			}
		}
	}
	f := canary.fetcher(t, func(f *Fetch) { f.Hosts = append(f.Hosts, "169.254.169.254") })
	for name, s := range map[string]source{
		"metadata, though listed":   {keyWeb, "https://169.254.169.254" + instance, ""},
		"another bucket":            {keyGCS, "gs://other/a.dcm", ""},
		"a bucket that is a path":   {keyGCS, "gs://films/../other/o/a.dcm", ""},
		"a bucket with a host":      {keyGCS, "gs://films@evil/a.dcm", ""},
		"no name":                   {keyGCS, "gs://films", ""},
		"an address for a bucket":   {keyGCS, canary.URL + "/films/a.dcm", ""},
		"a token with a line break": {keyWeb, canary.URL + instance, "a\r\nHost: evil"},
		"the server's own rights":   {keyWeb, canary.URL + instance, "application_default"},
	} {
		if name == "a bucket that is a path" { // one object's name, escaped
			f.get(t.Context(), &s)
			if seen := canary.requests(); len(seen) != 1 || seen[0] != "GET /storage/v1/b/films/o/..%2Fother%2Fo%2Fa.dcm?alt=media " {
				t.Errorf("%s: %q", name, seen)
			}
			canary.mu.Lock()
			canary.seen = nil
			canary.mu.Unlock()
			continue
		}
		if _, failed := f.get(t.Context(), &s); failed == nil {
			t.Errorf("%s: fetched", name)
		}
	}
	if seen := canary.requests(); len(seen) > 0 {
		t.Errorf("somebody was reached: %q", seen)
	}
}

// A token goes to the host it came for and no further, whatever that host says.
func TestRedirectsAreNotFollowed(t *testing.T) {
	other := newHouse(t, func(w http.ResponseWriter, r *http.Request) { w.Write(picture()) })
	for _, to := range []string{other.URL + instance, "/elsewhere", "http://169.254.169.254/", "file:///etc/passwd"} {
		h := newHouse(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
		f := h.fetcher(t, func(f *Fetch) { f.Hosts = append(f.Hosts, other.host()) })
		if _, failed := f.get(t.Context(), &source{keyWeb, h.URL + instance, "t"}); failed == nil || failed.code != codeHTTP {
			t.Errorf("%s: %v", to, failed)
		}
		if len(h.requests()) != 1 {
			t.Errorf("%s: %q", to, h.requests())
		}
	}
	if seen := other.requests(); len(seen) > 0 {
		t.Errorf("%q", seen)
	}
}

// A proxy of the environment would connect to what no one has checked.
func TestNoProxyIsUsed(t *testing.T) {
	h := newHouse(t, func(w http.ResponseWriter, r *http.Request) {})
	if h.fetcher(t, nil).client.Transport.(*http.Transport).Proxy != nil {
		t.Error("there is a proxy")
	}
}

func TestFetchingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := newHouse(t, func(w http.ResponseWriter, r *http.Request) {})
	if _, failed := h.fetcher(t, nil).get(ctx, &source{keyWeb, h.URL + instance, ""}); failed == nil {
		t.Error("fetched")
	}
	if err := (&Fetch{}).check("no address"); !errors.Is(err, errAddress) {
		t.Error(err)
	}
}
