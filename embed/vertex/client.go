package vertex

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	aiplatform "cloud.google.com/go/aiplatform/apiv1"
	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// A Client is an [embed.Embedder] and, but for V1, an [embed.TextEmbedder]. It
// is safe for concurrent use.
type Client struct {
	options Options
	retry   *retrier
	service service
	slots   chan struct{}
	closer  func() error
}

var (
	_ embed.Embedder     = (*Client)(nil)
	_ embed.TextEmbedder = (*Client)(nil)
)

// A caller is what of a PredictionClient is used.
type caller interface {
	Predict(context.Context, *aiplatformpb.PredictRequest, ...gax.CallOption) (*aiplatformpb.PredictResponse, error)
}

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
	api, closer := checked.API, func() error { return nil }
	if api == nil {
		if api, err = connect(ctx, checked); err != nil {
			return nil, err
		}
		closer = api.Close
	}
	return newClient(checked, api, closer), nil
}

func newClient(o Options, api caller, closer func() error) *Client {
	return &Client{options: o, retry: newRetrier(api, o), service: services[o.Protocol], slots: make(chan struct{}, o.Parallel), closer: closer}
}

func connect(ctx context.Context, o Options) (*aiplatform.PredictionClient, error) {
	host := o.Host
	if host == "" {
		location := o.Location
		if parts := strings.Split(o.Endpoint, "/"); location == "" && len(parts) == 6 {
			location = parts[3]
		}
		host = location + "-aiplatform.googleapis.com:443"
	}
	options := []option.ClientOption{option.WithEndpoint(host), option.WithGRPCDialOption(grpc.WithDefaultCallOptions(grpc.ForceCodecV2(newRawCodec())))}
	switch {
	case o.Insecure:
		options = append(options, option.WithoutAuthentication(), option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	case o.TokenSource != nil:
		options = append(options, option.WithTokenSource(o.TokenSource))
	}
	api, err := aiplatform.NewPredictionClient(ctx, options...)
	if err != nil {
		// The cause may hold a path or a key's content.
		return nil, errors.New("vertex: no connection: credentials not found or not valid; run \"gcloud auth application-default login\" or give a TokenSource")
	}
	return api, nil
}

// resource is the full name of an endpoint.
func (o *Options) resource(what, id string) (string, error) {
	if strings.HasPrefix(id, "projects/") && strings.Count(id, "/") == 5 {
		return id, nil
	}
	if id == "" || o.Project == "" || o.Location == "" || strings.ContainsAny(o.Project+o.Location+id, "/ ") {
		return "", fmt.Errorf("vertex: %s, Project and Location are needed, or %s as projects/P/locations/L/endpoints/E", what, what)
	}
	return fmt.Sprintf("projects/%s/locations/%s/endpoints/%s", o.Project, o.Location, id), nil
}

// Close ends the connection, unless it is the caller's own.
func (c *Client) Close() error { return c.closer() }

// String names the client without its credentials.
func (c *Client) String() string { return "vertex client, protocol " + c.options.Protocol }

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

// A Reference is a film that the service fetches itself.
type Reference struct {
	ID    string // for the embedding
	URI   string // gs://bucket/name.ext, or https://.../studies/S/series/S/instances/I of a DICOM store
	Token string // for the service to fetch it with; empty: none
}

// EmbedReferences is Embed for films in Cloud Storage or a DICOM store, which
// HAIDEF and MedSigLIP fetch themselves. Errors do not repeat the URI.
func (c *Client) EmbedReferences(ctx context.Context, references ...Reference) ([]*cxr.Embedding, error) {
	if c.service.reference == nil {
		return nil, fmt.Errorf("vertex: %w: protocol %s fetches no films", cxr.ErrUnsupported, c.options.Protocol)
	}
	space := c.Space()
	jobs := make([]*job, len(references))
	for i := range references {
		jobs[i] = &job{reference: &references[i]}
	}
	return c.run(ctx, jobs, func(j *job) *cxr.Embedding {
		return &cxr.Embedding{ID: j.reference.ID, Space: space, Values: j.values}
	})
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
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("vertex: %w", err)
	}
	var group sync.WaitGroup
	var batch []*job
	size := 0
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		jobs := batch
		batch, size = nil, 0
		select {
		case c.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		group.Go(func() {
			defer func() { <-c.slots }()
			c.service.send(ctx, c, jobs)
			for _, j := range jobs {
				j.instance = nil
			}
		})
		return nil
	}
	for _, j := range jobs {
		if j.err != nil {
			continue
		}
		if j.instance, j.err = c.encode(j); j.err != nil {
			continue
		}
		if len(batch) == c.options.MaxBatch || size+len(j.instance) > c.options.MaxBytes {
			if err := send(); err != nil {
				break
			}
		}
		batch, size = append(batch, j), size+len(j.instance)
	}
	send()
	group.Wait()
	if err := ctx.Err(); err != nil {
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
	switch {
	case j.text != nil && j.image == nil:
		return c.service.text(c.options, *j.text)
	case j.reference != nil:
		return c.service.reference(c.options, *j.reference)
	}
	film := j.image
	for attempt := 0; ; attempt++ {
		png := film.PNG()
		instance := c.service.image(png)
		if j.text != nil {
			instance = withPrompt(png, *j.text)
		}
		if len(instance) <= c.options.MaxBytes {
			return instance, nil
		}
		if film = c.service.shrink(film, attempt); film == nil {
			return nil, fmt.Errorf("vertex: %w: request of %d bytes for a film of %d x %d pixels, the limit is %d (shared endpoints take %d, dedicated ones %d)",
				cxr.ErrTooLarge, len(instance), j.image.Width, j.image.Height, c.options.MaxBytes, SharedLimit, DedicatedLimit)
		}
	}
}
