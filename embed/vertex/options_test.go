package vertex_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
)

func TestMistakes(t *testing.T) {
	const whole = "projects/p/locations/us-central1/endpoints/1"
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "ya29.secret"})
	for _, test := range []struct {
		want string
		o    *vertex.Options
	}{
		{"no options", nil},
		{"protocol 0", &vertex.Options{}},
		{"protocol 5, want one of [v1 v2 haidef medsiglip]", &vertex.Options{Protocol: 5}},
		{"Endpoint, Project and Location are needed", &vertex.Options{Protocol: vertex.V1, Endpoint: "1"}},
		{"Endpoint, Project and Location are needed", &vertex.Options{Protocol: vertex.V1, Endpoint: "1", Project: "p"}},
		{"QFormer, Project and Location are needed", &vertex.Options{Protocol: vertex.V2, Endpoint: "1", Project: "p", Location: "us-central1"}},
		{"output 7", &vertex.Options{Protocol: vertex.HAIDEF, Endpoint: whole, Output: 7}},
		{"protocol v1 has one kind", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Output: vertex.Contrastive}},
		{`Endpoint is "a/b", want an id or projects/P`, &vertex.Options{Protocol: vertex.V1, Endpoint: "a/b", Project: "p", Location: "us-central1"}},
		{"Endpoint, Project and Location are needed", &vertex.Options{Protocol: vertex.V1, Endpoint: "projects//locations/us-central1/endpoints/1"}},
		{"Endpoint, Project and Location are needed", &vertex.Options{Protocol: vertex.V1, Endpoint: "projects/p/locations//endpoints/1"}},
		{"Endpoint, Project and Location are needed", &vertex.Options{Protocol: vertex.V1, Endpoint: "projects/p/locations/us-central1/endpoints/"}},
		{"want an id or projects/P", &vertex.Options{Protocol: vertex.V1, Endpoint: whole + "/2"}},
		{"want an id or projects/P", &vertex.Options{Protocol: vertex.V1, Endpoint: "projects/p/locations/us-central1/models/1"}},
		{`Location is "europe-west4" and Endpoint lies in "us-central1"`, &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Location: "europe-west4"}},
		{`Project is "q" and Endpoint is of "p"`, &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Project: "q"}},
		{`location "global" holds no endpoints`, &vertex.Options{Protocol: vertex.V1, Endpoint: "1", Project: "p", Location: "global"}},
		{`location "global" holds no endpoints`, &vertex.Options{Protocol: vertex.V1, Endpoint: "projects/p/locations/global/endpoints/1"}},
		{`location "us-central1 ", want a region`, &vertex.Options{Protocol: vertex.V1, Endpoint: "1", Project: "p", Location: "us-central1 "}},
		{`location "US", want a region`, &vertex.Options{Protocol: vertex.V1, Endpoint: "1", Project: "p", Location: "US"}},
		{"neither may hold a space", &vertex.Options{Protocol: vertex.V1, Endpoint: "1 2", Project: "p", Location: "us-central1"}},
		{`Endpoint is in location "us-central1" and QFormer in "europe-west4"`, &vertex.Options{Protocol: vertex.V2, Endpoint: whole, QFormer: "projects/p/locations/europe-west4/endpoints/2"}},
		{"QFormer is for protocol v2 alone", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, QFormer: "2"}},
		{"Host is a URL, want host:port", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Host: "https://1.us-central1-2.prediction.vertexai.goog"}},
		{"Host is not of the form host:port", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Host: "host/v1:443"}},
		{"Host is not of the form host:port", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Host: ":443"}},
		{"Host is not of the form host:port", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Host: "host:https"}},
		{"Host is not of the form host:port", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Host: "host:70000"}},
		{"QFormerHost is a URL", &vertex.Options{Protocol: vertex.V2, Endpoint: whole, QFormer: whole, QFormerHost: "http://a"}},
		{"a dedicated endpoint has a host of its own", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Dedicated: true}},
		{"give the second one's as QFormerHost", &vertex.Options{Protocol: vertex.V2, Endpoint: whole, QFormer: whole, Dedicated: true, Host: "a"}},
		{"Insecure is for a server on this machine: give its Host", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Insecure: true}},
		{"Insecure is for a server on this machine, and Host is another one", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Insecure: true, Host: "10.0.0.1:80"}},
		{"leave TokenSource out", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Insecure: true, Host: "127.0.0.1:1", TokenSource: token}},
		{"MaxBytes -1", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, MaxBytes: -1}},
		{"MaxBatch -1", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, MaxBatch: -1}},
		{"Parallel -1", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Parallel: -1}},
		{"Rate NaN", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Rate: math.NaN()}},
		{"Retry of -1 tries", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Retry: &vertex.Retry{Tries: -1}}},
		{"timeout -1s", &vertex.Options{Protocol: vertex.V1, Endpoint: whole, Retry: &vertex.Retry{Timeout: -time.Second}}},
	} {
		c, err := vertex.New(t.Context(), test.o)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: error %v, want %q in it", test.o, err, test.want)
		}
		if err == nil {
			c.Close()
		}
	}
}

func TestNamesThatAreRight(t *testing.T) {
	const whole = "projects/p/locations/us-central1/endpoints/1"
	for _, o := range []vertex.Options{
		{Endpoint: "1", Project: "p", Location: "us-central1"},
		{Endpoint: "1", Project: "example.com:p", Location: "northamerica-northeast1"},
		{Endpoint: whole},
		{Endpoint: whole, Project: "p", Location: "us-central1"},
		{Endpoint: whole, Project: "123456"}, // the project's number
	} {
		s, err := vertextest.NewServer(nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Protocol, o.Host, o.Insecure = vertex.V1, s.Addr(), true
		c, err := vertex.New(t.Context(), &o)
		if err != nil {
			t.Errorf("%v: %v", o, err)
			continue
		}
		c.Close()
		s.Close()
	}
}

// Two dedicated endpoints have two hosts. Each request names its endpoint.
func TestV2OnDedicatedEndpoints(t *testing.T) {
	second, err := vertextest.NewServer(&vertextest.Options{Keep: true})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	c, first := client(t, vertex.V2, &vertextest.Options{Keep: true}, func(o *vertex.Options) {
		o.Dedicated, o.QFormerHost, o.QuotaProject, o.Vocabulary = true, second.Addr(), "billed", vocabulary(t)
	})
	if v, err := c.Embed(t.Context(), films(c.Space(), 2)...); err != nil || v[1] == nil {
		t.Fatal(err)
	}
	if _, err := c.EmbedText(t.Context(), "hello"); err != nil {
		t.Fatal(err)
	}
	if first.Calls() != 1 || second.Calls() != 3 {
		t.Errorf("%d calls of the first host and %d of the second, want 1 and 3", first.Calls(), second.Calls())
	}
	for id, s := range map[string]*vertextest.Server{vertextest.ElixrC: first, vertextest.ElixrB: second} {
		for _, md := range s.Metadata() {
			if got := md.Get("x-vertex-ai-endpoint-id"); len(got) != 1 || got[0] != id {
				t.Errorf("endpoint ids %q, want %q", got, id)
			}
			if got := md.Get("x-goog-user-project"); len(got) != 1 || got[0] != "billed" {
				t.Errorf("quota project %q", got)
			}
		}
	}
}
