package tokens

import (
	"fmt"
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/cxr"
)

// A SentencePiece is the unigram model of a SentencePiece file (Kudo, 2018): of all
// ways to part a text into pieces, the likeliest. It puts the piece "</s>" at
// the end, as SigLIP and T5 do.
type SentencePiece struct {
	pieces              map[string]piece
	longest             int // piece, in bytes
	unknown, end, pad   int
	size                int
	lowest              float32 // score of a piece
	bytes               map[byte]int
	casefold, canonical bool
	prefix, squeeze     bool // a space before the text; no further space beyond one
}

type piece struct {
	id    int
	score float32
}

// Types of pieces in a model file (sentencepiece_model.proto).
const (
	normalPiece = iota + 1
	unknownPiece
	controlPiece
	userPiece
	unusedPiece
	bytePiece
)

const space = "\u2581" // stands for a space in pieces

// NewSentencePiece reads a model file. Canonical texts lose punctuation and
// capitals first, as SigLIP's do.
func NewSentencePiece(model []byte, canonical bool) (*SentencePiece, error) {
	s := &SentencePiece{pieces: map[string]piece{}, unknown: -1, end: -1, canonical: canonical, prefix: true, squeeze: true, bytes: map[byte]int{}}
	kind, normalizer := uint64(1), "nmt_nfkc"
	err := eachField(model, func(number protowire.Number, value []byte, _ uint64) error {
		switch number {
		case 1:
			return s.add(value)
		case 2: // how it was trained
			return eachField(value, func(number protowire.Number, _ []byte, v uint64) error {
				if number == 3 {
					kind = v
				}
				return nil
			})
		case 3: // how texts are made alike
			return eachField(value, func(number protowire.Number, value []byte, v uint64) error {
				switch number {
				case 1:
					normalizer = string(value)
				case 3:
					s.prefix = v != 0
				case 4:
					s.squeeze = v != 0
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: SentencePiece model: %w", cxr.ErrCorrupt, err)
	}
	if kind != 1 {
		names := map[uint64]string{2: "BPE", 3: "WORD", 4: "CHAR"}
		return nil, fmt.Errorf("%w: SentencePiece model of type %s, want UNIGRAM", cxr.ErrUnsupported, names[kind])
	}
	switch normalizer {
	case "nmt_nfkc":
	case "nmt_nfkc_cf", "nfkc_cf":
		s.casefold = true
	case "nfkc", "identity":
	default:
		return nil, fmt.Errorf("%w: SentencePiece normalization %q", cxr.ErrUnsupported, normalizer)
	}
	if s.unknown < 0 || s.end < 0 {
		return nil, fmt.Errorf("%w: SentencePiece model without an unknown piece or without \"</s>\"", cxr.ErrUnsupported)
	}
	return s, nil
}

// add takes the next piece.
func (s *SentencePiece) add(field []byte) error {
	text, kind, p := "", uint64(normalPiece), piece{id: s.size}
	err := eachField(field, func(number protowire.Number, value []byte, v uint64) error {
		switch number {
		case 1:
			text = string(value)
		case 2:
			p.score = math.Float32frombits(uint32(v))
		case 3:
			kind = v
		}
		return nil
	})
	if s.size++; s.size > maxTokens {
		return fmt.Errorf("more than %d pieces", maxTokens)
	}
	switch kind {
	case normalPiece, userPiece:
		if kind == userPiece { // is always taken
			p.score = 1e3 * float32(len(text))
		} else {
			s.lowest = min(s.lowest, p.score)
		}
		s.pieces[text], s.longest = p, max(s.longest, len(text))
	case unknownPiece:
		s.unknown = p.id
	case controlPiece:
		switch text {
		case "</s>":
			s.end = p.id
			if s.pad == 0 {
				s.pad = p.id
			}
		case "<pad>":
			s.pad = p.id
		}
	case bytePiece:
		var b byte
		if _, err := fmt.Sscanf(text, "<0x%02X>", &b); err == nil {
			s.bytes[b] = p.id
		}
	}
	return err
}

// eachField calls f for each field of a message.
func eachField(message []byte, f func(number protowire.Number, value []byte, v uint64) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		var value []byte
		var v uint64
		switch kind {
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(message)
		case protowire.Fixed32Type:
			var w uint32
			w, n = protowire.ConsumeFixed32(message)
			v = uint64(w)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := f(number, value, v); err != nil {
			return err
		}
	}
	return nil
}

// Pad implements [Tokenizer]: "<pad>" if there is one, else "</s>".
func (s *SentencePiece) Pad() int { return s.pad }

// Size implements [Tokenizer].
func (s *SentencePiece) Size() int { return s.size }

// Encode implements [Tokenizer].
func (s *SentencePiece) Encode(text string, longest int) []int {
	ids := s.likeliest(s.normalize(text))
	return append(ids[:min(len(ids), longest-1)], s.end)
}

// normalize makes texts alike: Unicode's NFKC, spaces of all kinds as one kind.
func (s *SentencePiece) normalize(text string) string {
	if s.canonical {
		text = strings.Map(func(r rune) rune {
			if r < unicode.MaxASCII && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
				return -1
			}
			return r
		}, strings.ToLower(text))
	}
	text = norm.NFKC.String(strings.ToValidUTF8(text, "\ufffd"))
	if s.casefold {
		text = strings.ToLower(text)
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cc, r):
			return -1
		}
		return r
	}, text)
	if s.squeeze || s.canonical {
		text = strings.Join(strings.Fields(text), " ")
	}
	if s.prefix && text != "" {
		text = " " + text
	}
	return strings.ReplaceAll(text, " ", space)
}

// likeliest is the ids of the pieces whose scores have the largest sum (Viterbi).
// A character that is no piece is unknown, at 10 less than the lowest score;
// unknown ones beside each other are one.
func (s *SentencePiece) likeliest(text string) (ids []int) {
	type step struct {
		score float32
		from  int
		id    int
	}
	best := make([]step, len(text)+1)
	for i := range best {
		best[i].from = -1
	}
	best[0].from = 0
	take := func(from, to, id int, score float32) {
		if sum := best[from].score + score; best[to].from < 0 || sum > best[to].score {
			best[to] = step{sum, from, id}
		}
	}
	for from, r := range text {
		size := len(string(r))
		single := false
		for to := from + 1; to <= min(from+s.longest, len(text)); to++ {
			if p, ok := s.pieces[text[from:to]]; ok {
				take(from, to, p.id, p.score)
				single = single || to == from+size
			}
		}
		if !single {
			take(from, from+size, s.unknown, s.lowest-10)
		}
	}
	for at := len(text); at > 0; at = best[at].from {
		id := best[at].id
		switch {
		case id != s.unknown:
			ids = append(ids, id)
		case len(s.bytes) > 0:
			for i := at - 1; i >= best[at].from; i-- {
				ids = append(ids, s.bytes[text[i]])
			}
		case len(ids) == 0 || ids[len(ids)-1] != id:
			ids = append(ids, id)
		}
	}
	for i, j := 0, len(ids)-1; i < j; i, j = i+1, j-1 {
		ids[i], ids[j] = ids[j], ids[i]
	}
	return ids
}
