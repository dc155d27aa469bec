package haidef

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/remote"
)

// Options say which container a [Client] calls and how. URL is needed.
type Options struct {
	URL          string // scheme, host and port: "http://127.0.0.1:8080", "https://gpu.example.org"
	PredictRoute string // default "/predict"
	HealthRoute  string // default "/health"
	Schema       Schema

	// Contrastive asks CXR Foundation for the embeddings that texts can be
	// compared with, of 32 x 128 where the container is Google's, instead of
	// those of 32 x 768.
	Contrastive bool

	// Space is that of the model that the container serves, where that is not
	// Google's: what the Embedder behind a [Handler] has.
	Space cxr.Space

	Plain bool         // http to another machine than this: films cross the network unencrypted
	HTTP  *http.Client // with certificates, sign-in or a proxy of the caller's; its redirects are not followed. Default: one without proxy

	MaxBytes int    // of a request; default 32 MiB
	MaxBatch int    // films or texts in a request; default 8
	Parallel int    // requests at once; default 8
	Retry    *Retry // nil: the defaults
}

// Retry says how often and when a request is sent again: as in embed/vertex,
// only after statuses that tell of the container's state (408, 429, 500, 502, 503,
// 504), a lost connection or no answer in time, never past the caller's deadline,
// and, once 20 requests are done, no more often than once in ten requests beside
// the first tries.
type Retry struct {
	Tries   int           // in all; 0: 5
	First   time.Duration // longest wait before the second try; it doubles with each; 0: 1 s. Waits are random up to it
	Longest time.Duration // 0: 60 s. A container that asks to be left alone for longer is called again after it
	Timeout time.Duration // of each try; 0: 60 s
}

func (r *Retry) policy() remote.Retry {
	if r == nil {
		return remote.Retry{}
	}
	return remote.Retry(*r)
}

// Spaces of Google's containers.
var (
	general     = cxr.Space{Model: "hai-def-cxr-foundation", Tokens: 32, Dim: 768, Recipe: cxr.HAIDEF}
	contrastive = cxr.Space{Model: "hai-def-cxr-foundation-contrastive", Tokens: 32, Dim: 128, Recipe: cxr.HAIDEF}
	medsiglip   = cxr.Space{Model: "medsiglip", Tokens: 1, Dim: 1152, Recipe: cxr.MedSigLIP}
)

// check fills in what is left out and refuses what cannot work.
func (o *Options) check() (Options, error) {
	if o == nil {
		return Options{}, errors.New("haidef: no options")
	}
	d := *o
	if err := d.address(); err != nil {
		return d, err
	}
	switch {
	case d.Schema != CXRFoundation && d.Schema != MedSigLIP:
		return d, fmt.Errorf("haidef: %v, want %v or %v", d.Schema, CXRFoundation, MedSigLIP)
	case d.Schema == MedSigLIP && d.Contrastive:
		return d, fmt.Errorf("haidef: %w: MedSigLIP has one kind of embedding", cxr.ErrUnsupported)
	case d.MaxBytes < 0 || d.MaxBatch < 0 || d.Parallel < 0:
		return d, fmt.Errorf("haidef: MaxBytes %d, MaxBatch %d, Parallel %d, want 0 or more", d.MaxBytes, d.MaxBatch, d.Parallel)
	case !d.Retry.policy().Valid():
		return d, fmt.Errorf("haidef: Retry of %d tries, waits of %v to %v, timeout %v, want 0 or more", d.Retry.Tries, d.Retry.First, d.Retry.Longest, d.Retry.Timeout)
	}
	if d.Space == (cxr.Space{}) {
		switch {
		case d.Schema == MedSigLIP:
			d.Space = medsiglip
		case d.Contrastive:
			d.Space = contrastive
		default:
			d.Space = general
		}
	}
	if d.Space.Model == "" || d.Space.Tokens <= 0 || d.Space.Dim <= 0 || d.Space.Tokens > maxNumbers/d.Space.Dim {
		return d, fmt.Errorf("haidef: Space is %v, want a model's name and a shape", d.Space)
	}
	for n, otherwise := range map[*int]int{&d.MaxBytes: 32 << 20, &d.MaxBatch: 8, &d.Parallel: 8} {
		if *n == 0 {
			*n = otherwise
		}
	}
	return d, nil
}

// address checks URL and the routes.
func (o *Options) address() error {
	for route, otherwise := range map[*string]string{&o.HealthRoute: "/health", &o.PredictRoute: "/predict"} {
		if *route == "" {
			*route = otherwise
		}
		if (*route)[0] != '/' {
			return errors.New("haidef: HealthRoute and PredictRoute must begin with /")
		}
	}
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("haidef: URL is not of the form http://host:port or https://host:port")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("haidef: URL has a user, query or fragment: sign in by Options.HTTP")
	case u.Scheme == "http" && !o.Plain && !remote.Loopback(u.Hostname()):
		return errors.New("haidef: URL is http to another machine, and films would cross the network unencrypted: use https, or say Plain")
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	return nil
}
