package tokens

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cxrkit/cxrkit/cxr"
)

// A WordPiece is BERT's uncased tokenizer.
type WordPiece struct {
	ids                    map[string]int
	cls, sep, unknown, pad int
	size                   int
}

const longestWord = 100 // of longer words BERT makes [UNK]

// NewWordPiece reads a vocabulary, a token a line; its id is the number of the
// line, from 0. CXR Foundation's is that of BERT base uncased.
func NewWordPiece(vocabulary io.Reader) (*WordPiece, error) {
	w := &WordPiece{ids: map[string]int{}}
	lines := bufio.NewScanner(vocabulary)
	for n := 0; lines.Scan(); n++ {
		if n >= maxTokens {
			return nil, fmt.Errorf("%w: vocabulary of more than %d tokens", cxr.ErrTooLarge, maxTokens)
		}
		w.ids[strings.TrimRight(lines.Text(), "\r")] = n
		w.size = n + 1
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("vocabulary: %w", err)
	}
	for name, id := range map[string]*int{"[CLS]": &w.cls, "[SEP]": &w.sep, "[UNK]": &w.unknown} {
		var ok bool
		if *id, ok = w.ids[name]; !ok {
			return nil, fmt.Errorf("%w: vocabulary without %s", cxr.ErrUnsupported, name)
		}
	}
	w.pad = w.ids["[PAD]"] // 0 without
	return w, nil
}

// Pad implements [Tokenizer].
func (w *WordPiece) Pad() int { return w.pad }

// End is the id of [SEP].
func (w *WordPiece) End() int { return w.sep }

// Size implements [Tokenizer].
func (w *WordPiece) Size() int { return w.size }

// Encode implements [Tokenizer]: the ids of a text between [CLS] and [SEP], at most so many (at least
// 2): words beyond are cut off.
func (w *WordPiece) Encode(text string, longest int) []int {
	ids := []int{w.cls}
	for _, word := range split(text) {
		ids = append(ids, w.pieces(word)...)
		if len(ids) >= longest {
			break
		}
	}
	return append(ids[:min(len(ids), longest-1)], w.sep)
}

// pieces takes the longest token that a word begins with, again and again.
func (w *WordPiece) pieces(word []rune) (ids []int) {
	if len(word) > longestWord {
		return []int{w.unknown}
	}
	for start := 0; start < len(word); {
		end, id := len(word), -1
		for ; end > start; end-- {
			piece := string(word[start:end])
			if start > 0 {
				piece = "##" + piece
			}
			if v, ok := w.ids[piece]; ok {
				id = v
				break
			}
		}
		if id < 0 {
			return []int{w.unknown}
		}
		ids, start = append(ids, id), end
	}
	return ids
}

// split makes words of a text: lower case, without accents, punctuation and
// Chinese characters apart.
func split(text string) (words [][]rune) {
	var word []rune
	end := func() {
		if len(word) > 0 {
			words, word = append(words, word), nil
		}
	}
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.IsSpace(r):
			end()
		case r == 0 || r == 0xfffd || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn):
		case punctuation(r) || unicode.Is(unicode.Han, r):
			end()
			words = append(words, []rune{r})
		default:
			word = append(word, r)
		}
	}
	end()
	return words
}

// punctuation is what BERT takes for it: all of ASCII that is neither letter nor
// digit too.
func punctuation(r rune) bool {
	return r > ' ' && r < 0x7f && !unicode.IsLetter(r) && !unicode.IsDigit(r) || unicode.IsPunct(r)
}
