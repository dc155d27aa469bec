package embed

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/cxrkit/cxrkit/cxr"
)

// A Key says which embedding: of what pixels, in what space. Films of equal names
// do not collide, and a film that was changed is another.
type Key struct {
	ID      string    // of the film, as the caller names it
	Content string    // SHA-256 in hex of pixels and space
	Space   cxr.Space // of the embedding, with the film's recipe
}

// KeyOf is the key of what an Embedder of space s makes of a film.
func KeyOf(s cxr.Space, im *cxr.Image) Key {
	s = s.For(im)
	h := sha256.New()
	for _, text := range []string{s.Model, s.Digest, s.Recipe} {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(text)))
		h.Write(n[:])
		h.Write([]byte(text))
	}
	b := make([]byte, 0, 32<<10)
	for _, v := range []int{s.Tokens, s.Dim, im.Width, im.Height, im.Depth} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	h.Write(b)
	for pix := im.Pix; len(pix) > 0; {
		n := min(len(pix), cap(b)/2)
		h.Write(littleEndian(b[:2*n], pix[:n]))
		pix = pix[n:]
	}
	return Key{ID: im.ID, Content: hex.EncodeToString(h.Sum(nil)), Space: s}
}

// littleEndian writes pixels to dst, which has two bytes for each, four at a
// time: one by one takes as long as the hash.
func littleEndian(dst []byte, pix []uint16) []byte {
	d := dst
	for ; len(pix) >= 4 && len(d) >= 8; pix, d = pix[4:], d[8:] {
		binary.LittleEndian.PutUint64(d, uint64(pix[0])|uint64(pix[1])<<16|uint64(pix[2])<<32|uint64(pix[3])<<48)
	}
	for i, v := range pix {
		binary.LittleEndian.PutUint16(d[2*i:], v)
	}
	return dst
}

// A Store keeps embeddings. Implementations are safe for concurrent use, and
// what Put has stored is either whole or not there, whatever happens.
type Store interface {
	// Get is the embedding of a key's pixels in its space, with the ID of a film
	// that it was stored for: the key's if it was stored for that, else another's of
	// equal pixels. What is not there, or torn, or not this store's, is an error that
	// wraps fs.ErrNotExist.
	Get(ctx context.Context, key Key) (*cxr.Embedding, error)

	// Put stores the embedding of a film, beside those of other films of equal
	// pixels.
	Put(ctx context.Context, key Key, v *cxr.Embedding) error
}
