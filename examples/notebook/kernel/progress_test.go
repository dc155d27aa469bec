package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Packages are told every few seconds, and errors at once.
func TestCompilingIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told strings.Builder
		c := newCompiling(&told)
		for i := range 12 {
			time.Sleep(time.Second)
			fmt.Fprintf(c, "example.org/package%d\n", i)
		}
		fmt.Fprint(c, "# example.org/bad\na.go:1:1: ")
		fmt.Fprint(c, "undefined: x\n")
		want := "compiling for 5s: 5 packages, now example.org/package4\ncompiling for 10s: 10 packages, now example.org/package9\n# example.org/bad\na.go:1:1: undefined: x\n"
		if told.String() != want {
			t.Errorf("told\n%s", told.String())
		}
	})
}
