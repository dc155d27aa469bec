package untrained

import (
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
)

// Mini is the encoder of embed/local/mini with random weights.
func Mini() (*mini.Encoder, error) {
	model, err := Model(mini.ONNX())
	if err != nil {
		return nil, err
	}
	return mini.Load(model, &local.Options{Name: "random weights"})
}
