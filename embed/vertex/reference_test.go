package vertex_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"golang.org/x/oauth2"
	"google.golang.org/grpc/codes"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/vertex"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
)

func TestReferences(t *testing.T) {
	for _, protocol := range []vertex.Protocol{vertex.HAIDEF, vertex.MedSigLIP} {
		c, s := client(t, protocol, &vertextest.Options{Keep: true}, nil)
		v, err := c.EmbedReferences(t.Context(),
			vertex.Reference{ID: "a", URI: "gs://bucket/a.dcm", Token: "ya29.secret"},
			vertex.Reference{ID: "b", URI: "https://healthcare.googleapis.com/v1/dicomWeb/studies/1.2/series/3.4/instances/5.6"},
			vertex.Reference{ID: "c", URI: "/home/patient/c.dcm"})
		var b *embed.BatchError
		if !errors.As(err, &b) || b.Errors[0] != nil || b.Errors[1] != nil || !errors.Is(b.Errors[2], cxr.ErrUnsupported) || v[0].ID != "a" || v[1].ID != "b" {
			t.Fatalf("error %v", err)
		}
		if strings.Contains(err.Error(), "patient") {
			t.Errorf("the error repeats the reference: %v", err)
		}
		if !bytes.Contains(s.Requests()[0], []byte("ya29.secret")) {
			t.Error("the token did not arrive")
		}
	}
	c, _ := client(t, vertex.V1, nil, nil)
	if _, err := c.EmbedReferences(t.Context(), vertex.Reference{URI: "gs://b/a.dcm"}); !errors.Is(err, cxr.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
}

// Whatever the service repeats of a reference, its token or a text, in whatever
// spelling, in whatever answer: none of it shows.
func TestNothingPrivateShowsInErrors(t *testing.T) {
	const (
		uri    = "gs://clinic-north/Doe^Jane_1957.dcm"
		dicom  = "https://healthcare.googleapis.com/v1/projects/clinic/dicomWeb/studies/1.2.840.9/series/3.4/instances/5.6"
		token  = "ya29.a0AfB_secrettoken"
		phrase = "Jane Doe has a pneumothorax"
	)
	private := []string{"clinic", "north", "Doe^", "Jane", "1957", "840", "5.6", "ya29", "secrettoken", "a0AfB", "pneumo", "amFuZQ", "4a616e65"}
	messages := []string{
		"cannot read " + uri + " with bearer " + token,
		"object Doe^Jane_1957.dcm in bucket clinic-north: not found",
		"GET https://storage.googleapis.com/clinic%2Dnorth/Doe%5EJane_1957.dcm?access_token=" + token,
		"instances[0].gcs_uri: \"" + strings.ToUpper(uri) + "\" does not match",
		"JANE could not be found; neither 4a616e65 nor amFuZQ",
		"study 1.2.840.9 has no instance 5.6: " + dicom,
		"prompt_query '" + phrase + "' is too long",
		"prompt " + strings.ToLower(phrase),
		"Authorization: Bearer\n" + token + "\tat line 7",
	}
	for _, message := range messages {
		for _, fault := range []vertextest.Fault{
			{Code: codes.InvalidArgument, Message: message}, {Code: codes.NotFound, Message: message}, {Code: codes.PermissionDenied, Message: message},
			{Code: codes.Internal, Message: message}, {Code: codes.Unauthenticated, Message: message}, {Refuse: true, Message: message},
		} {
			for _, protocol := range []vertex.Protocol{vertex.HAIDEF, vertex.MedSigLIP} {
				c, _ := client(t, protocol, &vertextest.Options{Fault: func(int) vertextest.Fault { return fault }}, nil)
				var told []error
				for _, r := range []vertex.Reference{{URI: uri, Token: token}, {URI: dicom, Token: token}} {
					_, err := c.EmbedReferences(t.Context(), r, vertex.Reference{URI: uri, Token: token})
					told = append(told, err)
				}
				if strings.Contains(message, "prompt") {
					_, err := c.EmbedText(t.Context(), phrase)
					told = []error{err}
				}
				for _, err := range told {
					if err == nil {
						t.Fatalf("%+v was answered", fault)
					}
					for _, p := range private {
						if strings.Contains(strings.ToLower(err.Error()), strings.ToLower(p)) {
							t.Errorf("%v: %q shows in %q", fault.Code, p, err)
						}
					}
				}
			}
		}
	}
}

// What is not private is told.
func TestWordsOfTheService(t *testing.T) {
	for message, want := range map[string]string{
		"Window of 3 x 4 is empty": "code InvalidArgument after 1 try: Window of 3 x 4 is empty",
		"bad\nbytes: " + strings.Repeat("iVBORw0KGgo", 8) + " of " + strings.Repeat("A", 60) + " end": "after 1 try: bad bytes: ... of ... end",
	} {
		c, _ := client(t, vertex.V1, &vertextest.Options{Fault: func(int) vertextest.Fault {
			return vertextest.Fault{Code: codes.InvalidArgument, Message: message}
		}}, nil)
		_, err := c.Embed(t.Context(), film(c.Space(), 1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	c, _ := client(t, vertex.HAIDEF, &vertextest.Options{Fault: func(int) vertextest.Fault {
		return vertextest.Fault{Code: codes.PermissionDenied, Message: "Caller may not read gs://bucket/a.dcm (denied)"}
	}}, nil)
	_, err := c.EmbedReferences(t.Context(), vertex.Reference{URI: "gs://bucket/a.dcm"})
	if err == nil || !strings.Contains(err.Error(), "Caller may not read ... (denied)") {
		t.Errorf("error %v", err)
	}
}

func TestReferencesAndOptionsPrintNoSecret(t *testing.T) {
	r := vertex.Reference{ID: "Doe^Jane", URI: "gs://bucket/Doe.dcm", Token: "ya29.secret"}
	o := vertex.Options{Protocol: vertex.HAIDEF, Endpoint: "1", TokenSource: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "ya29.secret"})}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "r", r, "all", []vertex.Reference{r})
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "r", r, "all", []vertex.Reference{r}, "o", o)
	data, err := json.Marshal(map[string]any{"r": r, "p": &r})
	if err != nil {
		t.Fatal(err)
	}
	told := log.String() + string(data)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		told += fmt.Sprintf(verb+verb+verb+verb, r, &r, []vertex.Reference{r}, o) + fmt.Sprintf(verb, &o)
	}
	for _, p := range []string{"ya29", "secret", "Doe", "bucket", fmt.Sprintf("%x", "ya29.secret")} {
		if strings.Contains(told, p) {
			t.Errorf("%q shows in %s", p, told)
		}
	}
	if want := "reference to a film in Cloud Storage, with a token"; fmt.Sprint(r) != want {
		t.Errorf("%v, want %q", r, want)
	}
}

// A text or reference that is not UTF-8 cannot be sent. It fails alone, before
// anything is sent for it.
func TestNotUTF8FailsAlone(t *testing.T) {
	const bad = "effusion\xff"
	for _, protocol := range []vertex.Protocol{vertex.V2, vertex.HAIDEF, vertex.MedSigLIP} {
		c, s := client(t, protocol, nil, func(o *vertex.Options) { o.Vocabulary = vocabulary(t) })
		v, err := c.EmbedText(t.Context(), "hello", bad, "world")
		var b *embed.BatchError
		if !errors.As(err, &b) || v[0] == nil || v[1] != nil || v[2] == nil || !errors.Is(b.Errors[1], cxr.ErrUnsupported) || b.Errors[0] != nil || b.Errors[2] != nil {
			t.Fatalf("%s: error %v", protocol, err)
		}
		want := 1
		if protocol == vertex.V2 {
			want = 2 // one text in a request
		}
		if s.Calls() != want {
			t.Errorf("%s: %d calls, want %d", protocol, s.Calls(), want)
		}
		if protocol == vertex.V2 {
			continue
		}
		for _, r := range []vertex.Reference{{URI: "gs://b/" + bad + ".dcm"}, {URI: "gs://b/a.dcm", Token: bad}} {
			v, err = c.EmbedReferences(t.Context(), vertex.Reference{URI: "gs://b/a.dcm"}, r)
			if !errors.As(err, &b) || v[0] == nil || v[1] != nil || !errors.Is(b.Errors[1], cxr.ErrUnsupported) {
				t.Errorf("%s: error %v", protocol, err)
			}
		}
	}
	c, s := client(t, vertex.HAIDEF, nil, nil)
	f, p, err := c.EmbedWithTexts(t.Context(), films(c.Space(), 2), []string{bad, "effusion"})
	var b *embed.BatchError
	if !errors.As(err, &b) || f[0] != nil || p[0] != nil || f[1] == nil || p[1] == nil || s.Calls() != 1 {
		t.Errorf("%d calls, error %v", s.Calls(), err)
	}
}
