package haidef_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/haidef"
)

// What a Handler costs beside reading and embedding: JSON and base64 of a film of
// two megabytes, and an answer of 1,792 numbers.
func BenchmarkHandler(b *testing.B) {
	m := newModel()
	m.space.Tokens, m.space.Dim = 1, 1792
	im := film(1)
	h, err := haidef.NewHandler(m, func(r io.Reader) (*cxr.Image, error) { return im, nil }, nil)
	if err != nil {
		b.Fatal(err)
	}
	body := `{"instances":[{"input_bytes":"` + base64Of(make([]byte, 2<<20)) + `"}]}`
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/predict", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
