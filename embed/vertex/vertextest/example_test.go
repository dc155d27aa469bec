package vertextest_test

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/embed/embedtest"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
)

// A client that is tested without an account.
func ExampleNewServer() {
	ctx := context.Background()
	server, err := vertextest.NewServer(nil)
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client, err := vertex.New(ctx, &vertex.Options{
		Protocol: vertex.MedSigLIP, Project: "p", Location: "us-central1", Endpoint: vertextest.MedSigLIP, Host: server.Addr(), Insecure: true,
	})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	v, err := client.Embed(ctx, embedtest.Film(client.Space(), 1, 100, 100, 8))
	if err != nil {
		panic(err)
	}
	fmt.Println(v[0].Space, "in", server.Calls(), "call")
	// Output: 1 x 1152 by medsiglip, recipe medsiglip/1 in 1 call
}
