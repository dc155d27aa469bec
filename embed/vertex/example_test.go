package vertex_test

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
)

// Against the stand-in of vertextest; an endpoint of your own needs Project,
// Location and Endpoint, and no Host or Insecure.
func Example() {
	server, err := vertextest.NewServer(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client, err := vertex.New(context.Background(), &vertex.Options{
		Protocol: vertex.HAIDEF, Project: "mine", Location: "us-central1", Endpoint: vertextest.HAIDEF,
		Host: server.Addr(), Insecure: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	film := &cxr.Image{ID: "film", Width: 2, Height: 2, Depth: 8, Pix: []uint16{0, 100, 200, 255}, Recipe: client.Space().Recipe}
	embeddings, err := client.Embed(context.Background(), film)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(embeddings[0].ID, embeddings[0].Tokens, embeddings[0].Dim)
	// Output: film 32 768
}
