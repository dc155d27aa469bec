package cohort_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/examples/internal/cohort"
)

// A limit samples the same films each time.
func TestLimitSamples(t *testing.T) {
	csv := "image_id,x\n"
	var films []phantom.Film
	for i := range 8 {
		id := string(rune('a' + i))
		films = append(films, phantom.Film{ID: id, Seed: uint64(i), Size: 64})
		csv += id + ",1\n"
	}
	find := func(limit int) []string {
		c, err := cohort.Find(phantom.FS(films), strings.NewReader(csv), limit)
		if err != nil {
			t.Fatal(err)
		}
		return c.Paths
	}
	a, b := find(3), find(3)
	if len(a) != 3 || !slices.Equal(a, b) || slices.Equal(a, []string{"a.dcm", "b.dcm", "c.dcm"}) {
		t.Errorf("sampled %v, then %v", a, b)
	}
	if all := find(0); len(all) != 8 {
		t.Errorf("without a limit %v", all)
	}
}

func TestFilmsWithoutLabelAreLeftOut(t *testing.T) {
	films := phantom.FS([]phantom.Film{{ID: "a", Size: 64}, {ID: "b", Size: 64}})
	c, err := cohort.Find(films, strings.NewReader("image_id,x,y\na,,1\nb,1,\n"), 0, "x")
	if err != nil || !slices.Equal(c.Paths, []string{"b.dcm"}) {
		t.Errorf("%v, error %v", c, err)
	}
	if _, err := cohort.Find(films, strings.NewReader("image_id,x\nz,1\n"), 0); err == nil || err.Error() != "none of 3 files has a label" {
		t.Errorf("labels of other films: %v", err)
	}
}
