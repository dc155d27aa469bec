package head_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cxrkit/cxrkit/head"
)

// runONNX prints what ONNX Runtime makes of inputs. Arguments: model, JSON of
// {dims, values}.
const runONNX = `
const ort = require('onnxruntime-node'), fs = require('fs');
(async () => {
  const [model, input] = process.argv.slice(1);
  const {dims, values} = JSON.parse(fs.readFileSync(input));
  const session = await ort.InferenceSession.create(model);
  const out = await session.run({embedding: new ort.Tensor('float32', Float32Array.from(values), dims)});
  console.log(JSON.stringify({dims: out.probability.dims, values: Array.from(out.probability.data)}));
})();`

// ONNX Runtime must predict what we do, to float32.
func TestONNXRuntimeAgrees(t *testing.T) {
	if out, err := exec.Command("node", "-e", "require('onnxruntime-node')").CombinedOutput(); err != nil {
		t.Skipf("needs node and its package onnxruntime-node (in NODE_PATH): %v: %.80s", err, out)
	}
	type tensor struct {
		Dims   []int     `json:"dims"`
		Values []float32 `json:"values"`
	}
	for _, tokens := range []int{1, 3} {
		for _, curve := range []head.Method{none, head.Platt, head.Isotonic} {
			t.Run(fmt.Sprintf("%d tokens, calibration %v", tokens, curve), func(t *testing.T) {
				const films = 30
				m, dir := network(t, tokens, curve), t.TempDir()
				in := tensor{Dims: []int{films, tokens, 4}}
				for _, e := range inputs(tokens, films) {
					in.Values = append(in.Values, e.Values...)
				}
				text, err := json.Marshal(in)
				if err != nil {
					t.Fatal(err)
				}
				model, input := filepath.Join(dir, "head.onnx"), filepath.Join(dir, "input.json")
				f, err := os.Create(model)
				if err != nil {
					t.Fatal(err)
				}
				if err := m.WriteONNX(f); err != nil {
					t.Fatal(err)
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(input, text, 0o600); err != nil {
					t.Fatal(err)
				}
				reply, err := exec.Command("node", "-e", runONNX, model, input).Output()
				if err != nil {
					t.Fatal(err)
				}
				var out tensor
				if err := json.Unmarshal(reply, &out); err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(out.Dims) != fmt.Sprint([]int{films, 2}) {
					t.Fatalf("output of %v", out.Dims)
				}
				for i, e := range inputs(tokens, films) {
					want, err := m.Predict(e)
					if err != nil {
						t.Fatal(err)
					}
					for f, p := range want {
						if got := float64(out.Values[2*i+f]); math.Abs(got-p) > 1e-5 {
							t.Errorf("film %d, finding %d: ONNX Runtime says %v, we %v", i, f, got, p)
						}
					}
				}
			})
		}
	}
}
