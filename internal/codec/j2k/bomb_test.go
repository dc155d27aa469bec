package j2k

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/codec"
)

// A bomb is a small codestream that asks for much.
type bomb struct {
	side, tile int    // pixels
	levels     int    // of decomposition
	precinct   byte   // log2 of its side
	block      byte   // log2 of a code-block's side, less 2
	layers     uint16 // of quality
	order      byte   // of progression
	style      byte   // of code-blocks
	body       []byte // of each tile
}

func (b bomb) stream() []byte {
	out := []byte{0xFF, 0x4F}
	segment := func(marker byte, body ...byte) {
		out = append(out, 0xFF, marker)
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(body)+2)), body...)
	}
	u32 := func(v ...int) (s []byte) {
		for _, v := range v {
			s = binary.BigEndian.AppendUint32(s, uint32(v))
		}
		return s
	}
	size := append([]byte{0, 0}, u32(b.side, b.side, 0, 0, b.tile, b.tile, 0, 0)...)
	segment(0x51, append(size, 0, 1, 15, 1, 1)...)
	coding := append([]byte{1, b.order}, binary.BigEndian.AppendUint16(nil, b.layers)...)
	coding = append(coding, 0, byte(b.levels), b.block, b.block, b.style, 1)
	quantization := []byte{0x40}
	for r := range b.levels + 1 {
		coding = append(coding, b.precinct<<4|b.precinct)
		for range 1 + 2*min(r, 1) {
			quantization = append(quantization, 16<<3)
		}
	}
	segment(0x52, coding...)
	segment(0x5C, quantization...)
	across := (b.side + b.tile - 1) / b.tile
	for i := range across * across {
		segment(0x90, append(binary.BigEndian.AppendUint16(nil, uint16(i)), append(u32(14+len(b.body)), 0, 1)...)...)
		out = append(append(out, 0xFF, 0x93), b.body...)
	}
	return append(out, 0xFF, 0xD9)
}

// Bombs are answered in time and memory that their size and their picture's
// explain.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: time and memory under the race detector are not those of a program")
	}
	zeros := func(n int) []byte { return make([]byte, n) }
	const side = 4096
	bombs := map[string]bomb{
		"precincts of 2 x 2, empty":             {side, side, 0, 1, 0, 1, 0, 0, zeros(side * side / 4 / 8)},
		"precincts of 2 x 2 by position":        {side, side, 1, 1, 0, 1, 3, 0, zeros(side * side / 8)},
		"precincts of 4 x 4, all there":         {side, side, 0, 2, 0, 1, 2, 0, bytes.Repeat([]byte{0x92, 0x49, 0x24}, 90_000)},
		"precincts of 4 x 4, component first":   {side, side, 2, 2, 0, 1, 4, 0, bytes.Repeat([]byte{0x88}, 400_000)},
		"code-blocks of 4 x 4":                  {side, side, 0, 15, 0, 1, 0, 0, bytes.Repeat([]byte{0xBF, 0x5A}, 1<<20)},
		"code-blocks of 4 x 4, a pass a piece":  {side, side, 5, 15, 0, 1, 0, 4, bytes.Repeat([]byte{0xE7, 0x3C}, 1<<20)},
		"65535 layers":                          {64, 64, 5, 15, 4, 65535, 0, 0, zeros(65535 * 6 / 8)},
		"65535 layers of a byte each":           {16, 16, 0, 15, 4, 65535, 0, 0, bytes.Repeat([]byte{0xC4, 0xAA}, 65535)},
		"tiles of one pixel":                    {255, 1, 0, 15, 4, 1, 0, 0, zeros(1)},
		"tiles of one pixel with 32 levels":     {255, 1, 32, 15, 4, 1, 0, 0, zeros(5)},
		"tiles of 16 x 16 with 32 levels":       {side, 16, 32, 15, 4, 1, 2, 0, zeros(5)},
		"high throughput, precincts of 2 x 2":   {side, side, 0, 1, 0, 1, 0, styleHT, bytes.Repeat([]byte{0x92, 0x49, 0x24}, 200_000)},
		"high throughput, code-blocks of 4 x 4": {side, side, 1, 15, 0, 1, 0, styleHT, bytes.Repeat([]byte{0xC1, 0x04, 0x41}, 1<<20)},
	}
	for name, b := range bombs {
		t.Run(name, func(t *testing.T) {
			data := b.stream()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := Decode(data, codec.Shape{Width: b.side, Height: b.side, Components: 1})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			pixels := b.side * b.side
			limit := uint64(4*len(data) + 2*pixels + 4*pixels + 3*pixels + 64<<20) // of which frame and coefficients
			if alloc := after.TotalAlloc - before.TotalAlloc; alloc > limit {
				t.Errorf("%d MB allocated for %d KB, at most %d expected; %v", alloc>>20, len(data)>>10, limit>>20, err)
			}
			if took > 2*time.Second {
				t.Errorf("took %v; %v", took, err)
			}
			t.Logf("%d KB: %v, %d MB; %v", len(data)>>10, took, (after.TotalAlloc-before.TotalAlloc)>>20, err)
		})
	}
	b := bombs["precincts of 2 x 2, empty"]
	if _, err := Decode(b.stream(), codec.Shape{Width: b.side, Height: b.side, Components: 1}); !errors.Is(err, cxr.ErrTooLarge) {
		t.Errorf("error %v, want one that is cxr.ErrTooLarge", err)
	}
}
