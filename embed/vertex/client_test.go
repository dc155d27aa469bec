package vertex_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
	"github.com/cxrkit/cxrkit/internal/tfexample"
)

// endpoints of the stand-in, by protocol.
var endpoints = map[vertex.Protocol]string{vertex.V1: vertextest.V1, vertex.V2: vertextest.ElixrC, vertex.HAIDEF: vertextest.HAIDEF, vertex.MedSigLIP: vertextest.MedSigLIP}

func client(t testing.TB, protocol vertex.Protocol, so *vertextest.Options, change func(*vertex.Options)) (*vertex.Client, *vertextest.Server) {
	t.Helper()
	s, err := vertextest.NewServer(so)
	if err != nil {
		t.Fatal(err)
	}
	o := &vertex.Options{
		Protocol: protocol, Project: "p", Location: "us-central1", Endpoint: endpoints[protocol], Host: s.Addr(), Insecure: true,
		Retry: &vertex.Retry{First: time.Millisecond, Longest: 2 * time.Millisecond, Timeout: time.Minute},
	}
	if protocol == vertex.V2 {
		o.QFormer = vertextest.ElixrB
	}
	if change != nil {
		change(o)
	}
	c, err := vertex.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		s.Close()
	})
	return c, s
}

func TestContract(t *testing.T) {
	for protocol := range endpoints {
		t.Run(protocol.String(), func(t *testing.T) {
			if testing.Short() && protocol == vertex.V2 {
				t.Skip("feature maps of 88,064 numbers, some hundred times")
			}
			embedtest.TestEmbedder(t, func(t testing.TB) embed.Embedder {
				c, _ := client(t, protocol, nil, nil)
				return c
			})
		})
	}
}

func film(m cxr.Space, seed int) *cxr.Image { return embedtest.Film(m, uint64(seed), 40, 30, 16) }

func films(m cxr.Space, n int) (list []*cxr.Image) {
	for i := range n {
		list = append(list, film(m, i))
	}
	return list
}

func TestShapesAndTexts(t *testing.T) {
	for _, test := range []struct {
		protocol               vertex.Protocol
		output                 vertex.Output
		tokens, dim, textWidth int
	}{
		{vertex.V1, 0, 1, 1376, 0}, {vertex.V2, 0, 32, 768, 128}, {vertex.V2, vertex.Contrastive, 32, 128, 128},
		{vertex.HAIDEF, vertex.General, 32, 768, 128}, {vertex.HAIDEF, vertex.Contrastive, 32, 128, 128}, {vertex.MedSigLIP, 0, 1, 1152, 1152},
	} {
		t.Run(test.protocol.String()+test.output.String(), func(t *testing.T) {
			c, _ := client(t, test.protocol, nil, func(o *vertex.Options) { o.Output, o.Vocabulary = test.output, vocabulary(t) })
			v, err := c.Embed(t.Context(), film(c.Space(), 1))
			if err != nil || v[0].Tokens != test.tokens || v[0].Dim != test.dim || v[0].Validate() != nil {
				t.Fatalf("error %v", err)
			}
			words, err := c.EmbedText(t.Context(), "hello", "world")
			if test.textWidth == 0 {
				if !errors.Is(err, cxr.ErrUnsupported) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil || len(words) != 2 || words[0].Dim != test.textWidth || words[0].Values[3] == words[1].Values[3] {
				t.Errorf("%d texts, error %v", len(words), err)
			}
		})
	}
}

// The film that V1 sends is the PNG of its pixels, in upstream's tf.Example.
func TestV1SendsUpstreamsExample(t *testing.T) {
	c, s := client(t, vertex.V1, &vertextest.Options{Keep: true}, nil)
	im := film(c.Space(), 1)
	if _, err := c.Embed(t.Context(), im); err != nil {
		t.Fatal(err)
	}
	var r aiplatformpb.PredictRequest
	if err := proto.Unmarshal(s.Requests()[0], &r); err != nil {
		t.Fatal(err)
	}
	if r.Endpoint != "projects/p/locations/us-central1/endpoints/v1" || len(r.Instances) != 1 {
		t.Fatalf("endpoint %q, %d instances", r.Endpoint, len(r.Instances))
	}
	data, err := base64.StdEncoding.DecodeString(r.Instances[0].GetStructValue().GetFields()["b64"].GetStringValue())
	if err != nil {
		t.Fatal(err)
	}
	want := tfexample.Marshal(tfexample.Feature{Name: "image/encoded", Bytes: [][]byte{im.PNG()}}, tfexample.Feature{Name: "image/format", Bytes: [][]byte{[]byte("png")}})
	if !bytes.Equal(data, want) {
		t.Error("another example")
	}
}

// Upstream's own PNG and what we send of its pixels decode to the same.
func TestUpstreamsPixelsArrive(t *testing.T) {
	data, err := os.ReadFile("../../../shared/upstream/random.png")
	if err != nil {
		t.Skip("no ../shared/upstream: ", err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := m.Bounds()
	im := &cxr.Image{ID: "random", Width: b.Dx(), Height: b.Dy(), Depth: 16, Recipe: "upstream/1"}
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, _, _, _ := m.At(b.Min.X+x, b.Min.Y+y).RGBA()
			im.Pix = append(im.Pix, uint16(r))
		}
	}
	c, s := client(t, vertex.V1, &vertextest.Options{Keep: true}, nil)
	if _, err := c.Embed(t.Context(), im); err != nil {
		t.Fatal(err)
	}
	var r aiplatformpb.PredictRequest
	if err := proto.Unmarshal(s.Requests()[0], &r); err != nil {
		t.Fatal(err)
	}
	example, err := base64.StdEncoding.DecodeString(r.Instances[0].GetStructValue().GetFields()["b64"].GetStringValue())
	if err != nil {
		t.Fatal(err)
	}
	features, err := tfexample.Parse(example)
	if err != nil || features[0].Name != "image/encoded" {
		t.Fatalf("%v, error %v", features, err)
	}
	got, err := png.Decode(bytes.NewReader(features[0].Bytes[0]))
	if err != nil {
		t.Fatal(err)
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			p, _, _, _ := m.At(b.Min.X+x, b.Min.Y+y).RGBA()
			if q, _, _, _ := got.At(x, y).RGBA(); p != q {
				t.Fatalf("pixel %d, %d is %d, was %d", x, y, q, p)
			}
		}
	}
}

// Whatever goes wrong: a result or an error for each film, in order, and what is
// temporary costs nothing but tries.
func TestFaults(t *testing.T) {
	always := func(f vertextest.Fault) func(int) vertextest.Fault { return func(int) vertextest.Fault { return f } }
	first := func(f vertextest.Fault) func(int) vertextest.Fault {
		return func(call int) vertextest.Fault {
			if call == 0 {
				return f
			}
			return vertextest.Fault{}
		}
	}
	faults := []struct {
		name   string
		fault  func(int) vertextest.Fault
		failed int // films, of a batch of four; -1: all
		calls  int // that a batch of one makes
	}{
		{"none", nil, 0, 1},
		{"busy once", first(vertextest.Fault{Code: codes.ResourceExhausted}), 0, 2},
		{"unavailable once", first(vertextest.Fault{Code: codes.Unavailable}), 0, 2},
		{"internal error once", first(vertextest.Fault{Code: codes.Internal}), 0, 2},
		{"too late once", first(vertextest.Fault{Code: codes.DeadlineExceeded}), 0, 2},
		{"a reset once", first(vertextest.Fault{Reset: true}), 0, 2},
		{"a stall once", first(vertextest.Fault{Stall: time.Minute}), 0, 2},
		{"always busy", always(vertextest.Fault{Code: codes.ResourceExhausted}), -1, 5},
		{"no permission", always(vertextest.Fault{Code: codes.PermissionDenied}), -1, 1},
		{"no sign-in", always(vertextest.Fault{Code: codes.Unauthenticated}), -1, 1},
		{"no such endpoint", always(vertextest.Fault{Code: codes.NotFound}), -1, 1},
		{"bad request", always(vertextest.Fault{Code: codes.InvalidArgument}), -1, 1},
		{"bad request once: each alone", first(vertextest.Fault{Code: codes.InvalidArgument}), 0, 1},
		{"a prediction missing", always(vertextest.Fault{Missing: true}), -1, 1},
		{"a prediction too many", always(vertextest.Fault{Extra: true}), -1, 1},
		{"a wrong shape", always(vertextest.Fault{Shape: true}), -1, 1},
		{"not a number", always(vertextest.Fault{NaN: true}), -1, 1},
		{"one instance refused", always(vertextest.Fault{Refuse: true}), 1, 1},
	}
	for protocol := range endpoints {
		for _, f := range faults {
			for _, batch := range []int{1, 4} {
				t.Run(fmt.Sprintf("%s/%s/%d", protocol, f.name, batch), func(t *testing.T) {
					if testing.Short() && protocol == vertex.V2 {
						t.Skip("feature maps of 88,064 numbers, 36 times")
					}
					t.Parallel()
					c, s := client(t, protocol, &vertextest.Options{Fault: f.fault}, func(o *vertex.Options) {
						if f.name == "a stall once" {
							o.Retry.Timeout = patience(t, protocol, batch)
						}
					})
					v, err := c.Embed(t.Context(), films(c.Space(), batch)...)
					failed := 0
					var b *embed.BatchError
					if errors.As(err, &b) {
						for i, err := range b.Errors {
							if (err == nil) == (v[i] == nil) {
								t.Errorf("film %d: result %v, error %v", i, v[i] != nil, err)
							}
							if err != nil {
								failed++
							}
						}
					} else if err != nil {
						t.Fatal(err)
					}
					want := f.failed
					if want < 0 || protocol == vertex.V2 && f.name == "one instance refused" && batch > 1 {
						want = batch // ELIXR-B has one film in a request: each is the first
					}
					if f.name == "bad request once: each alone" && batch == 1 {
						want = 1
					}
					if failed != want {
						t.Errorf("%d of %d films failed, want %d: %v", failed, batch, want, err)
					}
					for i, e := range v {
						if e != nil && e.ID != fmt.Sprintf("film%d", i) {
							t.Errorf("result %d is of %s", i, e.ID)
						}
					}
					if batch == 1 && protocol != vertex.V2 && s.Calls() != f.calls {
						t.Errorf("%d calls, want %d", s.Calls(), f.calls)
					}
				})
			}
		}
	}
}

// patience is longer than any call takes that does not stall, on this machine,
// with its load and with or without the race detector.
func patience(t *testing.T, protocol vertex.Protocol, batch int) time.Duration {
	t.Helper()
	c, _ := client(t, protocol, nil, nil)
	start := time.Now()
	if _, err := c.Embed(t.Context(), films(c.Space(), batch)...); err != nil {
		t.Fatal(err)
	}
	return 200*time.Millisecond + 20*time.Since(start)/time.Duration(batch)
}

func TestLargeFilmsAreShrunk(t *testing.T) {
	for _, test := range []struct {
		protocol vertex.Protocol
		limit    int
		ok       bool
	}{{vertex.V1, 1_400_000, true}, {vertex.HAIDEF, 1_400_000, true}, {vertex.MedSigLIP, 150_000, true}, {vertex.V1, 1000, false}} {
		c, s := client(t, test.protocol, &vertextest.Options{Keep: true}, func(o *vertex.Options) { o.MaxBytes = test.limit })
		im := embedtest.Film(c.Space(), 1, 1500, 1400, 16)
		for i := range im.Pix { // the kind that PNG cannot compress
			im.Pix[i] ^= uint16(uint32(i) * 2654435761 >> 30)
		}
		v, err := c.Embed(t.Context(), im)
		if !test.ok {
			if !errors.Is(err, cxr.ErrTooLarge) || s.Calls() != 0 {
				t.Errorf("error %v after %d calls", err, s.Calls())
			}
			continue
		}
		if err != nil || v[0] == nil {
			t.Errorf("%s: %v", test.protocol, err)
			continue
		}
		if n := len(s.Requests()[0]); n > test.limit {
			t.Errorf("%s: request of %d bytes, the limit is %d", test.protocol, n, test.limit)
		}
	}
}

func TestFilmsWithTexts(t *testing.T) {
	c, s := client(t, vertex.HAIDEF, nil, nil)
	list := films(c.Space(), 2)
	f, p, err := c.EmbedWithTexts(t.Context(), list, []string{"effusion", "no effusion"})
	if err != nil || len(f) != 2 || f[1].ID != "film1" || f[1].Dim != 768 || p[1].Dim != 128 || s.Calls() != 1 {
		t.Fatalf("%d films, %d texts, %d calls, error %v", len(f), len(p), s.Calls(), err)
	}
	alone, err := c.EmbedText(t.Context(), "no effusion")
	if err != nil || !slices.Equal(alone[0].Values, p[1].Values) {
		t.Errorf("the text alone is embedded otherwise, error %v", err)
	}
	if _, _, err := c.EmbedWithTexts(t.Context(), list, nil); !errors.Is(err, cxr.ErrMismatch) {
		t.Errorf("error %v", err)
	}
	c, _ = client(t, vertex.MedSigLIP, nil, nil)
	if _, _, err := c.EmbedWithTexts(t.Context(), nil, nil); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	c, s := client(t, vertex.V1, &vertextest.Options{Fault: func(call int) vertextest.Fault {
		if call == 0 {
			return vertextest.Fault{Code: codes.ResourceExhausted, After: 1}
		}
		return vertextest.Fault{}
	}}, func(o *vertex.Options) { o.Retry.Longest = time.Minute })
	start := time.Now()
	if _, err := c.Embed(t.Context(), film(c.Space(), 1)); err != nil || s.Calls() != 2 || time.Since(start) < time.Second {
		t.Errorf("%d calls in %v, error %v", s.Calls(), time.Since(start), err)
	}
}

func TestBatchesByBytes(t *testing.T) {
	c, s := client(t, vertex.HAIDEF, nil, func(o *vertex.Options) { o.MaxBatch = 4 })
	if _, err := c.Embed(t.Context(), films(c.Space(), 10)...); err != nil || s.Calls() != 3 {
		t.Errorf("%d calls for 10 films by 4, error %v", s.Calls(), err)
	}
}

// A request of exactly MaxBytes is sent, and none of a byte more.
func TestMaxBytesIsExact(t *testing.T) {
	embedTwo := func(protocol vertex.Protocol, limit int) (requests [][]byte) {
		c, s := client(t, protocol, &vertextest.Options{Keep: true}, func(o *vertex.Options) { o.MaxBytes, o.Parallel = limit, 1 })
		im := film(c.Space(), 1)
		if _, err := c.Embed(t.Context(), im, im); err != nil {
			t.Fatalf("limit %d: %v", limit, err)
		}
		return s.Requests()
	}
	for _, protocol := range []vertex.Protocol{vertex.V1, vertex.HAIDEF, vertex.MedSigLIP} {
		two := len(embedTwo(protocol, 0)[0])
		if got := embedTwo(protocol, two); len(got) != 1 || len(got[0]) != two {
			t.Errorf("%s: %d requests at the limit of %d bytes, want one", protocol, len(got), two)
		}
		got := embedTwo(protocol, two-1)
		if len(got) != 2 {
			t.Errorf("%s: %d requests a byte below, want two", protocol, len(got))
			continue
		}
		one := len(got[0])
		embedTwo(protocol, one)
		c, s := client(t, protocol, nil, func(o *vertex.Options) { o.MaxBytes = 100 })
		if _, err := c.Embed(t.Context(), film(c.Space(), 1)); !errors.Is(err, cxr.ErrTooLarge) || s.Calls() != 0 {
			t.Errorf("%s: %d calls, error %v", protocol, s.Calls(), err)
		}
	}
	// Texts and references have no smaller form.
	for limit, ok := range map[int]bool{len("request") + 200: true, 100: false} {
		c, s := client(t, vertex.HAIDEF, &vertextest.Options{Keep: true}, func(o *vertex.Options) { o.MaxBytes = limit })
		_, err := c.EmbedText(t.Context(), strings.Repeat("t", 60))
		_, other := c.EmbedReferences(t.Context(), vertex.Reference{URI: "gs://bucket/" + strings.Repeat("t", 60) + ".dcm"})
		if ok != (err == nil) || ok != (other == nil) || !ok && (!errors.Is(err, cxr.ErrTooLarge) || !errors.Is(other, cxr.ErrTooLarge)) {
			t.Errorf("limit %d: errors %v, %v", limit, err, other)
		}
		for _, r := range s.Requests() {
			if len(r) > limit {
				t.Errorf("request of %d bytes, the limit is %d", len(r), limit)
			}
		}
	}
	// ELIXR-B's feature maps have a request of their own.
	c, _ := client(t, vertex.V2, nil, func(o *vertex.Options) { o.MaxBytes = 500_000 })
	if _, err := c.Embed(t.Context(), film(c.Space(), 1)); !errors.Is(err, cxr.ErrTooLarge) || !strings.Contains(err.Error(), "feature map") {
		t.Errorf("error %v", err)
	}
}

// Sixty strings that could name a patient, in the only places a film has: none
// may arrive.
func TestNothingButPixelsLeaves(t *testing.T) {
	var planted []string
	for i := range 20 {
		planted = append(planted, fmt.Sprintf("Doe^Jane%02d", i), fmt.Sprintf("/data/ward%02d/film.dcm", i), fmt.Sprintf("1.2.840.99.%02d.7", i))
	}
	for protocol := range endpoints {
		fault := func(call int) vertextest.Fault {
			return vertextest.Fault{Refuse: call%2 == 1}
		}
		c, s := client(t, protocol, &vertextest.Options{Keep: true, Fault: fault}, nil)
		var list []*cxr.Image
		for i := range 4 {
			im := film(c.Space(), i)
			im.ID = strings.Join(planted[15*i:][:15], " ")
			list = append(list, im)
		}
		_, err := c.Embed(t.Context(), list...)
		told := fmt.Sprintf("%v %+v %#v %s", err, c, c, c)
		for _, p := range planted {
			for _, r := range s.Requests() {
				if bytes.Contains(r, []byte(p)) {
					t.Fatalf("%s: a request holds %q", protocol, p)
				}
			}
			if strings.Contains(told, p) {
				t.Fatalf("%s: an error holds %q", protocol, p)
			}
		}
	}
}

// HAI-DEF's containers reduce pictures to 8 bits by convert("L") of the Pillow
// imaging library, which makes white of 16-bit gray above 255.
func TestPicturesHaveEightBits(t *testing.T) {
	for _, protocol := range []vertex.Protocol{vertex.HAIDEF, vertex.MedSigLIP} {
		c, s := client(t, protocol, &vertextest.Options{Keep: true}, nil)
		im := film(c.Space(), 1)
		if _, err := c.Embed(t.Context(), im); err != nil {
			t.Fatal(err)
		}
		var r aiplatformpb.PredictRequest
		if err := proto.Unmarshal(s.Requests()[0], &r); err != nil {
			t.Fatal(err)
		}
		fields := r.Instances[0].GetStructValue().GetFields()
		if film := fields["image"]; film != nil {
			fields = film.GetStructValue().GetFields()
		}
		data, err := base64.StdEncoding.DecodeString(fields["input_bytes"].GetStringValue())
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		gray, ok := m.(*image.Gray)
		if want := uint8((int(im.Pix[77])*255 + 32767) / 65535); !ok || gray.Pix[77] != want {
			t.Errorf("%s: %T, want 8 bits and pixels of %d", protocol, m, want)
		}
	}
}
