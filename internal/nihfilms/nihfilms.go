// Package nihfilms holds embeddings of real chest films, so that programs have
// something real to show without data: 484 films of 341 adults from NIH
// ChestX-ray14 (Wang et al., CVPR 2017), which the NIH gives away for any use
// with credit. There is no image in it, no file name and no patient's number.
// internal/tools/nihfilms makes it.
package nihfilms

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/internal/half"
)

// Source names the films, their size and their terms, in a line.
const Source = "484 films of 341 adults from NIH ChestX-ray14 (Wang et al. 2017; free use with credit), reduced to 320 x 320 pixels"

// Abnormal is the finding of films on which any was found.
const Abnormal = "abnormal"

//go:embed films.gz
var stored []byte

// A Table is what the stored file begins with, as a line of JSON. Embeddings
// follow it space by space and film by film, as float16 in little-endian order.
type Table struct {
	Findings []string    `json:"findings"`
	Spaces   []cxr.Space `json:"spaces"`
	Films    []Film      `json:"films"`
}

// A Film is all that is told of one.
type Film struct {
	Patient  int    `json:"patient"` // numbered by chance
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Positive []bool `json:"positive"` // by finding
}

// load reads the file once: it is part of the program.
var load = sync.OnceValues(func() ([]*head.Dataset, error) { return Read(bytes.NewReader(stored)) })

// Datasets are the films by each kind of feature, the encoder of embed/local/mini
// first, then the same network with random weights, then pixels, with some findings
// or, of none given, all. They are shared: who changes them, changes them for all.
func Datasets(findings ...string) ([]*head.Dataset, error) {
	all, err := load()
	if err != nil {
		return nil, err
	}
	if len(findings) == 0 {
		return all, nil
	}
	var some []*head.Dataset
	for _, d := range all {
		only, err := d.Only(findings...)
		if err != nil {
			return nil, err
		}
		some = append(some, only)
	}
	return some, nil
}

// Write stores films; values are by space and film.
func Write(w io.Writer, t *Table, values [][][]float32) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	line, err := json.Marshal(t)
	if err != nil {
		return err
	}
	data := append(line, '\n')
	for _, films := range values {
		for _, v := range films {
			for _, x := range v {
				data = binary.LittleEndian.AppendUint16(data, half.From(x))
			}
		}
	}
	_, err = z.Write(data)
	return errors.Join(err, z.Close())
}

// Read reads what [Write] wrote.
func Read(r io.Reader) ([]*head.Dataset, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("nihfilms: %w", err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("nihfilms: %w", err)
	}
	line, data, _ := bytes.Cut(data, []byte("\n"))
	var t Table
	if err := json.Unmarshal(line, &t); err != nil {
		return nil, fmt.Errorf("nihfilms: %w", err)
	}
	var all []*head.Dataset
	for _, space := range t.Spaces {
		size := 2 * space.Tokens * space.Dim
		if len(data) < size*len(t.Films) {
			return nil, fmt.Errorf("nihfilms: %w", io.ErrUnexpectedEOF)
		}
		all = append(all, t.dataset(space, data[:size*len(t.Films)]))
		data = data[size*len(t.Films):]
	}
	return all, nil
}

func (t *Table) dataset(space cxr.Space, data []byte) *head.Dataset {
	d := &head.Dataset{Findings: t.Findings}
	size := 2 * space.Tokens * space.Dim
	for i, film := range t.Films {
		e := head.Example{
			Embedding: &cxr.Embedding{ID: fmt.Sprintf("film%03d", i+1), Space: space, Values: make([]float32, size/2)},
			Patient:   fmt.Sprintf("patient%03d", film.Patient), Labels: make([]head.Label, len(t.Findings)),
		}
		for j := range e.Embedding.Values {
			e.Embedding.Values[j] = half.Float32(binary.LittleEndian.Uint16(data[size*i+2*j:]))
		}
		for f, positive := range film.Positive {
			e.Labels[f] = head.Negative
			if positive {
				e.Labels[f] = head.Positive
			}
		}
		d.Examples = append(d.Examples, e)
	}
	return d
}
