package tokens

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/cxrkit/cxrkit/cxr"
)

// BytePairs is CLIP's tokenizer: words of lower case are parted into bytes, and
// the pairs joined that its training joined, in its order.
type BytePairs struct {
	ids        map[string]int
	ranks      map[[2]string]int
	start, end int
}

const (
	startOfText = "<|startoftext|>"
	endOfText   = "<|endoftext|>"
	endOfWord   = "</w>"
)

// words are what pairs are joined in.
var words = regexp.MustCompile(`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`)

// NewBytePairs reads vocab.json, an object of tokens and ids, and merges.txt, a
// pair a line.
func NewBytePairs(vocabulary, merges []byte) (*BytePairs, error) {
	b := &BytePairs{ranks: map[[2]string]int{}}
	if err := json.Unmarshal(vocabulary, &b.ids); err != nil {
		return nil, fmt.Errorf("vocabulary: %w", err)
	}
	if len(b.ids) > maxTokens || len(merges) > maxTokens*64 {
		return nil, fmt.Errorf("%w: vocabulary of %d tokens", cxr.ErrTooLarge, len(b.ids))
	}
	for n, line := range strings.Split(string(merges), "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" || n == 0 && strings.HasPrefix(line, "#version") {
			continue
		}
		first, second, ok := strings.Cut(line, " ")
		if !ok || second == "" || strings.Contains(second, " ") {
			return nil, fmt.Errorf("%w: merges: line %d is no pair", cxr.ErrCorrupt, n+1)
		}
		b.ranks[[2]string{first, second}] = len(b.ranks)
	}
	for name, id := range map[string]*int{startOfText: &b.start, endOfText: &b.end} {
		var ok bool
		if *id, ok = b.ids[name]; !ok {
			return nil, fmt.Errorf("%w: vocabulary without %s", cxr.ErrUnsupported, name)
		}
	}
	return b, nil
}

// Pad implements [Tokenizer]: the mark of the end.
func (b *BytePairs) Pad() int { return b.end }

// Size implements [Tokenizer].
func (b *BytePairs) Size() int {
	most := 0
	for _, id := range b.ids {
		most = max(most, id+1)
	}
	return most
}

// Encode implements [Tokenizer].
func (b *BytePairs) Encode(text string, longest int) []int {
	ids := []int{b.start}
	text = strings.ToLower(norm.NFC.String(strings.Join(strings.Fields(text), " ")))
	for _, word := range words.FindAllString(text, -1) {
		if len(ids) >= longest {
			break
		}
		if word == startOfText || word == endOfText {
			ids = append(ids, b.ids[word])
			continue
		}
		for _, token := range b.join(word) {
			id, ok := b.ids[token]
			if !ok {
				id = b.end
			}
			ids = append(ids, id)
		}
	}
	return append(ids[:min(len(ids), longest-1)], b.end)
}

// longestJoined bounds a word, whose joining takes the square of its length.
const longestJoined = 1 << 12

// join parts a word into bytes and joins pairs, the earliest learned first.
func (b *BytePairs) join(word string) []string {
	word = word[:min(len(word), longestJoined)]
	var parts []string
	for i := range len(word) {
		parts = append(parts, string(visible(word[i])))
	}
	parts[len(parts)-1] += endOfWord
	for len(parts) > 1 {
		best, rank := [2]string{}, -1
		for i := range len(parts) - 1 {
			pair := [2]string{parts[i], parts[i+1]}
			if r, ok := b.ranks[pair]; ok && (rank < 0 || r < rank) {
				best, rank = pair, r
			}
		}
		if rank < 0 {
			break
		}
		for i := 0; i < len(parts)-1; i++ {
			if parts[i] == best[0] && parts[i+1] == best[1] {
				parts[i] += parts[i+1]
				parts = slices.Delete(parts, i+1, i+2)
			}
		}
	}
	return parts
}

// visible is the character that stands for a byte in vocabularies (GPT-2's
// bytes_to_unicode): itself if it can be seen, else one from 256 on, in order.
func visible(b byte) rune {
	seen := func(b int) bool { return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae }
	if seen(int(b)) {
		return rune(b)
	}
	n := rune(256)
	for i := range int(b) {
		if !seen(i) {
			n++
		}
	}
	return n
}
