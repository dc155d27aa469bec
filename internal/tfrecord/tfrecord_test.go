package tfrecord

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/tfexample"
)

// Upstream's five files are read and written again byte for byte.
func TestUpstreamsFiles(t *testing.T) {
	names, _ := filepath.Glob("../../../shared/upstream/*.tfrecord")
	if len(names) == 0 {
		t.Skip("no ../shared/upstream")
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		record, err := Read(bytes.NewReader(data), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		features, err := tfexample.Parse(record)
		if err != nil || len(features) != 2 {
			t.Fatalf("%d features, error %v", len(features), err)
		}
		// TensorFlow writes a map in any order.
		again := Append(nil, tfexample.Marshal(features...))
		if !bytes.Equal(again, data) {
			t.Errorf("%s: %d bytes written, %d read, or others", filepath.Base(name), len(again), len(data))
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := Append(Append(nil, []byte("first")), []byte("second"))
	r := bytes.NewReader(good)
	for _, want := range []string{"first", "second"} {
		if got, err := Read(r, 100); err != nil || string(got) != want {
			t.Fatalf("%q, error %v", got, err)
		}
	}
	if _, err := Read(r, 100); err != io.EOF {
		t.Errorf("error %v", err)
	}
	one := Append(nil, []byte("first"))
	for n := 1; n < len(one); n++ {
		if _, err := Read(bytes.NewReader(one[:n]), 100); !errors.Is(err, cxr.ErrTruncated) {
			t.Errorf("%d bytes: error %v", n, err)
		}
	}
	for i := range one {
		bad := bytes.Clone(one)
		bad[i] ^= 1
		if _, err := Read(bytes.NewReader(bad), 100); !errors.Is(err, cxr.ErrCorrupt) {
			t.Errorf("byte %d altered: error %v", i, err)
		}
	}
	if _, err := Read(bytes.NewReader(one), 3); !errors.Is(err, cxr.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(Append(nil, []byte("first")))
	f.Fuzz(func(t *testing.T, data []byte) {
		if record, err := Read(bytes.NewReader(data), 1<<16); err == nil && !bytes.Equal(Append(nil, record), data[:len(record)+16]) {
			t.Error("written otherwise than read")
		}
	})
}
