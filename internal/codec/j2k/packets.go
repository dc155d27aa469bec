package j2k

import (
	"encoding/binary"
	"math/bits"
)

// A packetReader reads the packets of a tile in the order of its progressions.
type packetReader struct {
	*tile
	body    []byte
	headers []byte // packed headers; nil: they stand in body
	packed  bool
	adds    []addition
}

// An addition is codeword bytes that the body of a packet holds for a block.
type addition struct {
	block   *codeBlock
	segment int
	length  int
}

func (t *tile) readPackets(data *tileData) error {
	headers := data.packetHeaders()
	r := &packetReader{tile: t, body: data.body, headers: headers, packed: headers != nil}
	changes := t.parameters.changes
	if len(changes) == 0 {
		changes = []change{{toLayer: t.parameters.layers, toRes: 33, toComp: len(t.components), progression: t.parameters.progression}}
	}
	for _, c := range changes {
		if err := r.progress(c); err != nil {
			return err
		}
	}
	for _, c := range t.components {
		for _, res := range c.resolutions {
			for _, n := range res.nextLayer {
				if int(n) < t.parameters.layers {
					return truncated("packets of %d layers where there are %d", n, t.parameters.layers)
				}
			}
		}
	}
	return nil
}

// progress reads the packets of one progression that have not been read.
func (r *packetReader) progress(c change) error {
	places := r.places(c)
	layers := min(c.toLayer, r.parameters.layers)
	switch c.progression {
	case 0:
		for l := range layers {
			if err := r.packets(places, l, l+1); err != nil {
				return err
			}
		}
		return nil
	case 1:
		for len(places) > 0 {
			n := 0
			for n < len(places) && places[n].resolution == places[0].resolution {
				n++
			}
			for l := range layers {
				if err := r.packets(places[:n], l, l+1); err != nil {
					return err
				}
			}
			places = places[n:]
		}
		return nil
	}
	return r.packets(places, 0, layers)
}

// packets reads the given layers of each place.
func (r *packetReader) packets(places []place, from, to int) error {
	for _, p := range places {
		res := r.components[p.component].resolutions[p.resolution]
		for l := from; l < to; l++ {
			if int(res.nextLayer[p.precinct]) != l {
				continue // read under an earlier progression
			}
			if err := r.packet(r.components[p.component], res, int(p.precinct), l); err != nil {
				return err
			}
			res.nextLayer[p.precinct]++
		}
	}
	return nil
}

// packet reads one packet (T.800 B.9, B.10).
func (r *packetReader) packet(c *tileComponent, res *resolution, index, layer int) error {
	if len(r.body) >= 6 && binary.BigEndian.Uint16(r.body) == 0xFF91 { // SOP
		r.body = r.body[6:]
	}
	source := &r.body
	if r.packed {
		source = &r.headers
	}
	h := &headerBits{src: *source}
	r.adds = r.adds[:0]
	if h.bit() == 1 {
		for _, b := range res.subbands {
			p, err := b.precinct(res, index, r.budget)
			if err != nil {
				return err
			}
			if err := r.header(h, c, p, layer); err != nil {
				return err
			}
		}
	}
	h.align()
	if h.overrun {
		return truncated("packet header")
	}
	*source = (*source)[h.pos:]
	if len(*source) >= 2 && binary.BigEndian.Uint16(*source) == 0xFF92 { // EPH
		*source = (*source)[2:]
	}
	for _, a := range r.adds {
		if a.length > len(r.body) {
			return truncated("packet of layer %d", layer)
		}
		s := &a.block.segments[a.segment]
		if a.length > 0 {
			if err := r.budget.spend(chunkBytes, 1); err != nil {
				return err
			}
			s.chunks = append(s.chunks, r.body[:a.length:a.length])
		}
		r.body = r.body[a.length:]
	}
	return nil
}

// header reads what a packet says of the code-blocks of one precinct.
func (r *packetReader) header(h *headerBits, c *tileComponent, p *precinct, layer int) error {
	for i := range p.blocks {
		if h.overrun {
			return truncated("packet header")
		}
		b := &p.blocks[i]
		x, y := i%p.across, i/p.across
		if b.included {
			if h.bit() == 0 {
				continue
			}
		} else {
			if !p.included.below(h, x, y, int32(layer)+1) {
				continue
			}
			b.included = true
			for !p.emptyPlanes.below(h, x, y, int32(b.skipped)+1) {
				if b.skipped++; b.skipped > 74 { // more than any coefficient has
					return corrupt("code-block without bit-planes")
				}
			}
		}
		passes := readPasses(h)
		unused := 0
		if c.style&styleHT != 0 && len(b.segments) == 0 { // passes of planes that were left out
			unused = (passes - 1) / 3 * 3
			b.skipped += uint8(unused / 3)
			passes -= unused
		}
		for h.bit() == 1 {
			if b.lblock++; b.lblock > 31 {
				return corrupt("code-block length of more than 31 bits")
			}
		}
		for passes > 0 {
			before := len(b.segments)
			s := b.segment(c.style)
			if err := r.budget.spend(segmentBytes, len(b.segments)-before); err != nil {
				return err
			}
			if c.style&styleHT != 0 && len(b.segments) > 2 {
				return unsupported("HTJ2K with more than one cleanup pass in a code-block")
			}
			n := min(passes, s.limit-s.passes)
			length := h.bits(int(b.lblock) + bits.Len(uint(n+unused)) - 1)
			unused = 0
			if length > int64(len(r.body)) {
				return truncated("code-block of %d bytes", length)
			}
			r.adds = append(r.adds, addition{b, len(b.segments) - 1, int(length)})
			s.passes += n
			passes -= n
		}
	}
	return nil
}

// readPasses reads the number of coding passes (T.800 table B.4).
func readPasses(h *headerBits) int {
	if h.bit() == 0 {
		return 1
	}
	if h.bit() == 0 {
		return 2
	}
	if n := h.bits(2); n < 3 {
		return 3 + int(n)
	}
	if n := h.bits(5); n < 31 {
		return 6 + int(n)
	}
	return 37 + int(h.bits(7))
}

// segment is the segment that the next pass belongs to.
func (b *codeBlock) segment(style int) *codeSegment {
	n := len(b.segments)
	if n > 0 && b.segments[n-1].passes < b.segments[n-1].limit {
		return &b.segments[n-1]
	}
	limit := 109 // all that a block of 37 planes can have
	switch {
	case style&styleHT != 0 && n == 0: // the cleanup pass
		limit = 1
	case style&styleHT != 0: // propagation and refinement
		limit = 2
	case style&styleTermAll != 0:
		limit = 1
	case style&styleBypass != 0 && n == 0:
		limit = 10 // the first four planes are arithmetic coded
	case style&styleBypass != 0 && b.segments[n-1].limit != 2:
		limit = 2 // raw significance and refinement
	case style&styleBypass != 0:
		limit = 1 // cleanup
	}
	b.segments = append(b.segments, codeSegment{limit: limit})
	return &b.segments[n]
}
