package main

import "github.com/cxrkit/cxrkit/embed"

type contender struct {
	name     string
	embedder embed.Embedder
}

func contenders(string) ([]contender, error) { return []contender{{"pixels", pixels{}}}, nil }
