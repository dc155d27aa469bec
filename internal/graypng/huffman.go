package graypng

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Deflate without matches (RFC 1951 3.2.7): filtered radiographs repeat
// nothing worth searching for, so a Huffman code of the bytes is all that
// compression finds, and finds fast.

const (
	endOfBlock = 256
	symbols    = 257
	maxLength  = 14 // bits of a code; deflate allows 15, but see writeData
)

// A code is a Huffman code, its bits in the order in which they are written.
type code struct {
	lengths [symbols]uint8
	bits    [symbols]uint16
}

// appendBlock appends data, at least one byte, to b as one block, not the last
// of its stream, and an empty stored block that ends on a byte, where a next
// block may join.
func appendBlock(b, data []byte) []byte {
	freq := histogram(data)
	c := newCode(&freq)
	w := bitWriter{buf: slices.Grow(b, c.size(&freq)/8+blockOverhead)}
	c.writeHeader(&w)
	c.writeData(&w, data)
	w.write(uint64(c.bits[endOfBlock]), c.lengths[endOfBlock])
	w.write(0, 3) // stored block
	w.align()
	return append(w.buf, 0x00, 0x00, 0xff, 0xff)
}

// blockOverhead is more than all that surrounds the data of a block.
const blockOverhead = 256

// histogram counts the bytes of data, and one end of block. Four tables spare
// it the wait for a counter that was just written.
func histogram(data []byte) (freq [symbols]int) {
	var t [4][256]uint32
	for len(data) >= 4 {
		t[0][data[0]]++
		t[1][data[1]]++
		t[2][data[2]]++
		t[3][data[3]]++
		data = data[4:]
	}
	for _, v := range data {
		t[0][v]++
	}
	for v := range 256 {
		freq[v] = int(t[0][v]) + int(t[1][v]) + int(t[2][v]) + int(t[3][v])
	}
	freq[endOfBlock] = 1
	return freq
}

// newCode is a Huffman code for the frequencies, of which two at least are not
// zero, with codes in canonical order (RFC 1951 3.2.2). Where a code would be
// longer than deflate allows it flattens the frequencies, which costs next to
// nothing.
func newCode(freq *[symbols]int) *code {
	var c code
	f := *freq
	for !huffmanLengths(&c.lengths, &f) {
		for i, n := range f {
			f[i] = (n + 1) / 2
		}
	}
	var next [maxLength + 2]uint16
	for _, n := range c.lengths {
		if n > 0 {
			next[n+1]++
		}
	}
	for n := 1; n < len(next); n++ {
		next[n] = (next[n-1] + next[n]) << 1
	}
	for i, n := range c.lengths {
		if n > 0 {
			c.bits[i] = bits.Reverse16(next[n]) >> (16 - n) // codes start with their highest bit (3.1.1)
			next[n]++
		}
	}
	return &c
}

// huffmanLengths sets the length of each symbol's code, 0 where it does not
// occur, by Huffman's algorithm on two sorted queues: of symbols and of the
// nodes made so far. It reports whether no code is longer than maxLength.
func huffmanLengths(lengths *[symbols]uint8, freq *[symbols]int) bool {
	type node struct{ freq, parent int }
	var leaves []int // symbols, rarest first
	for s, n := range freq {
		if n > 0 {
			leaves = append(leaves, s)
		}
	}
	slices.SortStableFunc(leaves, func(a, b int) int { return freq[a] - freq[b] })
	nodes := make([]node, 0, 2*len(leaves)-1)
	for _, s := range leaves {
		nodes = append(nodes, node{freq: freq[s]})
	}
	leaf, inner := 0, len(leaves)
	rarest := func() int {
		if inner == len(nodes) || leaf < len(leaves) && nodes[leaf].freq <= nodes[inner].freq {
			leaf++
			return leaf - 1
		}
		inner++
		return inner - 1
	}
	for len(nodes) < cap(nodes) {
		a, b := rarest(), rarest()
		nodes[a].parent, nodes[b].parent = len(nodes), len(nodes)
		nodes = append(nodes, node{freq: nodes[a].freq + nodes[b].freq})
	}
	depth := make([]uint8, len(nodes)) // of the tree; the root is the last node
	for i := len(nodes) - 2; i >= 0; i-- {
		depth[i] = depth[nodes[i].parent] + 1
		if depth[i] > maxLength {
			return false
		}
	}
	for i, s := range leaves {
		lengths[s] = depth[i]
	}
	return true
}

// size is the bits of all symbols.
func (c *code) size(freq *[symbols]int) (n int) {
	for s, f := range freq {
		n += f * int(c.lengths[s])
	}
	return n
}

// writeHeader writes the code's lengths, each in 4 bits: run lengths would
// save some 50 bytes of a megabyte.
func (c *code) writeHeader(w *bitWriter) {
	const flat = 4   // bits of each length 0 to 15
	w.write(2<<1, 3) // dynamic Huffman codes
	w.write(0, 5)    // 257 literal and length codes
	w.write(0, 5)    // 1 distance code
	w.write(15, 4)   // 19 code length codes,
	w.write(0, 3*3)  // the first three (16, 17, 18: runs) not in use
	for range 1 << flat {
		w.write(flat, 3)
	}
	for _, n := range c.lengths {
		w.write(uint64(bits.Reverse8(n)>>(8-flat)), flat)
	}
	w.write(uint64(bits.Reverse8(1)>>(8-flat)), flat) // the distance code, never used, is 1 bit long
}

// writeData writes the codes of data, four at a time: with a started byte they
// are 63 bits at most. The buffer must have room for them and a word.
func (c *code) writeData(w *bitWriter, data []byte) {
	var table [256]uint32 // length<<16 | bits
	for i := range table {
		table[i] = uint32(c.lengths[i])<<16 | uint32(c.bits[i])
	}
	acc, n := w.acc, uint(w.n)
	buf, at := w.buf[:cap(w.buf)], len(w.buf)
	for len(data) >= 4 {
		e0, e1, e2, e3 := table[data[0]], table[data[1]], table[data[2]], table[data[3]]
		data = data[4:]
		n1 := n + uint(e0>>16)
		n2 := n1 + uint(e1>>16)
		n3 := n2 + uint(e2>>16)
		acc |= uint64(e0&0xffff)<<(n&63) | uint64(e1&0xffff)<<(n1&63) |
			uint64(e2&0xffff)<<(n2&63) | uint64(e3&0xffff)<<(n3&63)
		n = n3 + uint(e3>>16)
		binary.LittleEndian.PutUint64(buf[at:], acc)
		at += int(n / 8)
		acc >>= n &^ 7 & 63
		n &= 7
	}
	w.buf, w.acc, w.n = buf[:at], acc, uint8(n)
	for _, v := range data {
		w.write(uint64(c.bits[v]), c.lengths[v])
	}
}

// A bitWriter packs bits from the lowest up (RFC 1951 3.1.1).
type bitWriter struct {
	buf []byte
	acc uint64
	n   uint8 // bits in acc
}

// write writes the low n bits of v, 16 at most; the others are 0.
func (w *bitWriter) write(v uint64, n uint8) {
	w.acc |= v << w.n
	w.n += n
	w.flush()
}

// flush moves whole bytes out.
func (w *bitWriter) flush() {
	for ; w.n >= 8; w.n -= 8 {
		w.buf = append(w.buf, byte(w.acc))
		w.acc >>= 8
	}
}

// align fills the last byte with zeros.
func (w *bitWriter) align() {
	if w.n > 0 {
		w.buf = append(w.buf, byte(w.acc))
		w.acc, w.n = 0, 0
	}
}
