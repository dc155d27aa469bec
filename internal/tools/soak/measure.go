package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// held is what the process holds while nothing runs.
type held struct{ heap, resident, descriptors, goroutines int }

// measure waits for goroutines that are on their way out, collects garbage and
// counts.
func measure() (held, error) {
	time.Sleep(200 * time.Millisecond)
	runtime.GC() // twice: what sync.Pool keeps goes with the second
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h := held{heap: int(m.HeapAlloc), goroutines: runtime.NumGoroutine()}

	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return held{}, fmt.Errorf("counting descriptors, which needs Linux: %w", err)
	}
	h.descriptors = len(open)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return held{}, err
	}
	_, after, ok := bytes.Cut(status, []byte("VmRSS:"))
	if !ok {
		return held{}, errors.New("no VmRSS in /proc/self/status")
	}
	if _, err := fmt.Sscan(string(after), &h.resident); err != nil {
		return held{}, err
	}
	h.resident <<= 10
	return h, nil
}

// flat compares the medians of the last and the first third of the rows.
func flat(w io.Writer, rows []held, growth float64) error {
	third := len(rows) / 3
	if third == 0 {
		return fmt.Errorf("%d measurements after the warm-up are too few", len(rows))
	}
	var errs []error
	for _, q := range []struct {
		name string
		of   func(held) int
	}{
		{"live heap", func(h held) int { return h.heap }},
		{"resident", func(h held) int { return h.resident }},
		{"descriptors", func(h held) int { return h.descriptors }},
		{"goroutines", func(h held) int { return h.goroutines }},
	} {
		before, after := median(rows[:third], q.of), median(rows[len(rows)-third:], q.of)
		change := float64(after)/float64(before) - 1
		fmt.Fprintf(w, "%s: %d, then %d: %+.2f %%\n", q.name, before, after, 100*change)
		if change > growth {
			errs = append(errs, fmt.Errorf("%s grew by %.2f %%", q.name, 100*change))
		}
	}
	return errors.Join(errs...)
}

func median(rows []held, of func(held) int) int {
	values := make([]int, len(rows))
	for i, r := range rows {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// counts is rounds by name.
type counts map[string]int

func (c counts) sum() (n int) {
	for _, k := range c {
		n += k
	}
	return n
}

func (c counts) print(w io.Writer) {
	names := slices.SortedFunc(maps.Keys(c), func(a, b string) int { return cmp.Compare(c[b], c[a]) })
	for _, name := range names {
		fmt.Fprintf(w, "%d x %s\n", c[name], name)
	}
}
