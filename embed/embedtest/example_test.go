package embedtest_test

import (
	"fmt"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/embedtest"
)

// A film to try an embedder with.
func ExampleFilm() {
	fmt.Println(embedtest.Film(cxr.Space{Recipe: cxr.Standard}, 7, 300, 250, 16))
	// Output: film7: 300 x 250 pixels, 16 bits, view PA, standard/1
}
