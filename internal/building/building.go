// Package building guards the construction of Gorgonia graphs: Gorgonia writes a
// package-level map while building, without a lock of its own. All packages here
// that build graphs hold this one.
package building

import "sync"

// Lock is held while a graph is built, differentiated or compiled.
var Lock sync.Mutex
