package main

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Each round does what it is for, three times over.
func TestRounds(t *testing.T) {
	if testing.Short() {
		t.Skip("embeds and trains")
	}
	l, err := newLoad(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for k, r := range all {
		for n := range uint64(3) {
			if err := r.do(l, t.Context(), rand.New(rand.NewPCG(n, uint64(k)))); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
		}
	}
}

func TestGrowthIsSeen(t *testing.T) {
	rows := make([]held, 9)
	for i := range rows {
		rows[i] = held{heap: 1000, resident: 5000, descriptors: 10, goroutines: 3}
	}
	var out strings.Builder
	if err := flat(&out, rows, 0.02); err != nil {
		t.Errorf("flat rows: %v", err)
	}
	for i := range rows {
		rows[i].heap += 10 * i
	}
	if err := flat(&out, rows, 0.02); err == nil || err.Error() != "live heap grew by 5.94 %" {
		t.Errorf("growing rows: %v", err)
	}
	if err := flat(&out, rows[:2], 0.02); err == nil {
		t.Error("two rows are enough")
	}
}
