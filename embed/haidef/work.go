package haidef

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
)

// work makes the embeddings of tasks. An error is of them all.
func (h *Handler) work(ctx context.Context, tasks []*task) error {
	var group sync.WaitGroup
	panicked := make([]any, len(tasks))
	for i, t := range tasks {
		if t.failed != nil || t.kind != "film" {
			continue
		}
		group.Go(func() {
			defer func() { panicked[i] = recover() }()
			h.load(ctx, t)
		})
	}
	group.Wait()
	for _, p := range panicked {
		if p != nil {
			panic(p) // where it is caught
		}
	}
	films := func(t *task) bool { return t.image != nil }
	err := h.each(ctx, tasks, films, h.films, func(t *task) **cxr.Embedding { return &t.general })
	if err == nil && h.o.Schema == CXRFoundation && h.o.Contrastive != nil && h.o.Contrastive != h.films {
		err = h.each(ctx, tasks, films, h.o.Contrastive, func(t *task) **cxr.Embedding { return &t.contrastive })
	}
	if err == nil {
		err = h.texts(ctx, tasks)
	}
	return err
}

// load makes the film of a task.
func (h *Handler) load(ctx context.Context, t *task) {
	read := h.read
	if t.window != nil {
		if h.o.Windowed == nil {
			t.failed = refused(codeField, "%s is not supported by this server", keyWindow)
			return
		}
		read = h.o.Windowed(t.window.center, t.window.width)
	}
	if t.source != nil {
		if t.film, t.failed = h.fetch.get(ctx, t.source); t.failed != nil {
			return
		}
	}
	image, err := read(bytes.NewReader(t.film))
	if err != nil {
		code := codeBytes
		if len(t.film) >= 132 && string(t.film[128:132]) == "DICM" {
			code = codeDICOM
		}
		t.failed = refused(code, "the film cannot be read: %s", reason(err))
	}
	t.image, t.film = image, nil
}

// reasons are what is told of an error: its kind, and nothing of the film.
var reasons = []error{cxr.ErrNotFrontal, cxr.ErrNotChest, cxr.ErrBurnedIn, cxr.ErrColor, cxr.ErrMultiFrame, cxr.ErrModality, cxr.ErrBodyPart,
	cxr.ErrTooLarge, cxr.ErrTruncated, cxr.ErrUnsupported, cxr.ErrCorrupt, cxr.ErrImage, cxr.ErrEmbedding, cxr.ErrMismatch}

func reason(err error) string {
	for _, r := range reasons {
		if errors.Is(err, r) {
			return r.Error()
		}
	}
	return "internal error"
}

// each embeds the films of those tasks that have one and puts the embeddings where
// they belong.
func (h *Handler) each(ctx context.Context, tasks []*task, wanted func(*task) bool, e embed.Embedder, place func(*task) **cxr.Embedding) error {
	var images []*cxr.Image
	var of []*task
	for _, t := range tasks {
		if t.failed == nil && wanted(t) {
			images, of = append(images, t.image), append(of, t)
		}
	}
	if len(images) == 0 {
		return nil
	}
	results, err := e.Embed(ctx, images...)
	return deal(results, err, of, place)
}

// texts likewise.
func (h *Handler) texts(ctx context.Context, tasks []*task) error {
	var texts []string
	var of []*task
	for _, t := range tasks {
		switch {
		case t.failed != nil || t.text == nil:
		case h.o.Texts == nil:
			t.failed = refused(codeField, "the model of this server takes no texts")
		default:
			texts, of = append(texts, *t.text), append(of, t)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	results, err := h.o.Texts.EmbedText(ctx, texts...)
	return deal(results, err, of, func(t *task) **cxr.Embedding { return &t.phrases })
}

func deal(results []*cxr.Embedding, err error, of []*task, place func(*task) **cxr.Embedding) error {
	var batch *embed.BatchError
	if err != nil && (!errors.As(err, &batch) || len(batch.Errors) != len(of)) {
		return err
	}
	if len(results) != len(of) {
		return fmt.Errorf("%w: %d results for %d", cxr.ErrEmbedding, len(results), len(of))
	}
	for i, t := range of {
		var failed error
		if batch != nil {
			failed = batch.Errors[i]
		}
		if failed == nil {
			failed = results[i].Validate()
		}
		if failed != nil {
			t.failed = refused(codeInternal, "the model refuses this instance: %s", reason(failed))
			continue
		}
		*place(t) = results[i]
	}
	return nil
}

// write is a task's prediction.
func (h *Handler) write(out *bytes.Buffer, t *task) {
	if t.failed != nil {
		h.writeFailure(out, t.failed)
		return
	}
	var fields []func()
	name := func(key string) { fmt.Fprintf(out, "%q:", key) }
	rows := func(key string, e *cxr.Embedding) {
		if e != nil {
			fields = append(fields, func() { name(key); writeRows(out, e) })
		}
	}
	list := func(key string, e *cxr.Embedding) {
		if e != nil {
			fields = append(fields, func() { name(key); writeList(out, e.Values) })
		}
	}
	if h.o.Schema == MedSigLIP {
		kind := "image"
		if list(keyEmbedding, t.general); t.general == nil {
			kind = "text"
			list(keyEmbedding, t.phrases)
		}
		fields = append(fields, func() {
			fmt.Fprintf(out, `"%s":"%s","%s":%s,"%s":%s`, keyType, kind, keyTemperature, number(h.o.Temperature), keyBias, number(h.o.Bias))
		})
	} else {
		if t.contrastive == nil && h.o.Contrastive == h.films {
			t.contrastive = t.general
		}
		rows(keyGeneral, t.general)
		rows(keyContrastive, t.contrastive)
		list(keyPhrase, t.phrases)
	}
	out.WriteByte('{')
	for i, field := range fields {
		if i > 0 {
			out.WriteByte(',')
		}
		field()
	}
	out.WriteByte('}')
}

// longestDescription is that of prediction.yaml.
const longestDescription = 1024

func (h *Handler) writeFailure(out *bytes.Buffer, f *failure) {
	object := map[string]string{"description": f.description}
	if h.o.Schema == MedSigLIP {
		object["code"] = f.code
	} else if f.description != cxrInternal && !bytes.HasPrefix([]byte(f.description), []byte(cxrReason)) {
		object["description"] = cxrReason + f.description
	}
	if d := object["description"]; len(d) > longestDescription {
		object["description"] = d[:longestDescription]
	}
	b, _ := json.Marshal(map[string]any{keyError: object})
	out.Write(b)
}

func writeRows(out *bytes.Buffer, e *cxr.Embedding) {
	out.WriteByte('[')
	for i := range e.Tokens {
		if i > 0 {
			out.WriteByte(',')
		}
		writeList(out, e.Token(i))
	}
	out.WriteByte(']')
}

// writeList writes numbers in the fewest digits that give the same float32.
func writeList(out *bytes.Buffer, values []float32) {
	b := append(out.AvailableBuffer(), '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(v), 'g', -1, 32)
	}
	out.Write(append(b, ']'))
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// finite is an error for NaN and the infinities.
func finite(v float64) error {
	if v-v != 0 {
		return cxr.ErrEmbedding
	}
	return nil
}
