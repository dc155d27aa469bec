package vertex

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Reference is a film that the service fetches itself. Formatted, logged or
// as JSON it shows neither its address nor its token.
type Reference struct {
	ID    string // for the embedding
	URI   string // gs://bucket/name.ext, or https://.../studies/S/series/S/instances/I of a DICOM store
	Token string // for the service to fetch it with; empty: none
}

// String says where the film lies, and whether there is a token.
func (r Reference) String() string {
	place, token := "an unknown place", "without a token"
	switch {
	case strings.HasPrefix(r.URI, "gs://"):
		place = "Cloud Storage"
	case strings.HasPrefix(r.URI, "https://"):
		place = "a DICOM store"
	}
	if r.Token != "" {
		token = "with a token"
	}
	return "reference to a film in " + place + ", " + token
}

// Format keeps address and token out of every verb.
func (r Reference) Format(s fmt.State, _ rune) { fmt.Fprint(s, r.String()) }

// LogValue keeps them out of logs.
func (r Reference) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalJSON keeps them out of logs that are JSON.
func (r Reference) MarshalJSON() ([]byte, error) { return json.Marshal(r.String()) }

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

var (
	dicomURI = regexp.MustCompile(`^https://.+/studies/[0-9.]{1,64}/series/[0-9.]{1,64}/instances/[0-9.]{1,64}$`)
	cloudURI = regexp.MustCompile(`^gs://.+/[^/]+\.[^/]+$`)
)

// haidefReference checks URIs by the patterns of the service's schema.
func haidefReference(_ Options, r Reference) ([]byte, error) {
	key, err := referenceKey(r)
	if err != nil {
		return nil, err
	}
	if r.Token == "" {
		return fields(key, text(r.URI)), nil
	}
	return fields(key, text(r.URI), "bearer_token", text(r.Token)), nil
}

func medsiglipReference(_ Options, r Reference) ([]byte, error) {
	key, err := referenceKey(r)
	if err != nil {
		return nil, err
	}
	if r.Token == "" {
		return fields("image", fields(key, text(r.URI))), nil
	}
	return fields("image", fields(key, text(r.URI), "access_credential", text(r.Token))), nil
}

func referenceKey(r Reference) (string, error) {
	switch {
	case !utf8.ValidString(r.URI) || !utf8.ValidString(r.Token):
		return "", fmt.Errorf("vertex: %w: reference or token that is not UTF-8", cxr.ErrUnsupported)
	case cloudURI.MatchString(r.URI):
		return "gcs_uri", nil
	case dicomURI.MatchString(r.URI):
		return "dicomweb_uri", nil
	}
	return "", fmt.Errorf("vertex: %w: reference that is neither gs://bucket/name.ext nor https://.../studies/S/series/S/instances/I", cxr.ErrUnsupported)
}
