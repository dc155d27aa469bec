package local

import (
	"bytes"
	"fmt"
	"hash"
	"io/fs"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/tokens"
)

// readTokenizer reads the tokenizer beside a text model, and how long its texts
// may be, 0 if that is not told. What decides the ids goes into the digest.
func readTokenizer(fsys fs.FS, digest hash.Hash) (t tokens.Tokenizer, longest int, err error) {
	files := map[string][]byte{}
	for _, name := range []string{"vocab.txt", "spiece.model", "sentencepiece.model", "tokenizer.model", "vocab.json", "merges.txt", "tokenizer_config.json"} {
		if files[name], err = readOptional(fsys, name); err != nil {
			return nil, 0, err
		}
	}
	class, longest, err := readTokenizerConfig(files["tokenizer_config.json"])
	if err != nil {
		return nil, 0, fmt.Errorf("tokenizer_config.json: %w", err)
	}
	wants := func(classes ...string) error {
		for _, c := range append(classes, "") {
			if class == c {
				return nil
			}
		}
		return fmt.Errorf("%w: tokenizer_class %q with these files, want %s", cxr.ErrUnsupported, class, strings.Join(classes, " or "))
	}
	pieces := files["spiece.model"]
	for _, name := range []string{"sentencepiece.model", "tokenizer.model"} {
		if pieces == nil {
			pieces = files[name]
		}
	}
	switch {
	case pieces != nil:
		if err := wants("SiglipTokenizer", "T5Tokenizer"); err != nil {
			return nil, 0, err
		}
		canonical := class != "T5Tokenizer"
		fmt.Fprintln(digest, "SentencePiece", canonical)
		digest.Write(pieces)
		t, err = tokens.NewSentencePiece(pieces, canonical)
	case files["vocab.txt"] != nil:
		if err := wants("BertTokenizer", "CXRBertTokenizer"); err != nil {
			return nil, 0, err
		}
		fmt.Fprintln(digest, "WordPiece")
		digest.Write(files["vocab.txt"])
		t, err = tokens.NewWordPiece(bytes.NewReader(files["vocab.txt"]))
	case files["vocab.json"] != nil && files["merges.txt"] != nil:
		if err := wants("CLIPTokenizer"); err != nil {
			return nil, 0, err
		}
		fmt.Fprintln(digest, "byte pairs")
		digest.Write(files["vocab.json"])
		digest.Write(files["merges.txt"])
		t, err = tokens.NewBytePairs(files["vocab.json"], files["merges.txt"])
	default:
		return nil, 0, fmt.Errorf("%w: no vocab.txt, no spiece.model, and no vocab.json with merges.txt; a tokenizer.json alone is not read", cxr.ErrUnsupported)
	}
	return t, longest, err
}

// readTokenizerConfig reads tokenizer_config.json of transformers: which tokenizer
// it is. It refuses what changes the ids and is not the tokenizer's usual way.
func readTokenizerConfig(text []byte) (class string, longest int, err error) {
	if text == nil {
		return "", 0, nil
	}
	f, err := newFields(text)
	if err != nil {
		return "", 0, err
	}
	if _, err := f.take("tokenizer_class", &class); err != nil {
		return "", 0, err
	}
	var most float64 // 1e30 where it is open
	if _, err := f.take("model_max_length", &most); err != nil {
		return "", 0, err
	}
	if most >= 2 && most <= 1024 {
		longest = int(most)
	}
	usual := map[string]bool{"do_lower_case": true, "tokenize_chinese_chars": true, "do_basic_tokenize": true, "clean_up_tokenization_spaces": false, "split_special_tokens": false, "legacy": false, "keep_accents": false}
	for name, want := range usual {
		value, err := f.truth(name, want)
		if err != nil {
			return "", 0, err
		}
		if value != want && name != "clean_up_tokenization_spaces" && name != "legacy" { // of decoding, and of later texts
			return "", 0, fmt.Errorf("%w: field %q of %v", cxr.ErrUnsupported, name, value)
		}
	}
	for name, text := range f {
		if s := strings.TrimSpace(string(text)); s == "null" || s == "[]" || s == "{}" {
			delete(f, name) // says nothing
		}
	}
	// Names of tokens that the files have, and what is not about ids.
	f.drop("added_tokens_decoder", "unk_token", "eos_token", "bos_token", "pad_token", "sep_token", "cls_token", "mask_token", "processor_class", "name_or_path",
		"special_tokens_map_file", "tokenizer_file", "model_input_names", "errors", "add_prefix_space", "backend", "is_local", "padding_side", "never_split")
	return strings.TrimSuffix(class, "Fast"), longest, f.refuse()
}
