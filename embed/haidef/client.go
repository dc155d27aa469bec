package haidef

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/internal/remote"
)

// A Client is an [embed.Embedder] and an [embed.TextEmbedder] that calls a
// container. It is safe for concurrent use.
type Client struct {
	o       Options
	http    *http.Client
	traffic *remote.Traffic
	slots   chan struct{}
}

var (
	_ embed.Embedder     = (*Client)(nil)
	_ embed.TextEmbedder = (*Client)(nil)
)

// New is a client of the container at o.URL. It connects with the first call.
func New(o *Options) (*Client, error) {
	checked, err := o.check()
	if err != nil {
		return nil, err
	}
	return &Client{o: checked, http: remote.HTTPClient(checked.HTTP, checked.Parallel), traffic: remote.NewTraffic(checked.Retry.policy(), 0), slots: make(chan struct{}, checked.Parallel)}, nil
}

// String names the client's schema and model.
func (c *Client) String() string {
	return fmt.Sprintf("haidef client, schema %v, %v", c.o.Schema, c.o.Space)
}

// Close ends idle connections. It is not needed after the last call.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Space implements [embed.Embedder].
func (c *Client) Space() cxr.Space { return c.o.Space }

// Embed implements [embed.Embedder]. Films are sent in requests of a bounded
// size, several at once. What the container refuses fails alone.
func (c *Client) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	jobs := make([]*job, len(images))
	failed := embed.CheckImages(c.o.Space, images)
	for i, im := range images {
		jobs[i] = &job{image: im}
		if failed != nil {
			jobs[i].err = failed.Errors[i]
		}
	}
	return c.run(ctx, jobs, func(j *job) *cxr.Embedding {
		return &cxr.Embedding{ID: j.image.ID, Space: c.o.Space.For(j.image), Values: j.values}
	})
}

// EmbedText implements [embed.TextEmbedder]: 1 x 128 for Google's CXR Foundation,
// 1 x 1152 for MedSigLIP, 1 x Dim where Options.Space says another model.
func (c *Client) EmbedText(ctx context.Context, texts ...string) ([]*cxr.Embedding, error) {
	jobs := make([]*job, len(texts))
	for i := range texts {
		jobs[i] = &job{text: &texts[i]}
		if !utf8.ValidString(texts[i]) {
			jobs[i].err = fmt.Errorf("haidef: %w: text that is not UTF-8", cxr.ErrUnsupported)
		}
	}
	return c.run(ctx, jobs, func(j *job) *cxr.Embedding {
		return &cxr.Embedding{Space: cxr.Space{Model: c.o.Space.Model, Digest: c.o.Space.Digest, Tokens: 1, Dim: len(j.values)}, Values: j.values}
	})
}

// A job is one film or text on its way.
type job struct {
	image    *cxr.Image
	text     *string
	instance []byte // of a request
	values   []float32
	err      error
}

// run batches and sends jobs, and gathers what becomes of them.
func (c *Client) run(ctx context.Context, jobs []*job, result func(*job) *cxr.Embedding) ([]*cxr.Embedding, error) {
	prepare := func(j *job) (bytes int, ok bool) {
		if j.err != nil {
			return 0, false
		}
		if j.instance = c.instance(j); len(j.instance)+overhead > c.o.MaxBytes {
			j.err = fmt.Errorf("haidef: %w: request of %d bytes, the limit is %d", cxr.ErrTooLarge, len(j.instance)+overhead, c.o.MaxBytes)
			j.instance = nil
			return 0, false
		}
		return len(j.instance) + 1, true
	}
	batches := remote.Batches{Jobs: c.o.MaxBatch, Bytes: c.o.MaxBytes, Empty: overhead, Slots: c.slots}
	if err := remote.Send(ctx, batches, jobs, prepare, func(jobs []*job) { c.send(ctx, jobs) }); err != nil {
		return nil, fmt.Errorf("haidef: %w", err)
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

const (
	requestHead = `{"instances":[`
	requestTail = `]}`
	overhead    = len(requestHead) + len(requestTail)
)

// instance is a film or text in a request.
func (c *Client) instance(j *job) []byte {
	var before, after string
	switch {
	case j.text != nil:
		name := keyPrompt
		if c.o.Schema == MedSigLIP {
			name = keyText
		}
		b, _ := json.Marshal(map[string]string{name: *j.text})
		return b
	case c.o.Schema == MedSigLIP:
		before, after = `{"image":{"input_bytes":"`, `"}}`
	default:
		before, after = `{"input_bytes":"`, `"}`
	}
	film := j.image
	if film.Recipe != cxr.Standard { // Google's containers, and Readers of their recipes, take 16 bits for white
		film = remote.EightBits(film)
	}
	png := film.PNG()
	b := make([]byte, 0, len(before)+base64.StdEncoding.EncodedLen(len(png))+len(after))
	return append(base64.StdEncoding.AppendEncode(append(b, before...), png), after...)
}

// send makes one request of jobs and gives each its values or its error. If the
// container refuses the request as a whole, each is sent alone.
func (c *Client) send(ctx context.Context, jobs []*job) {
	body, err := c.request(ctx, jobs)
	if err == nil {
		err = c.share(body, jobs)
	}
	if err != nil && len(jobs) > 1 && splits(err) {
		for _, j := range jobs {
			c.send(ctx, []*job{j})
		}
		return
	}
	for _, j := range jobs {
		if err != nil {
			j.err = err
		}
		j.instance = nil
	}
}
