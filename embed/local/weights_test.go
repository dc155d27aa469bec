package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cxrkit/cxrkit/cxr"
)

// A pin is where a model says that a weight lies.
type pin struct {
	location string
	entries  [][2]string
	shape    []int
}

// externalModel is a model that adds weights, all of them in other files, to a
// film of 1 x 1 x 2 x 2.
func externalModel(pins ...pin) []byte {
	message := func(dst []byte, number protowire.Number, content []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), content)
	}
	text := func(dst []byte, number protowire.Number, s string) []byte { return message(dst, number, []byte(s)) }
	integer := func(dst []byte, number protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), v)
	}
	value := func(name string) []byte {
		var shape []byte
		for _, d := range []uint64{1, 1, 2, 2} {
			shape = message(shape, 1, integer(nil, 1, d))
		}
		tensor := message(integer(nil, 1, 1), 2, shape)
		return message(text(nil, 1, name), 2, message(nil, 1, tensor))
	}
	var graph []byte
	at := "film"
	for i, p := range pins {
		out := fmt.Sprintf("sum%d", i)
		if i == len(pins)-1 {
			out = "output"
		}
		name := fmt.Sprintf("w%d", i)
		graph = message(graph, 1, text(text(text(text(nil, 1, at), 1, name), 2, out), 4, "Add"))
		at = out
		var tensor []byte
		for _, d := range p.shape {
			tensor = integer(tensor, 1, uint64(d))
		}
		tensor = text(integer(tensor, 2, 1), 8, name)
		tensor = message(tensor, 13, text(text(nil, 1, "location"), 2, p.location))
		for _, e := range p.entries {
			tensor = message(tensor, 13, text(text(nil, 1, e[0]), 2, e[1]))
		}
		graph = message(graph, 5, integer(tensor, 14, 1))
	}
	graph = message(message(graph, 11, value("film")), 12, value("output"))
	return message(message(integer(nil, 1, 8), 7, graph), 8, integer(text(nil, 1, ""), 2, 17))
}

func at(location string, offset, length int, shape ...int) pin {
	return pin{location, [][2]string{{"offset", fmt.Sprint(offset)}, {"length", fmt.Sprint(length)}}, shape}
}

func TestExternalWeights(t *testing.T) {
	four := []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40} // 1, 2, 3, 4
	files := fstest.MapFS{"m/w.bin": {Data: append(make([]byte, 8), four...)}, "w.bin": {Data: four}, "m/sub/w.bin": {Data: four}, "m/folder/x": {}}
	tests := map[string]struct {
		pins []pin
		want string // of the error; empty: the sum of the weights and the film
	}{
		"a range of a file":                   {[]pin{at("w.bin", 8, 16, 1, 1, 2, 2)}, ""},
		"a file in a folder":                  {[]pin{at("sub/w.bin", 0, 16, 1, 1, 2, 2)}, ""},
		"without offset and length":           {[]pin{{"sub/w.bin", nil, []int{1, 1, 2, 2}}}, ""},
		"the same range twice":                {[]pin{at("w.bin", 8, 16, 1, 1, 2, 2), at("w.bin", 8, 16, 1, 1, 2, 2)}, ""},
		"more bytes than the file has":        {[]pin{at("w.bin", 12, 16, 1, 1, 2, 2)}, "weights are at 12 to 28"},
		"an offset beyond the file":           {[]pin{at("w.bin", 1<<30, 16, 1, 1, 2, 2)}, "w.bin has 24 bytes"},
		"a length that is not the shape's":    {[]pin{at("w.bin", 0, 24, 1, 1, 2, 2)}, "has 24 bytes in file \"w.bin\", its shape [1 1 2 2] of float says 16"},
		"a shape as large as memory":          {[]pin{at("w.bin", 0, 1<<30, 1<<14, 1<<14)}, "weights are at 0 to 1073741824"},
		"ranges that overlap again and again": {[]pin{at("w.bin", 0, 16, 1, 1, 2, 2), at("w.bin", 4, 16, 1, 1, 2, 2), at("w.bin", 8, 16, 1, 1, 2, 2)}, "weights of more bytes than the 24 of w.bin"},
		"a file outside":                      {[]pin{at("../../w.bin", 0, 16, 1, 1, 2, 2)}, `weights at "../../w.bin"`},
		"an absolute path":                    {[]pin{at("/etc/passwd", 0, 16, 1, 1, 2, 2)}, `weights at "/etc/passwd"`},
		"a folder":                            {[]pin{at("folder", 0, 16, 1, 1, 2, 2)}, "no file"},
		"a negative offset":                   {[]pin{{"w.bin", [][2]string{{"offset", "-8"}}, []int{1, 1, 2, 2}}}, `external offset "-8"`},
		"no such file":                        {[]pin{at("v.bin", 0, 16, 1, 1, 2, 2)}, "v.bin"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files["m/a.onnx"] = &fstest.MapFile{Data: externalModel(test.pins...)}
			e, err := OpenFS(files, "m/a.onnx", nil)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q in it", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			out, _, err := e.Raw(t.Context(), []float32{10, 20, 30, 40})
			n := float32(len(test.pins))
			if want := fmt.Sprint([]float32{10 + n, 20 + 2*n, 30 + 3*n, 40 + 4*n}); err != nil || fmt.Sprint(out) != want {
				t.Errorf("%v, error %v, want %s", out, err, want)
			}
		})
	}
}

// A link beside the model may lead to another file of its folder, not out of it.
func TestExternalWeightsFollowNoLinkOut(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "model")
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(dir, "secret"), make([]byte, 16))
	write(filepath.Join(folder, "inside"), make([]byte, 16))
	write(filepath.Join(folder, "a.onnx"), externalModel(at("w.bin", 0, 16, 1, 1, 2, 2)))
	for target, ok := range map[string]bool{"../secret": false, filepath.Join(dir, "secret"): false, "inside": true} {
		link := filepath.Join(folder, "w.bin")
		os.Remove(link)
		if err := os.Symlink(target, link); err != nil {
			t.Skip("no symbolic links: ", err)
		}
		if _, err := Open(filepath.Join(folder, "a.onnx"), nil); (err == nil) != ok {
			t.Errorf("link to %s: error %v", target, err)
		}
	}
}

// 50 tensors of a file of 64 MiB once took 3.2 GiB.
func TestExternalWeightsTakeTheirRangesOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "w.bin"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "w.bin"), 64<<20); err != nil {
		t.Fatal(err)
	}
	var pins []pin
	for i := range 50 {
		pins = append(pins, at("w.bin", 16*i, 16, 1, 1, 2, 2))
	}
	if err := os.WriteFile(filepath.Join(dir, "a.onnx"), externalModel(pins...), 0o600); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Open(filepath.Join(dir, "a.onnx"), nil); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if size := after.TotalAlloc - before.TotalAlloc; size > 4<<20 {
		t.Errorf("%d bytes", size)
	}
}

// Whatever makes the compiler panic is an error, and tells the node.
func TestLoadOfHostileFiles(t *testing.T) {
	names, _ := filepath.Glob("../../../shared/defects/onnx/hostile/*.onnx")
	if len(names) == 0 {
		t.Skip("no ../shared/defects/onnx")
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Load(data, nil)
		if err == nil || !errors.Is(err, cxr.ErrCorrupt) && !errors.Is(err, cxr.ErrUnsupported) && !errors.Is(err, cxr.ErrTooLarge) || bytes.Contains([]byte(err.Error()), []byte("panic")) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
