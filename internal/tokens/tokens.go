// Package tokens makes of texts the numbers that text models take: the tokenizers
// of BERT (WordPiece), of SigLIP and T5 (SentencePiece's unigram model) and of
// CLIP (byte pairs).
package tokens

// A Tokenizer is immutable and safe for concurrent use.
type Tokenizer interface {
	// Encode is the ids of a text with those that mark its ends, at most so many
	// (at least 2): what is beyond is cut off before the mark of the end.
	Encode(text string, longest int) []int

	// Pad is the id that fills up.
	Pad() int

	// Size is how many ids there are.
	Size() int
}

// maxTokens bounds a vocabulary.
const maxTokens = 1 << 20
