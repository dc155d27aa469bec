package tokens

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sentencePiece(t testing.TB, canonical bool) *SentencePiece {
	t.Helper()
	s, err := NewSentencePiece(read(t, "spiece.model"), canonical)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bytePairs(t testing.TB) *BytePairs {
	t.Helper()
	b, err := NewBytePairs(read(t, "vocab.json"), read(t, "merges.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The ids are those of transformers and of sentencepiece (testdata/tokens.py).
func TestIDsEqualPython(t *testing.T) {
	var tests []struct {
		Text                                  string
		Siglip, Plain, Clip, Siglip16, Clip16 []int
	}
	if err := json.Unmarshal(read(t, "tokens.json"), &tests); err != nil {
		t.Fatal(err)
	}
	siglip, plain, clip := sentencePiece(t, true), sentencePiece(t, false), bytePairs(t)
	padded := func(ids []int, pad int) []int {
		for len(ids) < 16 {
			ids = append(ids, pad)
		}
		return ids
	}
	for _, test := range tests {
		for name, pair := range map[string][2][]int{
			"SigLIP":             {siglip.Encode(test.Text, 1000), test.Siglip},
			"SentencePiece":      {plain.Encode(test.Text, 1000), test.Plain},
			"CLIP":               {clip.Encode(test.Text, 1000), test.Clip},
			"SigLIP's 16 tokens": {padded(siglip.Encode(test.Text, 16), siglip.Pad()), test.Siglip16},
			"CLIP's 16 tokens":   {padded(clip.Encode(test.Text, 16), clip.Pad()), test.Clip16},
		} {
			if !slices.Equal(pair[0], pair[1]) {
				t.Errorf("%s of %q: %v, want %v", name, test.Text, pair[0], pair[1])
			}
		}
	}
	if len(tests) < 16 {
		t.Errorf("%d texts", len(tests))
	}
}

func TestVocabulariesAreRefused(t *testing.T) {
	model := read(t, "spiece.model")
	for want, err := range map[string]error{
		"SentencePiece model: unexpected EOF": second(NewSentencePiece(model[:len(model)-3], false)),
		"without an unknown piece":            second(NewSentencePiece(nil, false)),
		"line 1 is no pair":                   second(NewBytePairs([]byte(`{}`), []byte("a b c\n"))),
		"vocabulary without <|":               second(NewBytePairs([]byte(`{}`), nil)),
		"vocabulary: unexpected end":          second(NewBytePairs([]byte(`{`), nil)),
		"vocabulary without [":                second(NewWordPiece(strings.NewReader("a\n"))),
		"model of type BPE":                   second(NewSentencePiece([]byte{0x12, 2, 0x18, 2}, false)),
		`SentencePiece normalization "own"`:   second(NewSentencePiece([]byte{0x1a, 5, 0x0a, 3, 'o', 'w', 'n'}, false)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func FuzzEncode(f *testing.F) {
	for _, s := range []string{"small pleural effusion", "\xff\xfe", "é̀ ½", strings.Repeat("a", 5000)} {
		f.Add(s, 16)
	}
	siglip, clip := sentencePiece(f, true), bytePairs(f)
	words, err := NewWordPiece(strings.NewReader("[PAD]\n[UNK]\n[CLS]\n[SEP]\nlung\n##s\n"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, longest int) {
		longest = max(2, min(longest, 1<<12))
		for _, tokenizer := range []Tokenizer{siglip, clip, words} {
			ids := tokenizer.Encode(text, longest)
			if len(ids) > longest || len(ids) == 0 {
				t.Fatalf("%d ids", len(ids))
			}
			for _, id := range ids {
				if id < 0 || id >= tokenizer.Size() {
					t.Fatalf("id %d of %d", id, tokenizer.Size())
				}
			}
		}
	})
}

func FuzzSentencePiece(f *testing.F) {
	f.Add(read(f, "spiece.model"))
	f.Add([]byte{0x12, 2, 0x18, 2})
	f.Fuzz(func(t *testing.T, model []byte) {
		if s, err := NewSentencePiece(model, true); err == nil {
			s.Encode("no pleural effusion", 16)
		}
	})
}
