package haidef_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/haidef"
)

// A model gives numbers that the pixels decide.
type model struct {
	space cxr.Space
	gate  chan struct{} // if not nil, each call takes one
	fail  func(*cxr.Image) error
	whole error
	calls atomic.Int64
}

func newModel() *model {
	return &model{space: cxr.Space{Model: "fake", Tokens: 3, Dim: 5, Recipe: cxr.Standard}}
}

func (m *model) Space() cxr.Space { return m.space }

func (m *model) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	m.calls.Add(1)
	if m.gate != nil {
		select {
		case <-m.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if m.whole != nil {
		return nil, m.whole
	}
	return embed.Each(ctx, m.space, images, func(_ context.Context, im *cxr.Image) ([]float32, error) {
		if m.fail != nil {
			if err := m.fail(im); err != nil {
				return nil, err
			}
		}
		b := make([]byte, 0, 2*len(im.Pix))
		for _, v := range im.Pix {
			b = binary.LittleEndian.AppendUint16(b, v)
		}
		return valuesOf(b, m.space.Tokens*m.space.Dim), nil
	})
}

// A both takes texts too.
type both struct{ *model }

func (b both) EmbedText(_ context.Context, texts ...string) ([]*cxr.Embedding, error) {
	var out []*cxr.Embedding
	for _, text := range texts {
		out = append(out, &cxr.Embedding{Space: cxr.Space{Model: "fake", Tokens: 1, Dim: b.space.Dim}, Values: valuesOf([]byte(text), b.space.Dim)})
	}
	return out, nil
}

func valuesOf(b []byte, n int) []float32 {
	sum := sha256.Sum256(b)
	seed := binary.BigEndian.Uint32(sum[:])
	values := make([]float32, n)
	for i := range values {
		values[i] = (float32((uint32(i)+seed)*2654435761>>22) - 512) / 511
	}
	return values
}

// handler serves e with films read by its recipe.
func handler(t testing.TB, e embed.Embedder, o *haidef.HandlerOptions) *haidef.Handler {
	t.Helper()
	h, err := haidef.NewHandler(e, dicomconv.New(&dicomconv.Options{Recipe: e.Space().Recipe}).Normalize, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func serve(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// post is the answer to a body.
func post(h http.Handler, contentType, body string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, "/predict", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// predict is the predictions for instances.
func predict(t testing.TB, h http.Handler, instances ...string) (out []map[string]json.RawMessage) {
	t.Helper()
	status, body := post(h, "application/json", `{"instances":[`+strings.Join(instances, ",")+`]}`)
	var m struct{ Predictions []map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(body), &m); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, body %.300s, error %v", status, body, err)
	}
	if len(m.Predictions) != len(instances) {
		t.Fatalf("%d predictions for %d instances", len(m.Predictions), len(instances))
	}
	return m.Predictions
}

// refusalOf is the error object of a prediction.
func refusalOf(t testing.TB, p map[string]json.RawMessage) (code, description string) {
	t.Helper()
	var e map[string]string
	if len(p) != 1 || json.Unmarshal(p["error"], &e) != nil {
		t.Fatalf("prediction %v is no error object", p)
	}
	return e["code"], e["description"]
}

func film(seed int) *cxr.Image {
	return embedtest.Film(cxr.Space{Recipe: cxr.Standard}, uint64(seed), 40, 30, 16)
}

func films(recipe string, n int) (list []*cxr.Image) {
	for i := range n {
		list = append(list, embedtest.Film(cxr.Space{Recipe: recipe}, uint64(i), 40, 30, 16))
	}
	return list
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// phantomDICOM is a DICOM file.
func phantomDICOM() []byte { return phantom.Film{ID: "p", Seed: 1, Anatomy: 1, Size: 64}.DICOM() }

func read(t testing.TB, recipe string, file []byte) *cxr.Image {
	t.Helper()
	m, err := dicomconv.New(&dicomconv.Options{Recipe: recipe}).Normalize(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func get(t testing.TB, h http.Handler, method, path string) (*httptest.ResponseRecorder, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	b, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w, string(b)
}
