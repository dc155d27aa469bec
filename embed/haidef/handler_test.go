package haidef_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed/haidef"
)

func TestRoutesAndMethods(t *testing.T) {
	ready := errors.New("loading")
	h := handler(t, newModel(), &haidef.HandlerOptions{HealthRoute: "/v1/endpoints/7/health", PredictRoute: "/v1/endpoints/7/predict", Ready: func(context.Context) error { return ready }})
	const health, route = "/v1/endpoints/7/health", "/v1/endpoints/7/predict"
	for _, test := range []struct {
		method, path string
		status       int
		body, allow  string
	}{
		{"GET", health, 503, "not ok", ""},
		{"HEAD", health, 503, "not ok", ""}, // the server itself drops the body
		{"OPTIONS", health, 200, "", "GET, HEAD, OPTIONS"},
		{"POST", health, 405, "method not allowed\n", "GET, HEAD, OPTIONS"},
		{"GET", route, 405, "method not allowed\n", "POST, OPTIONS"},
		{"HEAD", route, 405, "method not allowed\n", "POST, OPTIONS"},
		{"OPTIONS", route, 200, "", "POST, OPTIONS"},
		{"POST", route, 400, `{"error":"No JSON body."}`, ""},
		{"GET", "/health", 404, "404 page not found\n", ""},
		{"POST", route + "/", 404, "404 page not found\n", ""},
		{"GET", "/", 404, "404 page not found\n", ""},
	} {
		w, body := get(t, h, test.method, test.path)
		if w.Code != test.status || body != test.body || w.Header().Get("Allow") != test.allow {
			t.Errorf("%s %s: %d %q, Allow %q, want %d %q, %q", test.method, test.path, w.Code, body, w.Header().Get("Allow"), test.status, test.body, test.allow)
		}
	}
	ready = nil
	if w, body := get(t, h, "GET", health); w.Code != 200 || body != "ok" {
		t.Errorf("ready: %d %q", w.Code, body)
	}
	h.Drain()
	if w, body := get(t, h, "GET", health); w.Code != 503 || body != "not ok" || w.Header().Get("Connection") != "close" {
		t.Errorf("draining: %d %q", w.Code, body)
	}
}

// Statuses and bodies of the containers, by research on their sources.
func TestStatuses(t *testing.T) {
	const none, missing, internal = `{"error":"No JSON body."}`, `{"error":"No instances field in request."}`, `{"error":"Internal server error."}`
	const ofJSON = "application/json"
	tests := []struct {
		name, contentType, body string
		cxr, medsiglip          string
		cxrStatus, otherStatus  int
	}{
		{"no body", ofJSON, "", none, none, 400, 400},
		{"no JSON", ofJSON, "instances", none, none, 400, 400},
		{"JSON that is cut off", ofJSON, `{"instances":[`, none, none, 400, 400},
		{"JSON and more", ofJSON, `{"instances":[]} x`, none, none, 400, 400},
		{"null", ofJSON, " null ", none, none, 400, 400},
		{"another type", "text/plain", `{"instances":[]}`, none, none, 400, 400},
		{"a form", "application/x-www-form-urlencoded", `{"instances":[]}`, none, none, 400, 400},
		{"no type", "", `{"instances":[]}`, none, none, 400, 400},
		{"bytes that are no UTF-8", ofJSON, "{\"instances\":[\"\xff\"]}", none, none, 400, 400},
		{"a charset is no matter", ofJSON + "; charset=utf-8", `{"instances":[]}`, `{"predictions":[]}`, `{"predictions":[]}`, 200, 200},
		{"a type of JSON's family", "application/vnd.api+json", `{"instances":[]}`, `{"predictions":[]}`, `{"predictions":[]}`, 200, 200},
		{"no instances", ofJSON, `{}`, internal, missing, 500, 400},
		{"instances in capitals", ofJSON, `{"Instances":[]}`, internal, missing, 500, 400},
		{"a list", ofJSON, `[]`, internal, missing, 500, 400},
		{"instances that are null", ofJSON, `{"instances":null}`, internal, `{"error":"instances is not a list."}`, 500, 400},
		{"instances that are a number", ofJSON, `{"instances":1}`, internal, `{"error":"instances is not a list."}`, 500, 400},
		{"a string for an instance", ofJSON, `{"instances":["x"]}`, `{"predictions":[{"error":{"description":"Internal error getting prediction for instance."}}]}`,
			`{"error":"Instance 0: not an object"}`, 200, 400},
		{"an empty instance", ofJSON, `{"instances":[{}]}`, `{"predictions":[{}]}`, `{"error":"Instance 0: want exactly one field, image or text"}`, 200, 400},
	}
	for _, test := range tests {
		h := handler(t, newModel(), nil)
		if status, body := post(h, test.contentType, test.body); status != test.cxrStatus || body != test.cxr {
			t.Errorf("CXR Foundation, %s: %d %s, want %d %s", test.name, status, body, test.cxrStatus, test.cxr)
		}
		h = handler(t, newModel(), &haidef.HandlerOptions{Schema: haidef.MedSigLIP})
		if status, body := post(h, test.contentType, test.body); status != test.otherStatus || body != test.medsiglip {
			t.Errorf("MedSigLIP, %s: %d %s, want %d %s", test.name, status, body, test.otherStatus, test.medsiglip)
		}
	}
}

// What instance.yaml refuses, refuses the request.
func TestMedSigLIPInstancesAreChecked(t *testing.T) {
	h := handler(t, both{newModel()}, &haidef.HandlerOptions{Schema: haidef.MedSigLIP})
	good := `{"text":"x"}`
	for _, bad := range []string{
		`5`, `"x"`, `null`, `[]`, `{}`, `{"text":5}`, `{"text":null}`, `{"text":"x","image":{"input_bytes":""}}`, `{"text":"x","more":1}`, `{"Text":"x"}`,
		`{"image":"x"}`, `{"image":{}}`, `{"image":{"input_bytes":"","gcs_uri":"gs://b/a.dcm"}}`, `{"image":{"input_bytes":5}}`, `{"image":{"input_bytes":"","other":1}}`,
		`{"image":{"gcs_uri":"gs://b"}}`, `{"image":{"gcs_uri":"https://b/a.dcm"}}`, `{"image":{"image_url":"file:///etc/passwd"}}`,
		`{"image":{"dicomweb_uri":"http://h/studies/1/series/2/instances/3"}}`, `{"image":{"dicomweb_uri":"https://h/studies/1/series/2"}}`,
		`{"image":{"dicomweb_uri":"https://h/studies/1/series/2/instances/3?x=1"}}`,
		`{"image":{"input_bytes":"","access_credential":"t"}}`, `{"image":{"gcs_uri":"gs://b/a.dcm","access_credential":"two words"}}`,
		`{"image":{"input_bytes":"","radiology_dicom_window_level":{"center":1}}}`, `{"image":{"input_bytes":"","radiology_dicom_window_level":{"center":1,"width":0}}}`,
		`{"image":{"input_bytes":"","radiology_dicom_window_level":{"center":1.5,"width":2}}}`, `{"image":{"input_bytes":"","patch_coordinates_list":1}}`,
	} {
		status, body := post(h, "application/json", `{"instances":[`+good+`,`+bad+`]}`)
		if status != 400 || !strings.HasPrefix(body, `{"error":"Instance 1: `) {
			t.Errorf("%s: %d %s", bad, status, body)
		}
	}
}

// exact fails unless a prediction has these keys and no more: ImageEmbedding(**p)
// of Google's client breaks on others.
func exact(t *testing.T, p map[string]json.RawMessage, keys ...string) {
	t.Helper()
	if got := slices.Sorted(maps.Keys(p)); !slices.Equal(got, keys) {
		t.Errorf("keys %q, want %q", got, keys)
	}
}

// sameValues compares nested lists with values.
func sameValues(t *testing.T, raw json.RawMessage, values []float32, tokens int) {
	t.Helper()
	rows := [][]float32{nil}
	var err error
	if tokens == 0 {
		err = json.Unmarshal(raw, &rows[0])
	} else {
		err = json.Unmarshal(raw, &rows)
	}
	if err != nil || tokens > 0 && len(rows) != tokens || !slices.Equal(slices.Concat(rows...), values) {
		t.Errorf("%s, want %v, error %v", raw, values, err)
	}
}

func TestCXRFoundationPredictions(t *testing.T) {
	m := newModel()
	h := handler(t, both{m}, nil)
	png, dicom := film(1).PNG(), phantomDICOM()
	embedOf := func(file []byte) []float32 {
		v, err := m.Embed(t.Context(), read(t, cxr.Standard, file))
		if err != nil {
			t.Fatal(err)
		}
		return v[0].Values
	}
	p := predict(t, h,
		`{"input_bytes":"`+base64Of(png)+`"}`,
		`{"input_bytes":"`+base64Of(dicom)+`","extensions":{"any":1}}`,
		`{"prompt_query":"Pleural EFFUSION"}`,
		`{"input_bytes":"`+base64Of(png)+`","prompt_query":"effusion","bearer_token":null}`,
		`{"prompt_query":""}`, `{"prompt_query":null}`,
		`{"input_bytes":"!`+base64Of(png)[:10]+"\\n-"+base64Of(png)[10:]+`"}`,
	)
	for _, i := range []int{0, 1} {
		exact(t, p[i], "contrastive_img_emb", "general_img_emb")
		sameValues(t, p[i]["general_img_emb"], embedOf([][]byte{png, dicom}[i]), 3)
		sameValues(t, p[i]["contrastive_img_emb"], embedOf([][]byte{png, dicom}[i]), 3)
	}
	exact(t, p[2], "contrastive_txt_emb")
	sameValues(t, p[2]["contrastive_txt_emb"], valuesOf([]byte("pleural effusion"), 5), 0)
	exact(t, p[3], "contrastive_img_emb", "contrastive_txt_emb", "general_img_emb")
	exact(t, p[4])
	exact(t, p[5])
	sameValues(t, p[6]["general_img_emb"], embedOf(png), 3)

	p = predict(t, handler(t, m, nil), `{"input_bytes":"`+base64Of(png)+`"}`, `{"prompt_query":"effusion"}`)
	exact(t, p[0], "general_img_emb")
	if _, d := refusalOf(t, p[1]); d != "Failed to get prediction for instance. Reason: the model of this server takes no texts" {
		t.Error(d)
	}
}

// Films for comparison with texts may have an embedder of their own.
func TestContrastiveEmbedder(t *testing.T) {
	m, c := newModel(), newModel()
	c.space.Tokens, c.space.Dim = 2, 4
	h := handler(t, m, &haidef.HandlerOptions{Contrastive: c, Texts: both{c}})
	png := film(1).PNG()
	p := predict(t, h, `{"input_bytes":"`+base64Of(png)+`"}`, `{"prompt_query":"a"}`)
	exact(t, p[0], "contrastive_img_emb", "general_img_emb")
	exact(t, p[1], "contrastive_txt_emb")
	v, err := c.Embed(t.Context(), read(t, cxr.Standard, png))
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, p[0]["contrastive_img_emb"], v[0].Values, 2)
	sameValues(t, p[1]["contrastive_txt_emb"], valuesOf([]byte("a"), 4), 0)
}

// The two cases of predictor_test.py: an instance that fails does so at its place.
func TestCXRFoundationRefusals(t *testing.T) {
	h := handler(t, both{newModel()}, nil)
	good := `{"input_bytes":"` + base64Of(film(1).PNG()) + `","prompt_query":"a"}`
	const internal, reason = "Internal error getting prediction for instance.", "Failed to get prediction for instance. Reason: "
	for bad, want := range map[string]string{
		`{"input_bytes":"","gcs_uri":"gs://b/a.dcm"}`: reason + "Multiple image keys found in request instance: {'input_bytes', 'gcs_uri'}",
		`{"input_bytes":null,"dicomweb_uri":"x"}`:     reason + "Multiple image keys found in request instance: {'input_bytes', 'dicomweb_uri'}",
		`{"input_bytes":null}`:                        internal,
		`{"input_bytes":5}`:                           internal,
		`{"prompt_query":5}`:                          internal,
		`["input_bytes"]`:                             internal,
		`5`:                                           internal,
		`null`:                                        internal,
		`{"Input_Bytes":"","name":"Doe^Jane"}`:        reason + "unknown field in request instance, known are input_bytes, dicomweb_uri, gcs_uri, prompt_query, bearer_token, extensions",
		`{"input_bytes":"YWJ"}`:                       reason + "input_bytes is not base64",
		`{"input_bytes":"YWJj"}`:                      reason + "the film cannot be read: not supported",
		`{"input_bytes":"` + base64Of(phantomDICOM()[:900]) + `"}`:              reason + "the film cannot be read: truncated",
		`{"gcs_uri":"gs://b/a.dcm","bearer_token":"t"}`:                         reason + "this server fetches nothing: send the film as input_bytes",
		`{"dicomweb_uri":"https://h/studies/1/series/2/instances/3"}`:           reason + "this server fetches nothing: send the film as input_bytes",
		`{"dicomweb_uri":"https://h/studies/1/series/2/instances/3","more":{}}`: reason + "unknown field in request instance, known are input_bytes, dicomweb_uri, gcs_uri, prompt_query, bearer_token, extensions",
	} {
		p := predict(t, h, bad, good, bad, good)
		for i := range p {
			if i%2 == 1 {
				exact(t, p[i], "contrastive_img_emb", "contrastive_txt_emb", "general_img_emb")
				continue
			}
			if code, d := refusalOf(t, p[i]); code != "" || d != want {
				t.Errorf("%s: code %q, %q, want %q", bad, code, d, want)
			}
		}
	}
}

func TestMedSigLIPPredictions(t *testing.T) {
	m := newModel()
	m.space.Tokens = 1
	h := handler(t, both{m}, &haidef.HandlerOptions{Schema: haidef.MedSigLIP, Temperature: 4.7, Bias: -16.5, Windowed: func(center, width int) haidef.Reader {
		return dicomconv.New(&dicomconv.Options{Window: &dicomconv.Window{Center: float64(center), Width: float64(width)}}).Normalize
	}})
	file := base64Of(phantomDICOM())
	p := predict(t, h,
		`{"image":{"input_bytes":"`+file+`","extensions":{},"patch_coordinates_list":[]}}`,
		`{"text":"Effusion"}`,
		`{"image":{"input_bytes":"`+file+`","radiology_dicom_window_level":{"center":700,"width":400}}}`,
		`{"image":{"input_bytes":"`+file+`","patch_coordinates_list":[{"x_origin":0,"y_origin":0}]}}`,
		`{"image":{"input_bytes":"`+file+`","extensions":{"image_dimensions":{"width":448,"height":448}}}}`,
		`{"image":{"input_bytes":"YWJj"}}`, `{"image":{"input_bytes":"YW Jj"}}`, `{"image":{"input_bytes":"YW\nJj"}}`,
		`{"image":{"input_bytes":"`+base64Of(phantomDICOM()[:900])+`"}}`,
		`{"image":{"gcs_uri":"gs://b/a.dcm"}}`,
	)
	for i, kind := range []string{"image", "text", "image"} {
		exact(t, p[i], "embedding", "input_type", "model_bias", "model_temperature")
		if got := fmt.Sprintf("%s %s %s", p[i]["input_type"], p[i]["model_temperature"], p[i]["model_bias"]); got != `"`+kind+`" 4.7 -16.5` {
			t.Error(got)
		}
	}
	sameValues(t, p[1]["embedding"], valuesOf([]byte("Effusion"), 5), 0)
	if string(p[0]["embedding"]) == string(p[2]["embedding"]) {
		t.Error("another window gives the same")
	}
	for i, want := range []string{
		"INVALID_REQUEST_FIELD_ERROR patch_coordinates_list is not supported by this server",
		"INVALID_REQUEST_FIELD_ERROR extensions is not supported by this server",
		"UNHANDLED_GENERIC_BYTES_ERROR the film cannot be read: not supported",
		"INVALID_REQUEST_FIELD_ERROR input_bytes is not base64",
		"INVALID_REQUEST_FIELD_ERROR input_bytes is not base64",
		"DICOM_ERROR the film cannot be read: truncated",
		"UNAPPROVED_DICOM_STORE_ERROR this server fetches nothing: send the film as input_bytes",
	} {
		if code, d := refusalOf(t, p[3+i]); code+" "+d != want {
			t.Errorf("%s %s, want %s", code, d, want)
		}
	}
	p = predict(t, handler(t, m, &haidef.HandlerOptions{Schema: haidef.MedSigLIP}), `{"image":{"input_bytes":"`+file+`","radiology_dicom_window_level":{"center":700,"width":400}}}`)
	if code, d := refusalOf(t, p[0]); code != "INVALID_REQUEST_FIELD_ERROR" || d != "radiology_dicom_window_level is not supported by this server" {
		t.Errorf("%s %s", code, d)
	}
}

func TestModelsThatFail(t *testing.T) {
	good := `{"input_bytes":"` + base64Of(film(1).PNG()) + `"}`
	m := newModel()
	m.whole = errors.New("cuda: out of memory at Doe^Jane")
	if status, body := post(handler(t, m, nil), "application/json", `{"instances":[`+good+`]}`); status != http.StatusInternalServerError || body != `{"error":"Internal server error."}` {
		t.Errorf("%d %s", status, body)
	}
	m = newModel()
	m.fail = func(im *cxr.Image) error { return fmt.Errorf("%w: Doe^Jane", cxr.ErrNotChest) }
	p := predict(t, handler(t, m, nil), good)
	if _, d := refusalOf(t, p[0]); d != "Failed to get prediction for instance. Reason: the model refuses this instance: not a chest film" {
		t.Error(d)
	}
	m.fail = func(im *cxr.Image) error { panic("Doe^Jane") }
	h := handler(t, m, nil)
	if status, body := post(h, "application/json", `{"instances":[`+good+`]}`); status != http.StatusInternalServerError || body != `{"error":"Internal server error."}` {
		t.Errorf("%d %s", status, body)
	}
	if _, text := get(t, h.Metrics(), "GET", "/"); !strings.Contains(text, "cxrkit_panics_total 1\n") {
		t.Error(text)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	m := newModel()
	reader := dicomconv.New(nil).Normalize
	other := newModel()
	other.space.Recipe = cxr.Upstream
	for want, o := range map[string]*haidef.HandlerOptions{
		"schema 7":                       {Schema: 7},
		"must begin with /":              {HealthRoute: "health"},
		"and differ":                     {HealthRoute: "/a", PredictRoute: "/a"},
		"want 0 or more":                 {MaxInstances: -1},
		"not finite":                     {Bias: nan()},
		`recipe "upstream/1"`:            {Contrastive: other},
		`Fetch.Hosts has "https://a.de"`: {Fetch: &haidef.Fetch{Hosts: []string{"https://a.de"}}},
		`Fetch.Buckets has "gs://b"`:     {Fetch: &haidef.Fetch{Buckets: []string{"gs://b"}}},
		"Fetch.MaxBytes -1":              {Fetch: &haidef.Fetch{MaxBytes: -1}},
	} {
		if _, err := haidef.NewHandler(m, reader, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := haidef.NewHandler(nil, reader, nil); err == nil {
		t.Error("no Embedder was enough")
	}
}

func nan() float64 { zero := 0.0; return zero / zero }
