package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/local/zones"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/internal/untrained"
)

// A contender is an embedding to judge.
type contender struct {
	name     string
	embedder embed.Embedder
}

// contenders are the model of the module and what it has to beat.
func contenders(file, preprocess string) ([]contender, error) {
	pretrained, err := mini.Open(nil)
	if err != nil {
		return nil, err
	}
	random, err := untrained.Model(mini.ONNX())
	if err != nil {
		return nil, err
	}
	chance, err := mini.Load(random, nil)
	if err != nil {
		return nil, err
	}
	places, err := zones.Open(nil)
	if err != nil {
		return nil, err
	}
	all := []contender{{"mini", pretrained}, {"zones", places.Flat()}, {"untrained", chance}, {"pixels", pixels.Embedder{}}}
	if file == "" {
		return all, nil
	}
	o := &local.Options{}
	if preprocess != "" {
		o.Preprocess = &local.Preprocess{}
		d := json.NewDecoder(strings.NewReader(preprocess))
		d.DisallowUnknownFields()
		if err := d.Decode(o.Preprocess); err != nil {
			return nil, fmt.Errorf("-preprocess: %w", err)
		}
	}
	other, err := local.Open(file, o)
	if err != nil {
		return nil, err
	}
	name := file[strings.LastIndexAny(file, `/\`)+1:]
	return append(all, contender{strings.TrimSuffix(name, ".onnx"), other}), nil
}

// only are the contenders of those names, by commas; empty: all.
func only(all []contender, names string) ([]contender, error) {
	if names == "" {
		return all, nil
	}
	var some []contender
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(c contender) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no contender %q", name)
		}
		some = append(some, all[i])
	}
	return some, nil
}
