package vertex

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/remote"
	"github.com/cxrkit/cxrkit/internal/tfexample"
)

// A service is one protocol: how films, texts and references become instances
// of a request, and what is done with a batch of them.
type service struct {
	space     func(Options) cxr.Space
	image     func(png []byte) []byte
	text      func(Options, string) ([]byte, error)
	reference func(Options, Reference) ([]byte, error)
	side      int // pixels that the model looks at, each way
	squared   bool
	picture   bool // the service takes a film for a picture of 8 bits
	send      func(ctx context.Context, c *Client, jobs []*job)
}

// Shapes of answers.
var (
	elixrShapes = map[Output][]int{General: {32, 768}, Contrastive: {32, 128}}
	featureMap  = []int{8, 8, 1376}
)

var services map[Protocol]service

func init() { // not a literal: some functions look at the services
	services = map[Protocol]service{
		V1: {
			space: func(Options) cxr.Space {
				return cxr.Space{Model: "cxr-foundation-v1", Tokens: 1, Dim: 1376, Recipe: cxr.Upstream}
			},
			image: example, side: 1280,
			send: func(ctx context.Context, c *Client, jobs []*job) {
				c.send(ctx, c.options.Endpoint, jobs, c.vector(1376))
			},
		},
		V2: {
			space: elixrModel("cxr-foundation-v2", cxr.Upstream), image: example, side: 1280, text: tokens, send: sendV2,
		},
		HAIDEF: {
			space: elixrModel("hai-def-cxr-foundation", cxr.HAIDEF), side: 1280, picture: true,
			image:     func(png []byte) []byte { return fields("input_bytes", text(base64.StdEncoding.EncodeToString(png))) },
			text:      func(_ Options, t string) ([]byte, error) { return fields("prompt_query", text(t)), nil },
			reference: haidefReference,
			send: func(ctx context.Context, c *Client, jobs []*job) {
				c.send(ctx, c.options.Endpoint, jobs, func(j *job, prediction []byte) error {
					return c.elixr(j, prediction, "general_img_emb", "contrastive_img_emb", "contrastive_txt_emb")
				})
			},
		},
		MedSigLIP: {
			space: func(Options) cxr.Space {
				return cxr.Space{Model: "medsiglip", Tokens: 1, Dim: 1152, Recipe: cxr.MedSigLIP}
			},
			side: 448, squared: true, picture: true,
			image: func(png []byte) []byte {
				return fields("image", fields("input_bytes", text(base64.StdEncoding.EncodeToString(png))))
			},
			text:      func(_ Options, t string) ([]byte, error) { return fields("text", text(t)), nil },
			reference: medsiglipReference,
			send: func(ctx context.Context, c *Client, jobs []*job) {
				c.send(ctx, c.options.Endpoint, jobs, func(j *job, prediction []byte) error {
					if err := c.scale.read(prediction); err != nil {
						return err
					}
					return j.take(prediction, "embedding", 1152)
				})
			},
		},
	}
}

func elixrModel(name, recipe string) func(Options) cxr.Space {
	return func(o Options) cxr.Space {
		shape, full := elixrShapes[o.Output], name
		if o.Output == Contrastive {
			full += "-contrastive"
		}
		return cxr.Space{Model: full, Tokens: shape[0], Dim: shape[1], Recipe: recipe}
	}
}

// example is the instance of V1 and of ELIXR-C: a tf.Example with the film and
// its format. Upstream's image/id is left out: it was the film's path.
func example(png []byte) []byte {
	e := tfexample.Marshal(tfexample.Feature{Name: "image/encoded", Bytes: [][]byte{png}}, tfexample.Feature{Name: "image/format", Bytes: [][]byte{[]byte("png")}})
	return fields("b64", text(base64.StdEncoding.EncodeToString(e)))
}

// shrink is a film that takes fewer bytes and that the model takes for the same,
// or nil after the last attempt: first no more pixels than the model looks at,
// resampled as it does it; then 8 bits.
func (s service) shrink(film *cxr.Image, attempt int) *cxr.Image {
	switch {
	case attempt == 0 && (film.Width > s.side || film.Height > s.side):
		if s.squared { // padded to a square by the service
			return film.Fit(s.side, cxr.KernelBilinear)
		}
		return film.Resize(s.side, s.side, cxr.KernelLegacyBilinear)
	case attempt <= 1 && film.Depth > 8:
		return remote.EightBits(film)
	}
	return nil
}

// vector reads an answer that is a list of numbers.
func (c *Client) vector(n int) func(*job, []byte) error {
	return func(j *job, prediction []byte) (err error) {
		j.values, err = tensor(prediction, n)
		return err
	}
}

// take reads a named list of numbers.
func (j *job) take(prediction []byte, name string, shape ...int) error {
	v, err := member(prediction, name)
	if err != nil {
		return err
	}
	if v == nil {
		return corrupt("has no %s", name)
	}
	j.values, err = tensor(v, shape...)
	return err
}

// withPrompt is an instance of HAIDEF with a film and a text.
func withPrompt(png []byte, t string) []byte {
	return fields("input_bytes", text(base64.StdEncoding.EncodeToString(png)), "prompt_query", text(t))
}

// elixr reads what the job asks for of an answer that has three kinds of
// embeddings.
func (c *Client) elixr(j *job, prediction []byte, general, contrastive, textual string) error {
	if j.text != nil {
		if err := j.take(prediction, textual, 128); err != nil || j.image == nil {
			return err
		}
		j.phrase = j.values
	}
	if c.options.Output == Contrastive {
		return j.take(prediction, contrastive, 32, 128)
	}
	return j.take(prediction, general, 32, 768)
}

// Places for the tokens of a text.
const textLength = 128

// tokens is the instance of ELIXR-B for a text.
func tokens(o Options, t string) ([]byte, error) {
	if o.Vocabulary == nil {
		return nil, fmt.Errorf("vertex: %w: texts for V2 need Options.Vocabulary", cxr.ErrUnsupported)
	}
	ids, paddings := make([]float32, textLength), make([]float32, textLength)
	for i := range paddings {
		paddings[i] = 1
	}
	for i, id := range o.Vocabulary.Encode(t, textLength) {
		if id == o.Vocabulary.tokenizer.End() { // the model was trained without it
			break
		}
		ids[i], paddings[i] = float32(id), 0
	}
	return elixrB(make([]float32, 8*8*1376), ids, paddings), nil
}

func elixrB(features, ids, paddings []float32) []byte {
	return fields("image_feature", numbers(features, 1, 8, 8, 1376), "ids", numbers(ids, 1, 1, textLength), "paddings", numbers(paddings, 1, 1, textLength))
}

// sendV2 has ELIXR-C make a feature map of each film, and ELIXR-B embeddings of
// feature maps and texts, one a request: each takes a megabyte.
func sendV2(ctx context.Context, c *Client, jobs []*job) {
	if jobs[0].text == nil {
		c.send(ctx, c.options.Endpoint, jobs, func(j *job, prediction []byte) (err error) {
			j.values, err = tensor(prediction, featureMap...)
			return err
		})
		zeros := make([]float32, textLength)
		for _, j := range jobs {
			if j.err == nil {
				j.instance, j.values = elixrB(j.values, zeros, zeros), nil
			}
		}
	}
	for _, j := range jobs {
		if j.err == nil {
			if !c.fits(c.options.QFormer, j.instance) {
				j.err = fmt.Errorf("vertex: %w: request of %d bytes for a feature map, the limit is %d", cxr.ErrTooLarge, requestSize(c.options.QFormer)+instanceSize(j.instance), c.options.MaxBytes)
				j.instance = nil
				continue
			}
			c.send(ctx, c.options.QFormer, []*job{j}, func(j *job, prediction []byte) error {
				return c.elixr(j, prediction, "img_emb", "all_contrastive_img_emb", "contrastive_txt_emb")
			})
			j.instance = nil
		}
	}
}

// textEndpoint is where texts go.
func (s *service) textEndpoint(o Options) string {
	if o.QFormer != "" {
		return o.QFormer
	}
	return o.Endpoint
}

// send makes one request of jobs and gives each its values or its error. If the
// service refuses the request as a whole, each is sent alone.
func (c *Client) send(ctx context.Context, endpoint string, jobs []*job, decode func(*job, []byte) error) {
	var private []string
	for _, j := range jobs {
		private = append(private, j.private()...)
	}
	c.request(ctx, endpoint, jobs, private, decode)
}

func (c *Client) request(ctx context.Context, endpoint string, jobs []*job, private []string, decode func(*job, []byte) error) {
	instances := make([][]byte, len(jobs))
	for i, j := range jobs {
		instances[i] = j.instance
	}
	retry := c.retry
	if endpoint == c.options.QFormer {
		retry = c.second
	}
	reply, err := retry.predict(ctx, endpoint, instances, private)
	if err == nil {
		err = share(reply, jobs, private, decode)
	}
	if err != nil && len(jobs) > 1 && splits(err) {
		for _, j := range jobs {
			c.request(ctx, endpoint, []*job{j}, private, decode)
		}
		return
	}
	if err != nil {
		for _, j := range jobs {
			j.err = err
		}
	}
}

// private is what of a job no message may repeat.
func (j *job) private() (private []string) {
	if j.reference != nil {
		private = append(private, j.reference.URI, j.reference.Token)
	}
	if j.text != nil {
		private = append(private, *j.text)
	}
	return private
}

// errNone is a reply without predictions: how MedSigLIP refuses a whole request
// while it parses it, with status 200.
var errNone = corrupt("has no predictions")

// share deals a reply's predictions to their jobs.
func share(reply []byte, jobs []*job, private []string, decode func(*job, []byte) error) error {
	list, err := predictions(reply)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errNone
	}
	if len(list) != len(jobs) {
		return corrupt("has %d predictions for %d instances", len(list), len(jobs))
	}
	for i, j := range jobs {
		if failure, err := member(list[i], "error"); err != nil {
			j.err = err
		} else if failure != nil {
			j.err = refusal(failure, private)
		} else {
			j.err = decode(j, list[i])
		}
	}
	return nil
}
