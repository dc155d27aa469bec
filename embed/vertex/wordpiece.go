package vertex

import (
	"fmt"
	"io"

	tokenizers "github.com/cxrkit/cxrkit/internal/tokens"
)

// A WordPiece is BERT's uncased tokenizer over a vocabulary. It is immutable.
type WordPiece struct{ tokenizer *tokenizers.WordPiece }

// NewWordPiece reads a vocabulary, a token a line; its id is the number of the
// line, from 0. CXR Foundation's is that of BERT base uncased.
func NewWordPiece(vocabulary io.Reader) (*WordPiece, error) {
	t, err := tokenizers.NewWordPiece(vocabulary)
	if err != nil {
		return nil, fmt.Errorf("vertex: %w", err)
	}
	return &WordPiece{t}, nil
}

// Encode is the ids of a text between [CLS] and [SEP], at most so many (at least
// 2): words beyond are cut off.
func (w *WordPiece) Encode(text string, longest int) []int { return w.tokenizer.Encode(text, longest) }
