package shards

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/tfexample"
	"github.com/cxrkit/cxrkit/internal/tfrecord"
)

const journalFile = "pending.tfrecord"

// A journal holds what no shard holds yet: a TFRecord file, whose first record
// says what the folder is for, and each further one a vector. Its end may be torn,
// where its checksum tells; a record that is damaged before a whole one is
// [cxr.ErrCorrupt], as the disk or somebody has changed it.
type journal struct {
	f     *os.File
	start int64 // after the first record
	end   int64 // after the last whole one
}

// An entry is a vector of the journal.
type entry struct {
	content [contentBytes]byte
	id      string
	values  []float32
}

// Features of a record.
const (
	idFeature        = "image/id"
	contentFeature   = "content"
	embeddingFeature = "embedding"
)

func (e entry) record() []byte {
	return tfrecord.Append(nil, tfexample.Marshal(
		tfexample.Feature{Name: contentFeature, Bytes: [][]byte{e.content[:]}},
		tfexample.Feature{Name: idFeature, Bytes: [][]byte{[]byte(e.id)}},
		tfexample.Feature{Name: embeddingFeature, Floats: e.values}))
}

func parseEntry(data []byte, a about) (e entry, ok bool) {
	features, err := tfexample.Parse(data)
	if err != nil {
		return e, false
	}
	for _, f := range features {
		switch {
		case f.Name == contentFeature && len(f.Bytes) == 1 && len(f.Bytes[0]) == contentBytes:
			copy(e.content[:], f.Bytes[0])
		case f.Name == idFeature && len(f.Bytes) == 1:
			e.id = string(f.Bytes[0])
		case f.Name == embeddingFeature:
			e.values = f.Floats
		}
	}
	return e, len(e.values) == a.size()
}

// openJournal opens or makes the journal of a folder, and reads what waits in it.
func openJournal(name string, a about) (*journal, []entry, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, err
	}
	j := &journal{f: f}
	waiting, err := j.open(a)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return j, waiting, nil
}

func (j *journal) open(a about) ([]entry, error) {
	if err := lock(j.f); err != nil {
		return nil, err
	}
	waiting, err := j.read(a)
	if err != nil {
		return nil, err
	}
	if j.start == 0 { // new, or torn at its very beginning
		header, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		record := tfrecord.Append(nil, header)
		if size, err := j.f.Seek(0, io.SeekEnd); err != nil || size > int64(len(record)) {
			return nil, errors.Join(err, fmt.Errorf("%s: %w: not a journal of this library", journalFile, cxr.ErrCorrupt))
		}
		if err := j.append(record); err != nil {
			return nil, err
		}
		if err := j.f.Truncate(j.end); err != nil {
			return nil, err
		}
		j.start = j.end
		return nil, j.f.Sync()
	}
	return waiting, j.f.Truncate(j.end)
}

// read reads the whole records from the beginning.
func (j *journal) read(a about) (waiting []entry, err error) {
	in := bufio.NewReaderSize(j.f, 1<<20)
	most := 8*a.size() + 1<<20
	for {
		data, err := tfrecord.Read(in, most)
		if err == io.EOF {
			return waiting, nil
		}
		if errors.Is(err, cxr.ErrTruncated) || errors.Is(err, cxr.ErrCorrupt) || errors.Is(err, cxr.ErrTooLarge) {
			whole, err := j.wholeRecordAfter(j.end+1, most)
			if err == nil && whole {
				err = fmt.Errorf("%s: %w: a record in the middle is damaged", journalFile, cxr.ErrCorrupt)
			}
			return waiting, err
		}
		if err != nil {
			return nil, err
		}
		size := int64(len(data)) + 16
		if j.start == 0 {
			var there about
			if err := json.Unmarshal(data, &there); err != nil {
				return nil, fmt.Errorf("%s: %w: not a journal of this library", journalFile, cxr.ErrCorrupt)
			}
			if err := there.match(a); err != nil {
				return nil, fmt.Errorf("the folder holds other embeddings: %w; use another folder", err)
			}
			j.start, j.end = size, size
			continue
		}
		e, ok := parseEntry(data, a)
		if !ok {
			return nil, fmt.Errorf("%s: %w: a record that is no embedding", journalFile, cxr.ErrCorrupt)
		}
		waiting = append(waiting, e)
		j.end += size
	}
}

// wholeRecordAfter looks for a record from a place on: what follows a torn end is
// none.
func (j *journal) wholeRecordAfter(from int64, most int) (bool, error) {
	rest, err := io.ReadAll(io.NewSectionReader(j.f, from, math.MaxInt64-from))
	if err != nil {
		return false, err
	}
	for i := range rest {
		// Of a record that is not empty, the length's upper bytes are zeros.
		if len(rest)-i < 16 || binary.LittleEndian.Uint64(rest[i:])-1 >= uint64(most) {
			continue
		}
		if _, err := tfrecord.Read(bytes.NewReader(rest[i:]), most); err == nil {
			return true, nil
		}
	}
	return false, nil
}

// append writes a record after the last whole one, over what is left of one
// that failed.
func (j *journal) append(record []byte) error {
	if _, err := j.f.WriteAt(record, j.end); err != nil {
		return errors.Join(err, j.f.Truncate(j.end))
	}
	j.end += int64(len(record))
	return nil
}

// clear forgets the vectors: a shard holds them.
func (j *journal) clear() error {
	if err := j.f.Truncate(j.start); err != nil {
		return err
	}
	j.end = j.start
	return nil
}

func (j *journal) close() error { return j.f.Close() }
