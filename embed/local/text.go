package local

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/internal/network"
	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/tokens"
)

// A TextDescription describes a text model, as JSON with these names in a file
// beside it, of the model's name with ".json" after it. All of it may be left out.
type TextDescription struct {
	Name       string          `json:"name,omitempty"`
	Length     int             `json:"length,omitempty"` // in tokens, where the model leaves it open
	Output     string          `json:"output,omitempty"` // tensor that is the embedding; empty: the model's first output
	Pool       Pool            `json:"pool,omitempty"`   // of its tokens: the first, or none
	Scale      float64         `json:"scale,omitempty"`  // of cosines before a probability: exp of the model's logit_scale
	Bias       float64         `json:"bias,omitempty"`   // added to them: its logit_bias
	References []TextReference `json:"references,omitempty"`
	Tolerance  float64         `json:"tolerance,omitempty"` // as Preprocess.Tolerance
}

// A TextReference is a text and its embedding as another program computed it.
type TextReference struct {
	Text   string    `json:"text"`
	Values []float32 `json:"values"`
}

// TextOptions control how a text model is opened. Nil means the zero value.
type TextOptions struct {
	Description *TextDescription // instead of the one beside the model
	Parallel    int              // texts embedded at once; 0: as many as processors allow
	Threads     int              // goroutines that work together on one text; 0: one
}

// A TextEmbedder is an opened text model with its tokenizer. It implements
// [embed.TextEmbedder] and is safe for concurrent use.
type TextEmbedder struct {
	engine
	about     TextDescription
	tokenizer tokens.Tokenizer
	space     cxr.Space
	inputs    []textInput
}

var _ embed.TextEmbedder = (*TextEmbedder)(nil)

// A textInput is what an input of a text model takes.
type textInput int

const (
	inputIDs   textInput = iota // of the tokens
	inputMask                   // 1 for each token, 0 for what fills up
	inputTypes                  // 0: of the first text
)

// longestText is in bytes.
const longestText = 1 << 16

// OpenText opens the text model in a folder as exports leave it: text_model.onnx,
// model.onnx or the only ONNX file, in the folder or in "onnx" in it; beside it
// the tokenizer: vocab.txt (BERT's WordPiece, uncased), spiece.model (SentencePiece's
// unigram model: with the texts of SigLIP, unless tokenizer_config.json says T5),
// or vocab.json and merges.txt (CLIP's byte pairs). tokenizer_config.json and
// the description (see [TextDescription]) are read if they are there. What
// a tokenizer's configuration says and is not known here is refused by name.
//
// Texts are cut to the model's length, and filled up to it.
func OpenText(dir string, o *TextOptions) (*TextEmbedder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if o == nil {
		o = &TextOptions{}
	}
	e, err := openText(root.FS(), filepath.Base(absolute), o)
	if err != nil {
		return nil, fmt.Errorf("local: %s: %w", filepath.Base(absolute), err)
	}
	return e, nil
}

func openText(fsys fs.FS, name string, o *TextOptions) (_ *TextEmbedder, err error) {
	defer func() { // as in load
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v: %w", r, cxr.ErrUnsupported)
		}
	}()
	file, err := modelFile(fsys, []string{"text_model.onnx", "model.onnx"}, "vision")
	if err != nil {
		return nil, err
	}
	e := &TextEmbedder{}
	if e.about, err = textDescription(fsys, file, o); err != nil {
		return nil, err
	}
	digest := newDigest()
	defer digest.end()
	tokenizer, longest, err := readTokenizer(fsys, digest)
	if err != nil {
		return nil, err
	}
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := sourceOf(f)
	if err != nil {
		return nil, err
	}
	m, err := src.parse(digest, newWeights(fsys, path.Dir(file), digest))
	if err != nil {
		return nil, err
	}
	e.tokenizer = tokenizer
	if err := e.fit(m, longest); err != nil {
		return nil, err
	}
	threads := min(max(o.Threads, 1), maxThreads)
	program, err := network.Compile(m, network.Options{Text: e.about.Length, Output: e.about.Output, Threads: threads})
	if err != nil {
		return nil, err
	}
	count, dim, err := embeddingShape(program, e.about.Pool)
	if err != nil {
		return nil, err
	}
	if e.about.Name == "" {
		e.about.Name = name
	}
	e.space = cxr.Space{Model: e.about.Name, Digest: textIdentity(digest, e.about), Tokens: count, Dim: dim}
	if err := e.engine.open(program, o.Parallel, threads); err != nil {
		return nil, err
	}
	return e, e.check()
}

func textDescription(fsys fs.FS, file string, o *TextOptions) (d TextDescription, err error) {
	if o.Description != nil {
		d = *o.Description
	} else {
		text, err := readOptional(fsys, file+".json")
		if err != nil {
			return d, err
		}
		if text != nil {
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&d); err != nil {
				return d, fmt.Errorf("description: %w", err)
			}
		}
	}
	switch {
	case d.Length < 0 || d.Length > largestSide:
		return d, fmt.Errorf("%w: texts of %d tokens", cxr.ErrUnsupported, d.Length)
	case d.Pool != PoolNone && d.Pool != PoolCLS: // the mean would be over what fills up too
		return d, fmt.Errorf(`%w: texts pooled by %q, want "cls" or none`, cxr.ErrUnsupported, d.Pool)
	case !(d.Scale >= 0) || math.IsInf(d.Scale, 0) || d.Bias-d.Bias != 0:
		return d, fmt.Errorf("%w: scale %v and bias %v", cxr.ErrUnsupported, d.Scale, d.Bias)
	case !(d.Tolerance >= 0 && d.Tolerance < 1):
		return d, fmt.Errorf("%w: tolerance of %v of the spread, want 0 to 1", cxr.ErrUnsupported, d.Tolerance)
	}
	return d, nil
}

// textIdentity is identity of a text model.
func textIdentity(digest hash.Hash, d TextDescription) string {
	fmt.Fprintln(digest, d.Length, d.Output, int(d.Pool))
	return hex.EncodeToString(digest.Sum(nil))
}

// fit finds what the model's inputs take, and the length of its texts.
func (e *TextEmbedder) fit(m *onnx.Model, longest int) error {
	fixed := 0
	for i, v := range m.Inputs {
		name := strings.ToLower(v.Name)
		switch {
		case len(m.Inputs) == 1:
			e.inputs = append(e.inputs, inputIDs)
		case strings.Contains(name, "mask"):
			e.inputs = append(e.inputs, inputMask)
		case strings.Contains(name, "type"):
			e.inputs = append(e.inputs, inputTypes)
		case name == "input_ids" || name == "ids":
			e.inputs = append(e.inputs, inputIDs)
		default:
			return fmt.Errorf("%w: input %q of a text model, want input_ids, attention_mask or token_type_ids", cxr.ErrUnsupported, v.Name)
		}
		if len(v.Shape) == 2 && v.Shape[1] > 0 {
			fixed = m.Inputs[i].Shape[1]
		}
	}
	switch {
	case fixed > 0 && e.about.Length > 0 && fixed != e.about.Length:
		return fmt.Errorf("%w: model for texts of %d tokens, not %d", cxr.ErrMismatch, fixed, e.about.Length)
	case fixed > 0:
		e.about.Length = fixed
	case e.about.Length == 0:
		e.about.Length = longest
	}
	if e.about.Length < 2 || e.about.Length > largestSide {
		return fmt.Errorf("%w: the length of texts in tokens must be given where the model leaves it open", cxr.ErrUnsupported)
	}
	return nil
}

// Space is that of the embeddings. Its digest is of weights and vocabulary.
func (e *TextEmbedder) Space() cxr.Space { return e.space }

// Description is the model's, with its length and name filled in.
func (e *TextEmbedder) Description() TextDescription { return e.about }

// EmbedText implements [embed.TextEmbedder]. A text longer than 64 KiB is refused.
func (e *TextEmbedder) EmbedText(ctx context.Context, texts ...string) ([]*cxr.Embedding, error) {
	out, errs, failed := make([]*cxr.Embedding, len(texts)), make([]error, len(texts)), false
	for i, text := range texts {
		values, err := e.values(ctx, text)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("local: %w", ctx.Err())
		}
		v := &cxr.Embedding{Space: e.space, Values: values}
		if err == nil {
			err = v.Validate()
		}
		if errs[i] = err; err != nil {
			failed = true
			continue
		}
		out[i] = v
	}
	if failed {
		return out, &embed.BatchError{Errors: errs}
	}
	return out, nil
}

func (e *TextEmbedder) values(ctx context.Context, text string) (values []float32, err error) {
	if len(text) > longestText {
		return nil, fmt.Errorf("%w: text of %d bytes", cxr.ErrTooLarge, len(text))
	}
	ids := e.tokenizer.Encode(text, e.about.Length)
	err = e.run(ctx, func(dst []float32) error {
		for k, input := range e.inputs {
			row := dst[k*e.about.Length:][:e.about.Length]
			clear(row)
			for i := range row {
				switch {
				case input == inputIDs && i < len(ids):
					row[i] = float32(ids[i])
				case input == inputIDs:
					row[i] = float32(e.tokenizer.Pad())
				case input == inputMask && i < len(ids):
					row[i] = 1
				}
			}
		}
		return nil
	}, func(src []float32) { values = e.tokens(src, e.about.Pool) })
	return values, err
}

// check compares with the description's references.
func (e *TextEmbedder) check() error {
	limit := e.about.Tolerance
	if limit == 0 {
		limit = usualTolerance
	}
	for i, r := range e.about.References {
		got, err := e.values(context.Background(), r.Text)
		if err != nil {
			return err
		}
		if len(got) != len(r.Values) || len(got) == 0 || spread(r.Values) == 0 {
			return fmt.Errorf("%w: reference %d of %d values for an embedding of %d x %d", cxr.ErrMismatch, i+1, len(r.Values), e.space.Tokens, e.space.Dim)
		}
		unit := spread(r.Values)
		for j, want := range r.Values {
			if d := math.Abs(float64(got[j])-float64(want)) / unit; !(d <= limit) {
				return fmt.Errorf("%w: reference %d differs by %.2g of its spread, want at most %.2g: another vocabulary, tokenizer, length, output or other weights", cxr.ErrMismatch, i+1, d, limit)
			}
		}
	}
	return nil
}
