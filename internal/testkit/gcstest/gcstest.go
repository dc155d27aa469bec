//go:build !js

// Package gcstest stands in for Google Cloud Storage in tests.
package gcstest

import (
	"net"
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

// Start serves an empty bucket on this machine until the test ends. Clients of
// this process, and of processes it starts, find it by the variable
// STORAGE_EMULATOR_HOST; their URLs want ?anonymous=true.
func Start(t *testing.T, bucket string) {
	t.Helper()
	// The server routes by its public name, which has to be known before.
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port.Close()
	addr := port.Addr().(*net.TCPAddr)
	s, err := fakestorage.NewServerWithOptions(fakestorage.Options{Host: "127.0.0.1", Port: uint16(addr.Port), PublicHost: addr.String(), Scheme: "http"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	s.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	t.Setenv("STORAGE_EMULATOR_HOST", addr.String())
}
