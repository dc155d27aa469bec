package cxrbeam

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/head"
)

func init() { beam.RegisterType(reflect.TypeFor[Part]()) }

// partRows is how many films a worker takes at a time.
const partRows = 2048

// A Part is some rows of a folder of shards, which stay where they are.
type Part struct {
	First, End int64
	Of         int64 // rows of the folder
}

// partsOf deals a folder out.
func partsOf(dir string) ([]Part, cxr.Space, error) {
	r, err := shards.Read(dir)
	if err != nil {
		return nil, cxr.Space{}, err
	}
	defer r.Close()
	n := int64(r.Len())
	var parts []Part
	for first := int64(0); first < n; first += partRows {
		parts = append(parts, Part{first, min(first+partRows, n), n})
	}
	return parts, r.Space(), nil
}

// What a process has opened: files that have changed are opened anew.
var (
	openedMu sync.Mutex
	opened   = map[string]any{}
)

// once opens something of a process, by what it is of.
func once[T any](key string, open func() (T, error)) (T, error) {
	openedMu.Lock()
	defer openedMu.Unlock()
	if v, ok := opened[key].(T); ok {
		return v, nil
	}
	v, err := open()
	if err == nil {
		opened[key] = v
	}
	return v, err
}

// readerOf maps a folder, whose rows must be as many as they were dealt out.
func readerOf(dir string, of int64) (*shards.Reader, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.arrow"))
	if err != nil {
		return nil, err
	}
	r, err := once("shards "+strings.Join(names, "\x00"), func() (*shards.Reader, error) { return shards.Read(dir) })
	if err == nil && int64(r.Len()) != of {
		err = errors.New("the shards have changed since the job began")
	}
	return r, err
}

// stamp is a key of a file as it is now.
func stamp(kind, name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(kind, " ", name, " ", info.Size(), " ", info.ModTime().UnixNano()), nil
}

// labelsOf reads a table of labels, once a process.
func labelsOf(name string, findings []string) (*head.Labels, error) {
	key, err := stamp("labels "+strings.Join(findings, "\x00"), name)
	if err != nil {
		return nil, err
	}
	return once(key, func() (*head.Labels, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		l, err := head.ReadLabels(f, &head.LabelOptions{Findings: findings})
		if err != nil {
			return nil, fmt.Errorf("labels: %w", err)
		}
		return l, nil
	})
}

// modelOf reads a head, once a process.
func modelOf(name string) (*head.Model, error) {
	key, err := stamp("head", name)
	if err != nil {
		return nil, err
	}
	return once(key, func() (*head.Model, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return head.ReadModel(f)
	})
}

// An example is a film with its labels.
type example struct {
	embedding *cxr.Embedding
	row       int // of the labels
	label     *head.LabelRow
}

// examples are the films of a part that have labels, and are of the split.
func (p Part) examples(dir, labels string, findings []string, split string) ([]example, error) {
	r, err := readerOf(dir, p.Of)
	if err != nil {
		return nil, err
	}
	l, err := labelsOf(labels, findings)
	if err != nil {
		return nil, err
	}
	var all []example
	for i := p.First; i < p.End; i++ {
		row, ok, err := l.Find(r.ID(int(i)))
		if err != nil {
			return nil, err
		}
		if !ok || split != "" && l.Rows[row].Split != split {
			continue
		}
		all = append(all, example{r.Embedding(int(i)), row, &l.Rows[row]})
	}
	return all, nil
}

// patient is a number for a patient's name, which does not travel; 0: none is told.
func patient(name string) int64 {
	if name == "" {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return int64(h.Sum64() | 1)
}
