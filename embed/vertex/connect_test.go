package vertex

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"testing"

	"golang.org/x/oauth2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
)

// Over TLS with a token: token and quota project arrive, once each.
func TestTokenAndQuotaProjectOverTLS(t *testing.T) {
	https := httptest.NewTLSServer(nil) // for its certificate
	defer https.Close()
	s, err := vertextest.NewServer(&vertextest.Options{Keep: true}, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: https.TLS.Certificates, NextProtos: []string{"h2"}})))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(https.Certificate())
	trust := option.WithGRPCDialOption(grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(roots, "example.com")))
	for n, quota := range []string{"billed", ""} {
		o, err := (Options{
			Protocol: V1, Endpoint: "projects/p/locations/us-central1/endpoints/v1", Host: s.Addr(), QuotaProject: quota,
			TokenSource: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "ya29.secret"}), Retry: &Retry{Tries: 1},
		}).check()
		if err != nil {
			t.Fatal(err)
		}
		api, err := connect(t.Context(), o, o.Host, trust)
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(o, api, api, api.Close)
		film := &cxr.Image{ID: "film", Width: 2, Height: 2, Depth: 8, Pix: []uint16{0, 100, 200, 255}, Recipe: c.Space().Recipe}
		if _, err := c.Embed(t.Context(), film); err != nil {
			t.Fatal(err)
		}
		c.Close()
		md := s.Metadata()[n]
		if got := md.Get("authorization"); len(got) != 1 || got[0] != "Bearer ya29.secret" {
			t.Errorf("%d tokens", len(got))
		}
		if got := md.Get("x-goog-user-project"); quota == "" && len(got) != 0 || quota != "" && (len(got) != 1 || got[0] != quota) {
			t.Errorf("quota project %q, want %q", got, quota)
		}
	}
}
