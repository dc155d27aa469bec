package network

import (
	"errors"
	"flag"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

var backend = flag.String("backend", "", "file that testdata/backend.py wrote")

// otherwise are tests that ask for something else than this does, and why.
var otherwise = map[string]string{
	"test_averagepool_2d_ceil_last_window_starts_on_pad":         "its results are written with four digits",
	"test_attention_24_qk_matmul_output_mode3_softmax_precision": "its results are rounded to float16",
	"test_*_fp16":        "its results are rounded to float16",
	"test_mod_*_fmod_0*": "floats without fmod are of opset 28",
	"test_resize_downsample_scales_*_align_corners": "ONNX Runtime and PyTorch take the size of the result as it is, ONNX before it is cut to a whole number",
}

func isOtherwise(name string) bool {
	for pattern := range otherwise {
		if ok, err := path.Match(pattern+"_*", name); ok && err == nil {
			return true
		}
	}
	return false
}

// ONNX's own tests of single operators: the film is the first input, or all inputs
// are constants. What is refused as not made for this is listed with -v.
func TestBackend(t *testing.T) {
	if *backend == "" {
		t.Skip("needs -args -backend FILE, which testdata/backend.py writes")
	}
	all := examples(t, *backend)
	right, refusals := 0, map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e := all[name]
		m, err := onnx.Parse(e.data, nil)
		if errors.Is(err, cxr.ErrUnsupported) {
			refusals[err.Error()]++
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m.Opset = min(m.Opset, maxOpset)
		got, p, err := run(m, Options{}, e.in)
		switch want := e.results[1]; {
		case isOtherwise(name):
			refusals["otherwise: "+name]++
		case errors.Is(err, cxr.ErrUnsupported) && !strings.Contains(err.Error(), "panic"):
			refusals[err.Error()]++
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if text := differs(got, p.Output, want.Data, want.Dims, 1e-4); text != "" {
				t.Errorf("%s: %s", name, text)
			} else {
				right++
			}
		}
	}
	t.Logf("%d right of %d", right, len(all))
	for _, text := range slices.Sorted(maps.Keys(refusals)) {
		t.Logf("refused %d: %s", refusals[text], text)
	}
}
