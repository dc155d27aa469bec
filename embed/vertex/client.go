package vertex

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/internal/remote"
)

// A Client is an [embed.Embedder] and, but for V1, an [embed.TextEmbedder]. It
// is safe for concurrent use.
type Client struct {
	options Options
	retry   *retrier // to the endpoint
	second  *retrier // to the QFormer; the same unless that has a host of its own
	service service
	slots   chan struct{}
	closer  func() error
	scale   scaleKeeper
}

var (
	_ embed.Embedder     = (*Client)(nil)
	_ embed.TextEmbedder = (*Client)(nil)
)

// New connects to an endpoint. Credentials are looked for here, and tested by
// the first call.
func New(ctx context.Context, o *Options) (*Client, error) {
	if o == nil {
		return nil, errors.New("vertex: no options")
	}
	checked, err := o.check()
	if err != nil {
		return nil, err
	}
	if checked.API != nil {
		return newClient(checked, checked.API, checked.API, func() error { return nil }), nil
	}
	first, err := connect(ctx, checked, checked.Host)
	if err != nil {
		return nil, err
	}
	if checked.QFormerHost == checked.Host {
		return newClient(checked, first, first, first.Close), nil
	}
	second, err := connect(ctx, checked, checked.QFormerHost)
	if err != nil {
		first.Close()
		return nil, err
	}
	return newClient(checked, first, second, func() error { return errors.Join(first.Close(), second.Close()) }), nil
}

func newClient(o Options, first, second caller, closer func() error) *Client {
	c := &Client{options: o, retry: newRetrier(first, o), service: services[o.Protocol], slots: make(chan struct{}, o.Parallel), closer: closer}
	if c.second = c.retry; second != first {
		c.second = c.retry.to(second)
	}
	return c
}

// Close ends the connection, unless it is the caller's own.
func (c *Client) Close() error { return c.closer() }

// String names the client without its credentials.
func (c *Client) String() string {
	return fmt.Sprintf("vertex client, protocol %v", c.options.Protocol)
}

// GoString is String: a client holds credentials.
func (c *Client) GoString() string { return c.String() }

// Format keeps credentials out of every verb.
func (c *Client) Format(s fmt.State, _ rune) { fmt.Fprint(s, c.String()) }

// Space implements [embed.Embedder].
func (c *Client) Space() cxr.Space { return c.service.space(c.options) }

// Embed implements [embed.Embedder]. Films are sent in requests of a
// bounded size, several at once; one that is too large is first shrunk to what
// the model looks at. What the service refuses fails alone.
func (c *Client) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	space := c.Space()
	jobs := make([]*job, len(images))
	failed := embed.CheckImages(space, images)
	for i, im := range images {
		jobs[i] = &job{image: im}
		if failed != nil {
			jobs[i].err = failed.Errors[i]
		}
	}
	return c.run(ctx, jobs, func(j *job) *cxr.Embedding {
		return &cxr.Embedding{ID: j.image.ID, Space: space.For(j.image), Values: j.values}
	})
}

// EmbedText implements [embed.TextEmbedder]: 1 x 128 for V2 and
// HAIDEF, 1 x 1152 for MedSigLIP.
func (c *Client) EmbedText(ctx context.Context, texts ...string) ([]*cxr.Embedding, error) {
	if c.service.text == nil {
		return nil, fmt.Errorf("vertex: %w: protocol %s knows no texts", cxr.ErrUnsupported, c.options.Protocol)
	}
	jobs := make([]*job, len(texts))
	for i := range texts {
		jobs[i] = &job{text: &texts[i]}
	}
	name := c.Space().Model
	return c.run(ctx, jobs, func(j *job) *cxr.Embedding {
		return &cxr.Embedding{Space: cxr.Space{Model: name, Tokens: 1, Dim: len(j.values)}, Values: j.values}
	})
}

// EmbedWithTexts embeds films and a text for each in one instance, which HAIDEF
// offers. Both results are in order; a pair that fails is nil in both.
func (c *Client) EmbedWithTexts(ctx context.Context, images []*cxr.Image, texts []string) (films, phrases []*cxr.Embedding, err error) {
	if c.options.Protocol != HAIDEF {
		return nil, nil, fmt.Errorf("vertex: %w: protocol %s takes no film and text together", cxr.ErrUnsupported, c.options.Protocol)
	}
	if len(images) != len(texts) {
		return nil, nil, fmt.Errorf("vertex: %w: %d films and %d texts", cxr.ErrMismatch, len(images), len(texts))
	}
	space := c.Space()
	jobs := make([]*job, len(images))
	failed := embed.CheckImages(space, images)
	for i, im := range images {
		jobs[i] = &job{image: im, text: &texts[i]}
		if failed != nil {
			jobs[i].err = failed.Errors[i]
		}
	}
	films, err = c.run(ctx, jobs, func(j *job) *cxr.Embedding {
		return &cxr.Embedding{ID: j.image.ID, Space: space.For(j.image), Values: j.values}
	})
	if films == nil {
		return nil, nil, err
	}
	phrases = make([]*cxr.Embedding, len(jobs))
	for i, j := range jobs {
		if films[i] != nil {
			phrases[i] = &cxr.Embedding{Space: cxr.Space{Model: space.Model, Tokens: 1, Dim: len(j.phrase)}, Values: j.phrase}
		}
	}
	return films, phrases, err
}

// A job is one film or text on its way, or both.
type job struct {
	image     *cxr.Image
	text      *string
	reference *Reference
	instance  []byte // its Value in a request, in wire format
	values    []float32
	phrase    []float32 // of the text, where there is a film too
	err       error
}

// run encodes, batches and sends jobs, and gathers what becomes of them.
func (c *Client) run(ctx context.Context, jobs []*job, result func(*job) *cxr.Embedding) ([]*cxr.Embedding, error) {
	prepare := func(j *job) (bytes int, ok bool) {
		if j.err != nil {
			return 0, false
		}
		if j.instance, j.err = c.encode(j); j.err != nil {
			return 0, false
		}
		return instanceSize(j.instance), true
	}
	send := func(jobs []*job) {
		c.service.send(ctx, c, jobs)
		for _, j := range jobs {
			j.instance = nil
		}
	}
	batches := remote.Batches{Jobs: c.options.MaxBatch, Bytes: c.options.MaxBytes, Empty: requestSize(c.options.Endpoint), Slots: c.slots}
	if err := remote.Send(ctx, batches, jobs, prepare, send); err != nil {
		return nil, fmt.Errorf("vertex: %w", err)
	}
	out, errs, bad := make([]*cxr.Embedding, len(jobs)), make([]error, len(jobs)), false
	for i, j := range jobs {
		if j.err == nil {
			out[i] = result(j)
			continue
		}
		errs[i], bad = j.err, true
	}
	if bad {
		return out, &embed.BatchError{Errors: errs}
	}
	return out, nil
}

// encode is the instance of a job, small enough to be sent.
func (c *Client) encode(j *job) ([]byte, error) {
	if j.text != nil && !utf8.ValidString(*j.text) {
		return nil, fmt.Errorf("vertex: %w: text that is not UTF-8", cxr.ErrUnsupported)
	}
	switch {
	case j.reference != nil:
		instance, err := c.service.reference(c.options, *j.reference)
		if err == nil && !c.fits(c.options.Endpoint, instance) {
			err = fmt.Errorf("vertex: %w: request of %d bytes for a reference, the limit is %d", cxr.ErrTooLarge, requestSize(c.options.Endpoint)+instanceSize(instance), c.options.MaxBytes)
		}
		return instance, err
	case j.text != nil && j.image == nil:
		instance, err := c.service.text(c.options, *j.text)
		if err == nil && !c.fits(c.service.textEndpoint(c.options), instance) {
			err = fmt.Errorf("vertex: %w: request of %d bytes for a text, the limit is %d", cxr.ErrTooLarge, requestSize(c.service.textEndpoint(c.options))+instanceSize(instance), c.options.MaxBytes)
		}
		return instance, err
	}
	film := j.image
	if c.service.picture {
		film = remote.EightBits(film)
	}
	for attempt := 0; ; attempt++ {
		png := film.PNG()
		instance := c.service.image(png)
		if j.text != nil {
			instance = withPrompt(png, *j.text)
		}
		if c.fits(c.options.Endpoint, instance) {
			return instance, nil
		}
		if film = c.service.shrink(film, attempt); film == nil {
			return nil, fmt.Errorf("vertex: %w: request of %d bytes for a film of %d x %d pixels, the limit is %d (shared endpoints take %d, dedicated ones %d)",
				cxr.ErrTooLarge, requestSize(c.options.Endpoint)+instanceSize(instance), j.image.Width, j.image.Height, c.options.MaxBytes, SharedLimit, DedicatedLimit)
		}
	}
}

// fits reports whether an instance alone makes a request that may be sent.
func (c *Client) fits(endpoint string, instance []byte) bool {
	return requestSize(endpoint)+instanceSize(instance) <= c.options.MaxBytes
}
