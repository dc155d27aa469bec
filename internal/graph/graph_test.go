package graph

import (
	"runtime"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
)

// build is a graph of one operation on n values.
func build(t testing.TB, n int, run func([]gorgonia.Value) error) (gorgonia.VM, []float32) {
	t.Helper()
	Lock.Lock()
	defer Lock.Unlock()
	g := gorgonia.NewGraph()
	out := make([]float32, n)
	if _, err := Apply(&Op{Name: "an operation", Result: Vector(out), Run: run}, Input(g, "in", make([]float32, n))); err != nil {
		t.Fatal(err)
	}
	return Machine(g), out
}

func TestAPanicIsAnError(t *testing.T) {
	vm, _ := build(t, 1, func([]gorgonia.Value) error { panic("out of range") })
	if err := vm.RunAll(); err == nil || !strings.Contains(err.Error(), "an operation: panic: out of range") {
		t.Errorf("error %v", err)
	}
}

// Gorgonia joins nodes that it takes for equal.
func TestEqualOperationsAreNotJoined(t *testing.T) {
	Lock.Lock()
	defer Lock.Unlock()
	g := gorgonia.NewGraph()
	in := Input(g, "in", []float32{1})
	count := 0
	for range 3 {
		if _, err := Apply(&Op{Name: "same", Result: Vector(make([]float32, 1)), Run: func([]gorgonia.Value) error { count++; return nil }}, in); err != nil {
			t.Fatal(err)
		}
	}
	if err := Machine(g).RunAll(); err != nil || count != 3 {
		t.Errorf("%d of 3 operations ran, error %v", count, err)
	}
}

// A machine that is dropped is collected, though its operations know it: they do
// in embed/local, to see the context of the run under way.
func TestMachinesAreCollected(t *testing.T) {
	const each, rounds = 4 << 20, 40
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	round := func() {
		var instance struct{ vm gorgonia.VM }
		instance.vm, _ = build(t, each/4, func([]gorgonia.Value) error {
			if instance.vm == nil {
				t.Error("no machine")
			}
			panic("cut short")
		})
		if instance.vm.RunAll() == nil {
			t.Fatal("no error")
		}
	}
	round()
	before := heap()
	for range rounds {
		round()
	}
	if grown := int64(heap()) - int64(before); grown > 2*each {
		t.Errorf("%d machines of %d MiB left %d MiB behind", rounds, 2*each>>20, grown>>20)
	}
}
