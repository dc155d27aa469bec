package main

import (
	"strings"

	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/internal/untrained"
)

// A contender is an embedding to judge.
type contender struct {
	name     string
	embedder embed.Embedder
}

// contenders are the model of the module and what it has to beat.
func contenders(file string) ([]contender, error) {
	pretrained, err := mini.Open(nil)
	if err != nil {
		return nil, err
	}
	random, err := untrained.Model(mini.ONNX())
	if err != nil {
		return nil, err
	}
	chance, err := local.Load(random, nil)
	if err != nil {
		return nil, err
	}
	all := []contender{{"mini", pretrained}, {"untrained", chance}, {"pixels", pixels.Embedder{}}}
	if file == "" {
		return all, nil
	}
	other, err := local.Open(file, nil)
	if err != nil {
		return nil, err
	}
	name := file[strings.LastIndexAny(file, `/\`)+1:]
	return append(all, contender{strings.TrimSuffix(name, ".onnx"), other}), nil
}
