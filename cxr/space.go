package cxr

import (
	"fmt"
	"strings"
)

// A Space says what an embedding means. Two embeddings may be compared, and a
// head may judge one, exactly if their Spaces are equal.
type Space struct {
	// Model is the stable and unique name of the model.
	Model string `json:"model"`

	// Digest is a SHA-256 in hex of everything that decides the numbers: the
	// weights, and how pixels become the network's input and its output an
	// embedding. It is empty for hosted models, whose makers do not tell it.
	Digest string `json:"digest,omitempty"`

	// Recipe is how the films' pixels were made ("standard/1"). It is empty for
	// texts, where it is not known, and in the Space of an Embedder that takes
	// films of any recipe.
	Recipe string `json:"recipe"`

	// Tokens x Dim is the shape.
	Tokens int `json:"tokens"`
	Dim    int `json:"dim"`
}

// For is the space of what an Embedder of space s makes of a film: s with the
// film's recipe.
func (s Space) For(m *Image) Space {
	s.Recipe = m.Recipe
	return s
}

// Match reports, with [ErrMismatch], the fields in which another space differs.
func (s Space) Match(other Space) error {
	var differ []string
	text := func(field, want, got string) {
		if want != got {
			differ = append(differ, fmt.Sprintf("%s %q, want %q", field, got, want))
		}
	}
	text("model", s.Model, other.Model)
	text("digest", short(s.Digest), short(other.Digest))
	if s.Digest != other.Digest && short(s.Digest) == short(other.Digest) {
		text("digest", s.Digest, other.Digest)
	}
	text("recipe", s.Recipe, other.Recipe)
	if s.Tokens != other.Tokens || s.Dim != other.Dim {
		differ = append(differ, fmt.Sprintf("shape %d x %d, want %d x %d", other.Tokens, other.Dim, s.Tokens, s.Dim))
	}
	if differ == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrMismatch, strings.Join(differ, "; "))
}

// short is enough of a digest to tell two apart by eye.
func short(digest string) string { return digest[:min(12, len(digest))] }

// String is like "1 x 896 by cxrkit-mini-2 (0b6f4c1d22e0), recipe standard/1".
func (s Space) String() string {
	text := fmt.Sprintf("%d x %d by %s", s.Tokens, s.Dim, s.Model)
	if s.Digest != "" {
		text += fmt.Sprintf(" (%s)", short(s.Digest))
	}
	if s.Recipe != "" {
		text += ", recipe " + s.Recipe
	}
	return text
}
