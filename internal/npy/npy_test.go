package npy

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
)

func arrays() []Array {
	return []Array{{"embedding", []int{2, 3}, []float32{1, -2, 0.5, 4, 1e-30, 6}}, {"b", []int{1}, []float32{7}}, {"c", nil, []float32{8}}}
}

func read(data []byte) (list []Array, err error) {
	_, err = Each(bytes.NewReader(data), int64(len(data)), 1<<20, func(a Array) error {
		list = append(list, a)
		return nil
	})
	return list, err
}

func TestRoundTrip(t *testing.T) {
	data, err := Marshal("a/b.dcm", arrays()...)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(data); err != nil || !reflect.DeepEqual(got, arrays()) {
		t.Errorf("%v, error %v", got, err)
	}
	for n := range len(data) {
		if got, err := read(data[:n]); err == nil {
			t.Fatalf("%d bytes of %d gave %v", n, len(data), got)
		}
	}
}

// An archive whose array is altered, or has something behind it: little that
// could be packed to inflate for hours.
func TestDamage(t *testing.T) {
	data, err := Marshal("", arrays()[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("\n\x00\x00\x80\x3f")) + 3 // within the first value
	data[at] ^= 1
	if got, err := read(data); !errors.Is(err, cxr.ErrCorrupt) {
		t.Errorf("a bit altered: %v, error %v", got, err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("a.npy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(append(arrays()[0].Append(nil), make([]byte, 1<<20)...)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := read(b.Bytes()); !errors.Is(err, cxr.ErrCorrupt) {
		t.Errorf("more behind the array: %v, error %v", got, err)
	}
}

// NumPy reads ours, and we NumPy's.
func TestNumPy(t *testing.T) {
	python := "/usr/bin/python3"
	if exec.Command(python, "-c", "import numpy").Run() != nil {
		t.Skip("no NumPy: apt-get install python3-numpy")
	}
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours.npz"), filepath.Join(dir, "theirs.npz")
	data, err := Marshal("a/b.dcm", arrays()...)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ours, data, 0o666); err != nil {
		t.Fatal(err)
	}
	const script = `
import numpy, sys
z = numpy.load(sys.argv[1])
assert z['embedding'].dtype == numpy.float32 and (z['embedding'] == numpy.float32([[1, -2, 0.5], [4, 1e-30, 6]])).all()
assert z['b'].shape == (1,) and z['c'].shape == ()
numpy.savez_compressed(sys.argv[2], h=numpy.float16([[1, 2]]), f=numpy.float32([3]), d=numpy.float64(4))
`
	if out, err := exec.Command(python, "-c", script, ours, theirs).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if data, err = os.ReadFile(theirs); err != nil {
		t.Fatal(err)
	}
	want := []Array{{"h", []int{1, 2}, []float32{1, 2}}, {"f", []int{1}, []float32{3}}, {"d", nil, []float32{4}}}
	if got, err := read(data); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, error %v", got, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(arrays()[0].Append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Read(bytes.NewReader(data), 1<<16)
		if err != nil {
			return
		}
		n := 1
		for _, d := range a.Shape {
			n *= d
		}
		if n != len(a.Values) {
			t.Errorf("%d values of shape %v", len(a.Values), a.Shape)
		}
	})
}
