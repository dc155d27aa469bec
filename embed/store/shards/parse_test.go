package shards

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/cxrkit/cxrkit/cxr"
)

func someRows() (about, *rows) {
	a := about{Space: cxr.Space{Model: "m", Recipe: "standard/1", Tokens: 1, Dim: 4}}
	r := &rows{}
	r.add("ward/1.dcm", [32]byte{1}, []float32{1, 2, 3, 4})
	r.add("", [32]byte{2}, []float32{5, 6, 7, 8})
	r.add("ü", [32]byte{3}, []float32{-1, 0, 1e30, 1e-30})
	return a, r
}

// Apache's own reader sees what ours does.
func TestApachesReader(t *testing.T) {
	a, r := someRows()
	var b bytes.Buffer
	if err := encode(&b, a, r); err != nil {
		t.Fatal(err)
	}
	f, err := ipc.NewFileReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	batch, err := f.RecordBatchAt(0)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Schema().Equal(a.schema()) || batch.NumRows() != 3 {
		t.Errorf("%d rows of %v", batch.NumRows(), f.Schema())
	}
	c, err := parse(b.Bytes())
	if err != nil || c.about != a || c.rows != 3 {
		t.Fatalf("%v, error %v", c, err)
	}
	ids := batch.Column(columnID).(*array.String)
	content := batch.Column(columnContent).(*array.FixedSizeBinary)
	values := batch.Column(columnEmbedding).(*array.FixedSizeList).ListValues().(*array.Float32)
	model := batch.Column(columnModel).(*array.Dictionary)
	for i := range 3 {
		key := c.key(i)
		if ids.Value(i) != r.ids[i] || c.id(i) != r.ids[i] || key[0] != byte(i+1) || !bytes.Equal(content.Value(i), key[:]) || model.ValueStr(i) != "m" {
			t.Errorf("row %d: %q, %q", i, ids.Value(i), c.id(i))
		}
		for k, v := range c.row(i) {
			if v != r.values[4*i+k] || values.Value(4*i+k) != v {
				t.Errorf("row %d: %v", i, c.row(i))
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	a, r := someRows()
	for _, half := range []bool{false, true} {
		a.Float16 = half
		var b bytes.Buffer
		r.values[10] = 2
		if err := encode(&b, a, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parse(bytes.Clone(data))
		if err != nil {
			return
		}
		for i := range min(c.rows, 100) {
			_, _, _ = c.id(i), c.row(i), c.key(i)
		}
	})
}

func FuzzJournal(f *testing.F) {
	dir := f.TempDir()
	a, r := someRows()
	name := filepath.Join(dir, journalFile)
	j, _, err := openJournal(name, a)
	if err != nil {
		f.Fatal(err)
	}
	for i := range r.ids {
		if err := j.append((entry{[32]byte{byte(i)}, r.ids[i], r.values[4*i : 4*i+4]}).record()); err != nil {
			f.Fatal(err)
		}
	}
	j.close()
	data, err := os.ReadFile(name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
		j, waiting, err := openJournal(name, a)
		if err != nil {
			return
		}
		defer j.close()
		for _, e := range waiting {
			if len(e.values) != a.size() {
				t.Errorf("an entry of %d values", len(e.values))
			}
		}
		if end, err := j.f.Seek(0, io.SeekEnd); err != nil || end != j.end {
			t.Errorf("a journal of %d bytes whose records end at %d", end, j.end)
		}
	})
}
