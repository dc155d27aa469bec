//go:build unix

package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"os"
)

// digest is the SHA-256 of pixels as 16-bit little-endian numbers.
func digest(pix []uint16) string {
	b := make([]byte, 0, 2*len(pix))
	for _, v := range pix {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return fmt.Sprintf("%x", sha256.Sum256(b))
}

// pngDigest is the digest of the 16-bit gray pixels of a file.
func pngDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		return "", err
	}
	g, ok := m.(*image.Gray16)
	if !ok {
		return "", fmt.Errorf("PNG holds %T", m)
	}
	pix := make([]uint16, len(g.Pix)/2)
	for i := range pix {
		pix[i] = binary.BigEndian.Uint16(g.Pix[2*i:])
	}
	return digest(pix), nil
}
