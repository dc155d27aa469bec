package haidef

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
)

// A task is what an instance asks for, and what becomes of it.
type task struct {
	film   []byte  // a file; nil: none, or yet to be fetched
	source *source // where to fetch it; nil: nowhere
	window *window
	text   *string
	failed *failure
	kind   string // of what is asked: "film", "text" or "none"

	image                         *cxr.Image
	general, contrastive, phrases *cxr.Embedding
}

type window struct{ center, width int }

// newTask is what a parser has found.
func newTask(parse func(json.RawMessage) *task, raw json.RawMessage) *task {
	t := parse(raw)
	switch {
	case t.film != nil || t.source != nil:
		t.kind = "film"
	case t.text != nil:
		t.kind = "text"
	default:
		t.kind = "none"
	}
	return t
}

// A failure is an error object.
type failure struct{ code, description string }

// Descriptions of CXR Foundation's predictor.py.
const (
	cxrInternal = "Internal error getting prediction for instance."
	cxrReason   = "Failed to get prediction for instance. Reason: "
)

func refused(code, format string, args ...any) *failure {
	return &failure{code, fmt.Sprintf(format, args...)}
}

// object is an instance or a part of it, nil if it is none.
func object(raw json.RawMessage) (m map[string]json.RawMessage) {
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

// text is a JSON string.
func text(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// parseCXR reads an instance as CXR Foundation's predictor does. The first that
// is wrong is told.
func (d *document) parseCXR(raw json.RawMessage) *task {
	fail := func(f *failure) *task { return &task{failed: f} }
	m := object(raw)
	if m == nil {
		return fail(refused(codeInternal, cxrInternal))
	}
	films := []string{keyBytes, keyWeb, keyGCS}
	for name := range m {
		if !slices.Contains(append(films, keyPrompt, keyBearer, keyExtensions), name) {
			return fail(refused(codeField, cxrReason+"unknown field in request instance, known are %s", strings.Join(append(films, keyPrompt, keyBearer, keyExtensions), ", ")))
		}
	}
	films = slices.DeleteFunc(films, func(name string) bool { return m[name] == nil })
	if len(films) > 1 {
		return fail(refused(codeField, cxrReason+"Multiple image keys found in request instance: {'%s'}", strings.Join(films, "', '")))
	}
	t := &task{}
	if prompt, ok := m[keyPrompt]; ok && string(prompt) != "null" {
		words, ok := d.text(prompt)
		if !ok {
			return fail(refused(codeField, cxrInternal))
		}
		if words = strings.ToLower(words); words != "" {
			t.text = &words
		}
	}
	if len(films) == 0 {
		return t
	}
	value, ok := d.bytes(m[films[0]])
	if !ok {
		return fail(refused(codeField, cxrInternal))
	}
	if films[0] == keyBytes {
		film, err := lenientBase64(value)
		if err != nil {
			return fail(refused(codeField, cxrReason+"input_bytes is not base64"))
		}
		t.film = film
		return t
	}
	t.source = &source{kind: films[0], uri: string(value)}
	if bearer, ok := m[keyBearer]; ok && string(bearer) != "null" {
		if t.source.token, ok = d.text(bearer); !ok {
			return fail(refused(codeField, cxrInternal))
		}
	}
	return t
}

// lenientBase64 is Python's b64decode: bytes outside of the alphabet are passed
// over, what follows the padding too.
func lenientBase64(s []byte) ([]byte, error) {
	film := make([]byte, base64.StdEncoding.DecodedLen(len(s)))
	if n, err := base64.StdEncoding.Decode(film, s); err == nil {
		return film[:n], nil
	}
	clean := make([]byte, 0, len(s))
	pads := 0
	for i := 0; i < len(s) && !(len(clean)%4 >= 2 && len(clean)%4+pads >= 4); i++ {
		switch c := s[i]; {
		case c == '=':
			if len(clean)%4 >= 2 {
				pads++
			}
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean, pads = append(clean, c), 0
		}
	}
	if rest := len(clean) % 4; rest != 0 && rest+pads < 4 {
		return nil, errors.New("padding")
	}
	n, err := base64.RawStdEncoding.Decode(film, clean)
	return film[:n], err
}

// Forms of instance.yaml.
var (
	gcsForm        = regexp.MustCompile(`^gs://[^/]+(/[^/]+)*/[^/]+\.[^/]+$`)
	urlForm        = regexp.MustCompile(`^https?://.+$`)
	webForm        = regexp.MustCompile(`^https://.+/studies/[0-9.]{1,64}/series/[0-9.]{1,64}/instances/[0-9.]{1,64}$`)
	credentialForm = regexp.MustCompile(`^(application_default|[a-zA-Z0-9_\-.]+)$`)
)

var sources = map[string]*regexp.Regexp{keyBytes: nil, keyGCS: gcsForm, keyURL: urlForm, keyWeb: webForm}

// checkMedSigLIP refuses what instance.yaml does.
func (d *document) checkMedSigLIP(raw json.RawMessage) error {
	m := object(raw)
	image, text0 := m[keyImage], m[keyText]
	switch {
	case m == nil:
		return errors.New("not an object")
	case len(m) != 1 || image == nil && text0 == nil:
		return errors.New("want exactly one field, image or text")
	case image == nil:
		if _, ok := d.text(text0); !ok {
			return errors.New("text is not a string")
		}
		return nil
	}
	film := object(image)
	if film == nil {
		return errors.New("image is not an object")
	}
	found := 0
	for name, value := range film {
		form, isSource := sources[name]
		if isSource {
			found++
			s, ok := d.bytes(value)
			if !ok || form != nil && !form.Match(s) {
				return fmt.Errorf("image.%s is not of the form that it must have", name)
			}
			continue
		}
		if err := d.checkOption(name, value); err != nil {
			return err
		}
	}
	switch {
	case found != 1:
		return fmt.Errorf("image has %d of input_bytes, gcs_uri, image_url, dicomweb_uri, want exactly one", found)
	case film[keyBytes] != nil && film[keyCredential] != nil:
		return errors.New("image.access_credential does not go with input_bytes")
	}
	return nil
}

// checkOption checks a field of an image that is no source.
func (d *document) checkOption(name string, value json.RawMessage) error {
	ok := false
	switch name {
	case keyCredential:
		s, isText := d.text(value)
		ok = isText && credentialForm.MatchString(s)
	case keyWindow:
		_, ok = windowOf(value)
	case keyPatches:
		var list []json.RawMessage
		ok = json.Unmarshal(value, &list) == nil && list != nil
	case keyPyramid, keyExtensions:
		ok = object(value) != nil
	default:
		return errors.New("image has an unknown field")
	}
	if !ok {
		return fmt.Errorf("image.%s is not of the form that it must have", name)
	}
	return nil
}

func windowOf(raw json.RawMessage) (*window, bool) {
	m := object(raw)
	w := &window{}
	if len(m) != 2 || !integer(m["center"], &w.center) || !integer(m["width"], &w.width) || w.width < 1 {
		return nil, false
	}
	return w, true
}

func integer(raw json.RawMessage, to *int) bool {
	return len(raw) > 0 && string(raw) != "null" && json.Unmarshal(raw, to) == nil
}

// parseMedSigLIP reads an instance that checkMedSigLIP has passed.
func (d *document) parseMedSigLIP(raw json.RawMessage) *task {
	m := object(raw)
	if words, ok := d.text(m[keyText]); ok {
		return &task{text: &words}
	}
	film := object(m[keyImage])
	t := &task{}
	for _, name := range []string{keyPatches, keyPyramid, keyExtensions} {
		if v, ok := film[name]; ok && len(bytes.Trim(v, " \t\r\n[]{}")) > 0 {
			t.failed = refused(codeField, "%s is not supported by this server", name)
			return t
		}
	}
	t.window, _ = windowOf(film[keyWindow])
	for name := range sources {
		value, ok := d.bytes(film[name])
		switch {
		case !ok:
		case name == keyBytes:
			t.film = make([]byte, base64.StdEncoding.DecodedLen(len(value)))
			n, err := base64.StdEncoding.Strict().Decode(t.film, value)
			if err != nil || bytes.ContainsAny(value, "\r\n") {
				t.film, t.failed = nil, refused(codeField, "input_bytes is not base64")
				return t
			}
			t.film = t.film[:n]
		default:
			t.source = &source{kind: name, uri: string(value)}
			t.source.token, _ = d.text(film[keyCredential])
		}
	}
	return t
}
