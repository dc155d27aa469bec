package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/haidef"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/internal/remote"
)

// options are the flags.
type options struct {
	addr, metrics, cert, key  string
	plain, container, anyView bool
	model, output, recipe     string
	hosts, buckets            string
	private                   bool
	drain                     time.Duration
	options                   haidef.HandlerOptions
}

// parse reads the arguments into o; f has the help.
func parse(f *flag.FlagSet, args []string, environment func(string) string) (*options, error) {
	o := &options{}
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`host:port` to listen at")
	f.StringVar(&o.cert, "tls_cert", "", "PEM `file` of the certificate, with those that it rests on")
	f.StringVar(&o.key, "tls_key", "", "PEM `file` of its key")
	f.BoolVar(&o.plain, "plain", false, "listen for other machines without TLS: behind a proxy that has it, or films cross the network unencrypted")
	f.StringVar(&o.metrics, "metrics", "", "`host:port` to serve metrics for Prometheus at, of this machine; empty: nowhere")
	f.TextVar(&o.options.Schema, "schema", haidef.CXRFoundation, "cxr-foundation or medsiglip")
	f.StringVar(&o.model, "model", "", "ONNX `file`, or a folder with one; empty: the small encoder inside")
	f.StringVar(&o.output, "output", "", "`name` of the tensor that is the embedding; empty: the model's first output")
	f.StringVar(&o.recipe, "recipe", "", "of the films' pixels, as haidef/1; empty: what the model wants, else standard/1")
	f.BoolVar(&o.anyView, "any_view", false, "take films that are not frontal too")
	f.StringVar(&o.hosts, "fetch_hosts", "", "`hosts` of DICOMweb servers and pictures that films may be fetched from, separated by commas; empty: none")
	f.StringVar(&o.buckets, "fetch_buckets", "", "`names` of Google Cloud Storage buckets likewise")
	f.BoolVar(&o.private, "fetch_private", false, "these hosts may have addresses of the house")
	f.Int64Var(&o.options.MaxBytes, "max_bytes", 64<<20, "of a request")
	f.IntVar(&o.options.MaxInstances, "max_instances", 100, "in a request")
	f.IntVar(&o.options.Parallel, "parallel", 0, "requests at work at once; 0: one for each processor")
	f.IntVar(&o.options.Waiting, "waiting", 256, "requests that wait beside them; more are told to come again")
	f.DurationVar(&o.options.Timeout, "timeout", 2*time.Minute, "of a request")
	f.DurationVar(&o.drain, "drain", 5*time.Second, "how long requests are taken after the signal to end: as long as a load balancer needs to notice")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if port := environment("AIP_HTTP_PORT"); port != "" && !given["addr"] { // Vertex AI reaches a container from outside, and has TLS before it
		o.addr, o.container = net.JoinHostPort("", port), true
	}
	o.options.HealthRoute, o.options.PredictRoute = environment("AIP_HEALTH_ROUTE"), environment("AIP_PREDICT_ROUTE")
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("%q is no flag", f.Arg(0))
	case (o.cert == "") != (o.key == ""):
		return nil, errors.New("-tls_cert and -tls_key go together")
	case o.drain < 0 || o.options.Timeout <= 0:
		return nil, errors.New("-drain and -timeout must be positive")
	case o.cert == "" && !o.plain && !o.container && !remote.LoopbackAddress(o.addr):
		return nil, errors.New("-addr is for other machines: give -tls_cert and -tls_key, or say -plain")
	case o.metrics != "" && !remote.LoopbackAddress(o.metrics):
		return nil, errors.New("-metrics is for other machines, and has neither TLS nor sign-in: want an address of this one")
	}
	return o, nil
}

func (o *options) listen(ctx context.Context) (net.Listener, error) {
	var config *tls.Config
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, fmt.Errorf("-tls_cert, -tls_key: %w", err)
		}
		config = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.addr)
	if err == nil && config != nil {
		l = tls.NewListener(l, config)
	}
	return l, err
}

// A service is a handler that says what it serves.
type service struct {
	*haidef.Handler
	model cxr.Space
}

// handler opens the model and serves it.
func (o *options) handler() (*service, error) {
	e, err := o.open()
	if err != nil {
		return nil, err
	}
	recipe := cmp.Or(o.recipe, e.Space().Recipe, cxr.Standard)
	convert := dicomconv.Options{Recipe: recipe}
	if o.anyView {
		convert.Views = dicomconv.ViewsAny
	}
	if recipe == cxr.Standard || recipe == cxr.MedSigLIP {
		o.options.Windowed = func(center, width int) haidef.Reader {
			windowed := convert
			windowed.Window = &dicomconv.Window{Center: float64(center), Width: float64(width)}
			return dicomconv.New(&windowed).Normalize
		}
	}
	if o.hosts != "" || o.buckets != "" {
		o.options.Fetch = &haidef.Fetch{Hosts: list(o.hosts), Buckets: list(o.buckets), Private: o.private}
	}
	h, err := haidef.NewHandler(e, dicomconv.New(&convert).Normalize, &o.options)
	if err != nil {
		return nil, err
	}
	return &service{h, e.Space()}, nil
}

func list(s string) (names []string) {
	for _, name := range strings.Split(s, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// open is the model that the flags ask for.
func (o *options) open() (embed.Embedder, error) {
	if o.model == "" {
		if o.output != "" {
			return nil, errors.New("-output is of a -model")
		}
		return mini.Open(nil)
	}
	name := o.model
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		found, err := fs.Glob(os.DirFS(name), "*.onnx")
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("-model is a folder with %d files *.onnx, want one: name it", len(found))
		}
		name = filepath.Join(name, found[0])
	}
	return local.Open(name, &local.Options{Output: o.output})
}
