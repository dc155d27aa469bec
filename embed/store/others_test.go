package store_test

import (
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/cxrkit/cxrkit/embed/store"
)

// A reader of TFRecords that others wrote, with Google's Protocol Buffers below,
// reads ours, and we what it writes. It is found in NODE_PATH.
func TestOthersReadTFRecords(t *testing.T) {
	if exec.Command("node", "-e", `require("@roboflow/tfrecords/src/tensorFlowReader")`).Run() != nil {
		t.Skip("no reader of TFRecords: npm install -E @roboflow/tfrecords@1.0.4 google-protobuf@3.6.1")
	}
	dir := t.TempDir()
	run(t, open(t, dir, &store.Options{BaseNames: true}), &sums{}, films(1))
	theirs := filepath.Join(dir, "theirs.tfrecord")
	out, err := exec.Command("node", "testdata/tfrecord.js", filepath.Join(dir, "film0000.tfrecord"), theirs).CombinedOutput()
	if err != nil || string(out) != "1 ward/film0000.dcm [0,1,2,3,4,5]\n" {
		t.Fatalf("%s, error %v", out, err)
	}
	list, err := store.Read(theirs)
	if err != nil || len(list) != 1 || list[0].ID != "ward/film0000.dcm" || !reflect.DeepEqual(list[0].Values, []float32{0, 1, 2, 3, 4, 5}) {
		t.Errorf("%v, error %v", list, err)
	}
}
