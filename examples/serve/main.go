// Serve answers the HTTP of Health AI Developer Foundations' containers, so that
// client code for CXR Foundation or MedSigLIP has a model to talk to, on a machine
// without GPU, account or network.
//
//	go run ./examples/serve
//	go run ./examples/serve -model encoder.onnx -schema medsiglip -addr :8443 -tls_cert cert.pem -tls_key key.pem
//	curl -H 'Content-Type: application/json' -d '{"instances":[{"input_bytes":"'$(base64 -w0 film.dcm)'"}]}' http://127.0.0.1:8080/predict
//
// Without -model it serves the small encoder inside. As a container of Vertex AI
// it takes port and routes from AIP_HTTP_PORT, AIP_HEALTH_ROUTE and
// AIP_PREDICT_ROUTE. Told to end, it goes on answering for a while, says to health
// checks that it is no longer there, and loses no request. docs/SERVING.md has a
// Dockerfile and a systemd unit.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/cxrkit/cxrkit/examples/internal/cli"
)

func main() {
	cli.Main("serve", func(ctx context.Context, args []string, _, stderr io.Writer) error {
		return run(ctx, args, os.Getenv, stderr)
	})
}

const usage = `Serve answers the HTTP of Health AI Developer Foundations' containers, with the small
encoder inside or a model of your own.

    serve
    serve -model encoder.onnx -schema medsiglip -addr :8443 -tls_cert cert.pem -tls_key key.pem
`

// run serves until ctx ends and all requests are answered.
func run(ctx context.Context, args []string, environment func(string) string, stderr io.Writer) error {
	o, err := parse(cli.Flags("serve", usage, stderr), args, environment)
	if err != nil {
		return err
	}
	l, err := o.listen(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	h, err := o.handler()
	if err != nil {
		return err
	}
	logger := log.New(stderr, "serve: ", log.LstdFlags)
	server := &http.Server{
		Handler: h, ErrorLog: logger, MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, WriteTimeout: o.options.Timeout + time.Minute,
	}
	if o.metrics != "" {
		m, err := net.Listen("tcp", o.metrics)
		if err != nil {
			return err
		}
		own := &http.Server{Handler: h.Metrics(), ErrorLog: logger, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
		defer own.Close()
		go own.Serve(m)
		logger.Printf("metrics at http://%s/", m.Addr())
	}
	logger.Printf("%v, schema %v, at %s", h.model, o.options.Schema, l.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	logger.Printf("ending: requests are answered for %v more", o.drain)
	h.Drain()
	select {
	case err := <-served:
		return err
	case <-time.After(o.drain):
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.options.Timeout)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return fmt.Errorf("requests were still at work after %v", o.options.Timeout)
	}
	logger.Print("ended: every request is answered")
	return nil
}
