package main

import (
	"sync"

	"github.com/cxrkit/cxrkit/dicomconv"
)

// names are the paths of films that are named by pseudonyms.
type names struct {
	mu    sync.Mutex
	paths map[string]string // by ID
}

// newNames has films named, if o has a key: by their instance or, without one,
// their path, in a folder of their patient if the file names one.
func newNames(o *dicomconv.Options) *names {
	n := &names{paths: map[string]string{}}
	if o.PseudonymKey == nil {
		return n
	}
	o.ID = func(path string, info dicomconv.Info) string {
		id := info.Pseudonym
		if id == "" {
			id = dicomconv.Pseudonym(o.PseudonymKey, path)
		}
		if info.Patient != "" {
			id = info.Patient + "/" + id
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		if _, ok := n.paths[id]; !ok {
			n.paths[id] = path
		}
		return id
	}
	return n
}

// path is that of a film.
func (n *names) path(id string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	path, ok := n.paths[id]
	if !ok {
		return id
	}
	delete(n.paths, id)
	return path
}
