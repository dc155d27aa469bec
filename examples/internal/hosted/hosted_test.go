package hosted

import (
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/vertex"
)

// Without an endpoint a stand-in answers by every protocol.
func TestStandIn(t *testing.T) {
	for _, protocol := range []vertex.Protocol{vertex.V1, vertex.V2, vertex.HAIDEF, vertex.MedSigLIP} {
		var f Flags
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		f.Register(flags)
		if err := flags.Parse([]string{"-protocol", protocol.String(), "-quota_project", "q"}); err != nil {
			t.Fatal(err)
		}
		var told strings.Builder
		c, end, err := f.Open(t.Context(), true, &told)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		failed, err := Each(t.Context(), c, nil, io.Discard, func(film *cxr.Image, v *cxr.Embedding) error {
			if film == nil || film.ID != v.ID {
				t.Errorf("%s: embedding %q of another film", protocol, v.ID)
			}
			n++
			return nil
		})
		end()
		if err != nil || failed != 0 || n != 6 || !strings.Contains(told.String(), "stand-in") {
			t.Errorf("%s: %d films, error %v, told %q", protocol, n, err, told.String())
		}
	}
}

// Mistakes in flags are told in the words of the options.
func TestMistakesInFlags(t *testing.T) {
	const whole = "projects/p/locations/europe-west4/endpoints/1"
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-endpoint", "1"}, "Project and Location are needed"},
		{[]string{"-endpoint", whole, "-location", "us-central1"}, `Location is "us-central1"`},
		{[]string{"-endpoint", whole, "-dedicated"}, "host of its own"},
		{[]string{"-endpoint", whole, "-host", "https://a"}, "without a scheme"},
		{[]string{"-endpoint", whole, "-protocol", "v2", "-qformer", whole, "-dedicated", "-host", "a"}, "QFormerHost"},
		{[]string{"-endpoint", whole, "-protocol", "v2", "-qformer", whole, "-dedicated", "-host", "a", "-qformer_host", "b/c"}, "QFormerHost is not of the form"},
	} {
		var f Flags
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		f.Register(flags)
		if err := flags.Parse(test.args); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.Open(t.Context(), false, io.Discard); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %q", test.args, err, test.want)
		}
	}
}
