package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local"
)

// A text tower and its tokenizer in a folder, as an export leaves them.
func ExampleOpenText() {
	model, err := local.OpenText("testdata/zeroshot/siglip", nil)
	if err != nil {
		panic(err)
	}
	about := model.Description()
	fmt.Println(model.Space().Dim, "values of texts of", about.Length, "tokens")
	texts, err := model.EmbedText(context.Background(), "small left pleural effusion", "no effusion")
	if err != nil {
		panic(err)
	}
	fmt.Println(len(texts), "texts, the first of", len(texts[0].Values), "values")
	// Output:
	// 16 values of texts of 16 tokens
	// 2 texts, the first of 16 values
}

// folder is a copy of a folder of testdata/zeroshot.
func folder(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS("testdata/zeroshot/"+name)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOpenTextRefuses(t *testing.T) {
	for want, test := range map[string]struct {
		model string
		files map[string]string // empty: removed
	}{
		"no vocab.txt, no spiece.model":            {"siglip", map[string]string{"spiece.model": ""}},
		`tokenizer_class "GemmaTokenizer"`:         {"siglip", map[string]string{"tokenizer_config.json": `{"tokenizer_class": "GemmaTokenizer"}`}},
		`field "add_eos_token"`:                    {"siglip", map[string]string{"tokenizer_config.json": `{"tokenizer_class": "SiglipTokenizer", "add_eos_token": false}`}},
		`field "do_lower_case" of false`:           {"bert", map[string]string{"tokenizer_config.json": `{"do_lower_case": false}`}},
		"vocabulary without [":                     {"bert", map[string]string{"vocab.txt": "a\nb\n"}},
		"SentencePiece model":                      {"siglip", map[string]string{"spiece.model": "hello"}},
		"want one ONNX file":                       {"bert", map[string]string{"model.onnx": ""}},
		`unknown field "lenght"`:                   {"siglip", map[string]string{"text_model.onnx.json": `{"lenght": 5}`}},
		"model for texts of 16 tokens, not 64":     {"siglip", map[string]string{"text_model.onnx.json": `{"length": 64}`}},
		`texts pooled by "mean"`:                   {"bert", map[string]string{"model.onnx.json": `{"pool": "mean"}`}},
		"reference 1 of 2 values":                  {"clip", map[string]string{"text_model.onnx.json": `{"references": [{"text": "a", "values": [1, 2]}]}`}},
		"another vocabulary, tokenizer, length, o": {"clip", map[string]string{"text_model.onnx.json": `{"references": [{"text": "a", "values": [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8]}]}`}},
		`want integers of 1 x length`:              {"siglip", map[string]string{"text_model.onnx": "vision"}},
	} {
		dir := folder(t, test.model)
		for name, text := range test.files {
			path := filepath.Join(dir, name)
			data := []byte(text)
			switch text {
			case "":
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				continue
			case "vision":
				var err error
				if data, err = os.ReadFile(filepath.Join(dir, "vision_model.onnx")); err != nil {
					t.Fatal(err)
				}
				os.Remove(path + ".json")
			}
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := local.OpenText(dir, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A wrong vocabulary is what references of texts are for.
func TestTextReferencesTellAnotherVocabulary(t *testing.T) {
	dir := folder(t, "clip")
	var ids map[string]int
	text, err := os.ReadFile(filepath.Join(dir, "vocab.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &ids); err != nil {
		t.Fatal(err)
	}
	ids["s"], ids["e"] = ids["e"], ids["s"]
	ids["small</w>"], ids["left</w>"] = ids["left</w>"], ids["small</w>"]
	if text, err = json.Marshal(ids); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "vocab.json"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := local.OpenText(dir, nil); !errors.Is(err, cxr.ErrMismatch) || !strings.Contains(err.Error(), "another vocabulary") {
		t.Errorf("error %v", err)
	}
}

func TestEmbedTextContract(t *testing.T) {
	e, err := local.OpenText("testdata/zeroshot/bert", nil)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := e.EmbedText(t.Context(), strings.Repeat("effusion ", 1<<14), "no effusion")
	if err == nil || texts[0] != nil || texts[1] == nil || !errors.Is(err, cxr.ErrTooLarge) {
		t.Errorf("a long text: %v, error %v", texts, err)
	}
	if none, err := e.EmbedText(t.Context()); err != nil || len(none) != 0 {
		t.Errorf("no texts: %v, error %v", none, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.EmbedText(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
	again, err := e.EmbedText(t.Context(), "no effusion")
	if err != nil || again[0].Values[3] != texts[1].Values[3] || again[0].Space != e.Space() || again[0].Validate() != nil {
		t.Errorf("%v, error %v", again, err)
	}
	other, err := local.OpenText(folder(t, "siglip"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if other.Space().Digest == e.Space().Digest {
		t.Error("two models have one digest")
	}
}
