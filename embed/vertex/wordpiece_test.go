package vertex_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/embed/vertex"
)

// vocabulary has some tokens of BERT base uncased at their published ids.
func vocabulary(t testing.TB) *vertex.WordPiece {
	t.Helper()
	known := map[int]string{100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 999: "!", 1010: ",", 1996: "the", 2015: "##s", 2088: "world", 4667: "##ding", 7592: "hello", 7861: "em", 8270: "##bed"}
	var b strings.Builder
	for i := range 8271 {
		name := known[i]
		if name == "" {
			name = fmt.Sprintf("[unused%d]", i)
		}
		fmt.Fprintln(&b, name)
	}
	w, err := vertex.NewWordPiece(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWordPiece(t *testing.T) {
	w := vocabulary(t)
	for text, want := range map[string][]int{
		"":                       {101, 102},
		"Hello, World!":          {101, 7592, 1010, 2088, 999, 102},
		"hello\tworld":           {101, 7592, 2088, 102},
		"the embeddings":         {101, 1996, 7861, 8270, 4667, 2015, 102},
		"H\u00e9llo":             {101, 7592, 102},
		"xyz the":                {101, 100, 1996, 102},
		strings.Repeat("s", 101): {101, 100, 102},
		"hello\u0000\u200bworld": {101, 100, 102},
	} {
		if got := w.Encode(text, 128); !slices.Equal(got, want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
	if got := w.Encode(strings.Repeat("the ", 500), 128); len(got) != 128 || got[127] != 102 || got[126] != 1996 {
		t.Errorf("%d tokens, the last is %d", len(got), got[len(got)-1])
	}
	if _, err := vertex.NewWordPiece(strings.NewReader("a\nb\n")); err == nil {
		t.Error("a vocabulary without [CLS] was taken")
	}
}
