package haidef

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
)

// none is a model that is not reached: no film can be read.
type none struct{}

func (none) Space() cxr.Space { return cxr.Space{Model: "none", Tokens: 1, Dim: 1} }
func (none) Embed(context.Context, ...*cxr.Image) ([]*cxr.Embedding, error) {
	return nil, errors.New("reached")
}

// Whatever a request holds, the answer is JSON, with a prediction for each
// instance if its status is 200.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		`{"instances":[{"input_bytes":"YWJj","prompt_query":"x"},{"gcs_uri":"gs://b/a.dcm","bearer_token":"t"},"x",5,null,{}]}`,
		`{"instances":[{"image":{"input_bytes":"YWJj"}},{"text":"x"},{"image":{"dicomweb_uri":"https://h/studies/1/series/2/instances/3","access_credential":"t"}}]}`,
		`{"instances":[{"image":{"input_bytes":"","radiology_dicom_window_level":{"center":1,"width":2},"patch_coordinates_list":[],"extensions":{}}}]}`,
		`{"instances":{}}`, `[]`, `null`, "\xff",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, schema := range []Schema{CXRFoundation, MedSigLIP} {
			h, err := NewHandler(none{}, func(io.Reader) (*cxr.Image, error) { return nil, cxr.ErrCorrupt }, &HandlerOptions{Schema: schema})
			if err != nil {
				t.Fatal(err)
			}
			a := h.answer(t.Context(), "application/json", []byte(body))
			if a.status != 200 {
				continue
			}
			var request struct {
				Instances []any `json:"instances"`
			}
			var answer struct {
				Predictions []map[string]any `json:"predictions"`
			}
			if err := json.Unmarshal(a.body, &answer); err != nil {
				t.Fatalf("%s: %v", a.body, err)
			}
			if json.Unmarshal([]byte(body), &request) == nil && len(request.Instances) != len(answer.Predictions) {
				t.Fatalf("%d predictions for %d instances", len(answer.Predictions), len(request.Instances))
			}
		}
	})
}

// Lists of numbers are what encoding/json makes of them, or an error.
func FuzzNumbers(f *testing.F) {
	for _, raw := range []string{`[[1,2.5],[-3e-2,4]]`, `[[[1,2],[3,4]]]`, `[[1,null],[3,4]]`, `[[1,2],[3]]`, `[1,2,3,4]`, `[[1e400,2],[3,4]]`, `5`, `[]`, `[[[[[[[[[[1]]]]]]]]]]`} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if !json.Valid([]byte(raw)) {
			return
		}
		got, err := numbers([]byte(raw), 2, 2)
		if err != nil {
			return
		}
		var want any
		if err := json.Unmarshal([]byte(raw), &want); err != nil {
			t.Fatal(err)
		}
		for {
			list, ok := want.([]any)
			if !ok || len(list) != 1 {
				break
			}
			want = list[0]
		}
		var flat []float32
		for _, row := range want.([]any) {
			for _, v := range row.([]any) {
				flat = append(flat, float32(v.(float64)))
			}
		}
		if !reflect.DeepEqual(got, flat) {
			t.Fatalf("%v, want %v", got, flat)
		}
	})
}
