// Package parquet writes films with their embeddings, labels and scores as a
// table in an Apache Parquet file, to be looked at in other tools: pandas, DuckDB,
// Apple's Embedding Atlas, FiftyOne. docs/PARQUET.md shows each.
//
// A row is a film. Its columns are id; embedding, a list of so many float32, mean
// over the tokens; split; and for each finding its name, true or false or null
// where the label is missing. A finding that heads score has a column more, with
// _score after its name. The file says which model, digest and recipe the
// embeddings are of, as metadata.
package parquet

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

// Options say what is in a table besides embeddings and labels. Nil means the zero
// value.
type Options struct {
	Heads      []head.Head // whose scores to write; two must not know the same finding
	Patients   bool        // write a column patient, with what the labels say
	Attributes []string    // of the films to write, each as a column of text
}

// rowsAtOnce are held as columns before they are written.
const rowsAtOnce = 512

// Write writes a table of films, which must be of one Space. Films have unique
// ids. Neither an id nor a label is changed; patients and attributes are written
// only if asked for. Memory is that of 512 films besides those given.
func Write(w io.Writer, d *head.Dataset, o *Options) (err error) {
	if o == nil {
		o = &Options{}
	}
	space, err := d.Check()
	if err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	seen := map[string]bool{}
	for i, e := range d.Examples {
		if id := e.Embedding.ID; id == "" || seen[id] {
			return fmt.Errorf("parquet: film %d: %w: every film needs an id of its own", i, cxr.ErrMismatch)
		}
		seen[e.Embedding.ID] = true
	}
	t := &table{data: d, heads: o.Heads, space: space}
	if err := t.columns(o); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	schema := t.schema()
	properties := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy))
	f, err := pqarrow.NewFileWriter(schema, struct{ io.Writer }{w}, properties, pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = fmt.Errorf("parquet: %w", err)
		}
	}()
	for first := 0; first < len(d.Examples); first += rowsAtOnce {
		if err := t.write(f, schema, first, min(first+rowsAtOnce, len(d.Examples))); err != nil {
			return err
		}
	}
	return nil
}

// A table is films as columns.
type table struct {
	data  *head.Dataset
	heads []head.Head
	space cxr.Space
	list  []column
}

// A column has a name, a type, and appends what a film has to a builder.
type column struct {
	name string
	kind arrow.DataType
	add  func(b array.Builder, film int, scores map[string]float64)
}

// columns decides what the table has.
func (t *table) columns(o *Options) error {
	example := func(film int) *head.Example { return &t.data.Examples[film] }
	t.text("id", func(film int) string { return example(film).Embedding.ID })
	t.list = append(t.list, column{
		name: "embedding", kind: arrow.FixedSizeListOfNonNullable(int32(t.space.Dim), arrow.PrimitiveTypes.Float32),
		add: func(b array.Builder, film int, _ map[string]float64) {
			list := b.(*array.FixedSizeListBuilder)
			list.Append(true)
			list.ValueBuilder().(*array.Float32Builder).AppendValues(example(film).Embedding.Mean(nil), nil)
		},
	})
	t.text("split", func(film int) string { return example(film).Split })
	if o.Patients {
		t.text("patient", func(film int) string { return example(film).Patient })
	}
	for _, name := range o.Attributes {
		t.text(name, func(film int) string { return example(film).Attributes[name] })
	}
	for f, name := range t.data.Findings {
		t.list = append(t.list, column{name: name, kind: arrow.FixedWidthTypes.Boolean, add: func(b array.Builder, film int, _ map[string]float64) {
			if l := example(film).Labels[f]; l == head.Missing {
				b.AppendNull()
			} else {
				b.(*array.BooleanBuilder).Append(l == head.Positive)
			}
		}})
	}
	for _, h := range o.Heads {
		for _, name := range h.Findings() {
			t.list = append(t.list, column{name: name + "_score", kind: arrow.PrimitiveTypes.Float64, add: func(b array.Builder, _ int, scores map[string]float64) {
				b.(*array.Float64Builder).Append(scores[name])
			}})
		}
	}
	var names []string
	for _, c := range t.list {
		if slices.Contains(names, c.name) {
			return fmt.Errorf("two columns %q", c.name)
		}
		names = append(names, c.name)
	}
	return nil
}

// text is a column of words, null where there is none.
func (t *table) text(name string, of func(film int) string) {
	t.list = append(t.list, column{name: name, kind: arrow.BinaryTypes.String, add: func(b array.Builder, film int, _ map[string]float64) {
		if s := of(film); s != "" {
			b.(*array.StringBuilder).Append(s)
		} else {
			b.AppendNull()
		}
	}})
}

func (t *table) schema() *arrow.Schema {
	var fields []arrow.Field
	for _, c := range t.list {
		fields = append(fields, arrow.Field{Name: c.name, Type: c.kind, Nullable: c.name != "id" && c.name != "embedding"})
	}
	about := arrow.NewMetadata([]string{"cxrkit", "model", "digest", "recipe"}, []string{"1", t.space.Model, t.space.Digest, t.space.Recipe})
	return arrow.NewSchema(fields, &about)
}

// write appends the films from first to before last.
func (t *table) write(f *pqarrow.FileWriter, schema *arrow.Schema, first, last int) error {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for film := first; film < last; film++ {
		scores, err := t.scores(film)
		if err != nil {
			return err
		}
		for i, c := range t.list {
			c.add(b.Field(i), film, scores)
		}
	}
	rows := b.NewRecordBatch()
	defer rows.Release()
	return f.Write(rows)
}

// scores are those of all heads on a film.
func (t *table) scores(film int) (map[string]float64, error) {
	all := map[string]float64{}
	for _, h := range t.heads {
		p, err := h.Predict(t.data.Examples[film].Embedding)
		if err != nil {
			return nil, fmt.Errorf("film %d: %w", film, err)
		}
		for f, name := range h.Findings() {
			all[name] = p[f]
		}
	}
	return all, nil
}
