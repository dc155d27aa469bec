package simd

import "sync"

// A later is work that is put off until its result is needed: to pack weights takes
// longer than to read them, and a program may open a model to run a part of it.
type later struct {
	once sync.Once
	do   func()
}

// ready does the work unless it is done. All who call it together wait for it.
func (l *later) ready() {
	if l == nil {
		return
	}
	l.once.Do(func() {
		l.do()
		l.do = nil // with the weights that it holds
	})
}
