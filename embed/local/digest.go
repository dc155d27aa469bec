package local

import (
	"crypto/sha256"
	"hash"
	"slices"
	"sync"
)

// A digest is a SHA-256 that is computed beside what else opening a model takes.
// What is written must not change before the sum is there.
type digest struct {
	hash.Hash
	parts chan []byte
	done  chan struct{}
	once  sync.Once
}

func newDigest() *digest {
	d := &digest{Hash: sha256.New(), parts: make(chan []byte, 16), done: make(chan struct{})}
	go func() {
		defer close(d.done)
		for p := range d.parts {
			d.Hash.Write(p)
		}
	}()
	return d
}

// Write implements [hash.Hash]. Short parts are copied: encoders write from buffers
// that they use again.
func (d *digest) Write(p []byte) (int, error) {
	if len(p) < 1<<16 {
		p = slices.Clone(p)
	}
	d.parts <- p
	return len(p), nil
}

// Sum implements [hash.Hash]. Nothing can be written after it.
func (d *digest) Sum(b []byte) []byte {
	d.end()
	return d.Hash.Sum(b)
}

// end waits for what was written.
func (d *digest) end() {
	d.once.Do(func() { close(d.parts) })
	<-d.done
}
