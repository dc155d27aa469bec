package cxrbeam

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/embed/vertex"
)

// A Model says what embeds. It travels to the workers; the model itself is opened
// there. Credentials are looked for there, too, and never travel.
type Model struct {
	Embedder string // "local", or a hosted model's protocol: "v1", "v2", "haidef", "medsiglip"
	File     string // local: ONNX file, at the same path on every worker; empty: the small encoder inside
	AnyView  bool   // take films that are not frontal too

	// Of a hosted model, as in [vertex.Options].
	Project, Location, Endpoint, QFormer, QFormerHost, QuotaProject, Host string
	Insecure                                                              bool

	// Rate is the requests a second, of all workers together; 0: no limit. It holds
	// however many workers there are: films are dealt to so many Lanes (0: 16), each
	// of which the engine works on in one place, at its share of the rate.
	Rate  float64
	Lanes int
}

// An engine is an opened model with the converter that makes films for it.
type engine struct {
	embedder  embed.Embedder
	converter *dicomconv.Converter
	close     func() error
}

func (e *engine) space() cxr.Space {
	s := e.embedder.Space()
	s.Recipe = cmp.Or(s.Recipe, cxr.Standard)
	return s
}

// engines are the models of this process, each opened once: all bundles that a
// worker runs at a time share its memory.
var engines sync.Map // Model to func() (*engine, error)

// shared is the model, opened when it is first asked for.
func (m Model) shared() (*engine, error) {
	once, _ := engines.LoadOrStore(m, sync.OnceValues(func() (*engine, error) { return m.open(context.Background()) }))
	return once.(func() (*engine, error))()
}

// open opens the model anew.
func (m Model) open(ctx context.Context) (*engine, error) {
	e := &engine{close: func() error { return nil }}
	var err error
	switch {
	case m.Embedder != "local" && m.File != "":
		return nil, errors.New("a model file is for the local embedder")
	case m.Embedder != "local":
		var c *vertex.Client
		if c, err = m.client(ctx); err == nil {
			e.embedder, e.close = c, c.Close
		}
	case m.File != "":
		e.embedder, err = local.Open(m.File, nil)
	default:
		e.embedder, err = mini.Open(nil)
	}
	if err != nil {
		return nil, err
	}
	o := dicomconv.Options{Recipe: cmp.Or(e.embedder.Space().Recipe, cxr.Standard)}
	if m.AnyView {
		o.Views = dicomconv.ViewsAny
	}
	e.converter = dicomconv.New(&o)
	return e, nil
}

func (m Model) client(ctx context.Context) (*vertex.Client, error) {
	o := vertex.Options{
		Project: m.Project, Location: m.Location, Endpoint: m.Endpoint, QFormer: m.QFormer, QFormerHost: m.QFormerHost,
		QuotaProject: m.QuotaProject, Host: m.Host, Insecure: m.Insecure, Dedicated: m.Host != "" && !m.Insecure,
		Rate: m.Rate / float64(m.lanes()),
	}
	if err := o.Protocol.UnmarshalText([]byte(m.Embedder)); err != nil {
		return nil, fmt.Errorf("embedder %q, want local, v1, v2, haidef or medsiglip", m.Embedder)
	}
	if o.Rate < 0 {
		return nil, fmt.Errorf("%v requests a second, want 0 for no limit, or more", m.Rate)
	}
	return vertex.New(ctx, &o)
}

func (m Model) lanes() int64 { return int64(cmp.Or(m.Lanes, 16)) }

// inLanes reports whether films are dealt to lanes.
func (m Model) inLanes() bool { return m.Embedder != "local" && m.Rate > 0 }
