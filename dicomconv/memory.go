package dicomconv

import (
	"image/color"
	"runtime"
	"sync"
)

// memory is what the films that a Converter works on take at once. Films wait
// for one another before they take more than the limit, but for one: however
// much that needs, it goes on, so that never all of them wait.
type memory struct {
	mu     sync.Mutex
	change sync.Cond // of what follows
	limit  int64
	held   int64
	beyond *loan
}

func newMemory(limit int64) *memory {
	m := &memory{limit: limit}
	m.change.L = &m.mu
	return m
}

// A loan is the memory of one film, used by one goroutine.
type loan struct {
	m     *memory
	bytes int64
}

func (m *memory) open() *loan { return &loan{m: m} }

// add takes n bytes more, or gives some back, when there is room.
func (l *loan) add(n int64) {
	m := l.m
	m.mu.Lock()
	defer m.mu.Unlock()
	for n > 0 && m.held+n > m.limit && m.beyond != l {
		if m.beyond == nil {
			m.beyond = l
			break
		}
		m.change.Wait()
	}
	m.held += n
	l.bytes += n
	if n < 0 {
		m.change.Broadcast()
	}
}

// end gives all back.
func (l *loan) end() {
	m := l.m
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held -= l.bytes
	l.bytes = 0
	if m.beyond == l {
		m.beyond = nil
	}
	m.change.Broadcast()
}

// defaultMemory lets each processor have a large film, and a few processors a
// film as large as the other limits allow.
func defaultMemory() int64 {
	return max(1<<30, int64(runtime.GOMAXPROCS(0))<<27)
}

// cost is the bytes, at most, that decoding takes beside the file's.
func (f *film) cost() int64 {
	samples := int64(f.Rows) * int64(f.Columns) * int64(f.SamplesPerPixel)
	switch {
	case f.pixels.Encapsulated:
		var stream int64
		for _, b := range f.pixels.Fragments {
			stream += int64(len(b))
		}
		return 32<<20 + 4*stream + 10*samples // JPEG 2000, which takes most: structures, coefficients and the picture
	case f.BitsAllocated > 16:
		return 20 * samples // numbers of 64 bits, their order, the picture
	}
	return 4 * samples
}

// pictureCost is cost for a picture in another format, garbage that its decoder
// makes on the way included.
func pictureCost(format string, width, height int, model color.Model) int64 {
	each := map[string]int64{
		"png":  24, // four channels of 16 bits and gray
		"jpeg": 24, // coefficients of progressive ones, samples of up to four channels and gray
		"tiff": 48, // as png, and strips as they are read
	}[format]
	if model == color.GrayModel || model == color.Gray16Model {
		each /= 3
	}
	return each * int64(width) * int64(height)
}
