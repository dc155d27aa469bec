package cxrbeam

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/store/shards"
)

func init() {
	register.DoFn3x1[context.Context, int64, func(*Row) bool, error](&shardFn{})
	register.Iter1[Row]()
}

// WriteShards writes rows of a space to Arrow shards, each by one worker, whose
// memory is the shard's rows. A shard is sorted and named by what is in it; one
// that is there already is joined with the new rows, so that films are added and
// none is lost. Readers meanwhile may see rows twice, never a torn file.
func WriteShards(s beam.Scope, rows beam.PCollection, space cxr.Space, o *Options) {
	if o.Format != "arrow" {
		return
	}
	s = s.Scope("WriteShards")
	beam.ParDo0(s, &shardFn{Dir: o.Output, Space: space}, beam.GroupByKey(s, rows))
}

// A shardFn writes a shard.
type shardFn struct {
	Dir   string
	Space cxr.Space
}

// ProcessElement writes shard number of the new rows and those that it has.
func (f *shardFn) ProcessElement(_ context.Context, number int64, rows func(*Row) bool) (err error) {
	var all []Row
	for row := (Row{}); rows(&row); row = (Row{}) {
		all = append(all, row)
	}
	old, err := filepath.Glob(filepath.Join(f.Dir, fmt.Sprintf("%06d-*.arrow", number)))
	if err != nil {
		return err
	}
	there := 0
	for _, name := range old {
		more, err := readShard(name, f.Space)
		if err != nil {
			return err
		}
		there += len(more)
		all = append(all, more...)
	}
	slices.SortStableFunc(all, less)
	all = slices.CompactFunc(all, func(a, b Row) bool { return less(a, b) == 0 })
	if len(old) == 1 && there == len(all) {
		return nil
	}
	films := make([]shards.Row, len(all))
	for i, row := range all {
		films[i] = shards.Row{ID: row.ID, Content: row.Content, Values: fromBytes(row.Values)}
	}
	name, err := shards.Write(f.Dir, int(number), f.Space, films)
	for _, o := range old {
		if err == nil && filepath.Base(o) != name {
			if err = os.Remove(o); errors.Is(err, os.ErrNotExist) { // another try of this bundle was first
				err = nil
			}
		}
	}
	return err
}

// readShard is the rows of a shard.
func readShard(name string, space cxr.Space) ([]Row, error) {
	dir, base := filepath.Split(name)
	r, err := shards.ReadFiles(dir, base)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := space.Match(r.Space()); err != nil {
		return nil, err
	}
	rows := make([]Row, r.Len())
	for i := range rows {
		rows[i] = Row{r.ID(i), r.Content(i), toBytes(r.Values(i))}
	}
	return rows, nil
}

func toBytes(values []float32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func fromBytes(b []byte) []float32 {
	values := make([]float32, len(b)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return values
}
