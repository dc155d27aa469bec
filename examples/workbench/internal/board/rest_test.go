package board

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Films in the background wait for those on the screen: a moment after the last sheet
// was asked for, and some seconds while more and more are.
func TestRestWhileSomebodyScrolls(t *testing.T) {
	for _, c := range []struct {
		name        string
		sheets      int
		every       time.Duration
		least, most time.Duration
	}{
		{"nobody scrolls", 0, 0, 0, 0},
		{"one sheet", 1, 0, 250 * time.Millisecond, 400 * time.Millisecond},
		{"a second of scrolling", 10, 100 * time.Millisecond, time.Second, 1500 * time.Millisecond},
		{"endless scrolling", 100, 100 * time.Millisecond, 3 * time.Second, 3500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &Board{}
			if c.sheets > 0 {
				b.looking.now()
			}
			go func() {
				for range c.sheets - 1 {
					time.Sleep(c.every)
					b.looking.now()
				}
			}()
			start := time.Now()
			b.rest(t.Context())
			if took := time.Since(start); took < c.least || took > c.most {
				t.Errorf("%s: waited %v, want %v to %v", c.name, took, c.least, c.most)
			}
			over, end := context.WithCancel(t.Context())
			end()
			start = time.Now()
			b.looking.now()
			if b.rest(over); time.Since(start) > 0 {
				t.Errorf("%s: waited after the end", c.name)
			}
			time.Sleep(time.Duration(c.sheets) * c.every) // until nobody scrolls
		})
	}
}
