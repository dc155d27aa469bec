package progress_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cxrkit/cxrkit/examples/internal/progress"
)

// Where there is no terminal a line comes at each quarter and every half minute,
// with the rate and the time left.
func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told strings.Builder
		p := progress.New(&told, "embedding", "films", 8)
		for range 8 {
			time.Sleep(20 * time.Second)
			p.Step()
		}
		want := "embedding: 2 of 8 films, 0.05 a second, 2m0s left\nembedding: 4 of 8 films, 0.05 a second, 1m20s left\n" +
			"embedding: 6 of 8 films, 0.05 a second, 40s left\nembedding: 8 of 8 films, 0.05 a second\n"
		if told.String() != want {
			t.Errorf("told\n%s", told.String())
		}
		told.Reset()
		p = progress.New(&told, "training", "heads", 1000)
		for range 40 {
			time.Sleep(time.Second)
			p.Step()
		}
		if told.String() != "training: 30 of 1000 heads, 1 a second, 16m10s left\n" {
			t.Errorf("told\n%s", told.String())
		}
	})
}
