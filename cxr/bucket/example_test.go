package bucket_test

import (
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/cxr/bucket"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
)

// Films of a bucket are read as those of a folder are.
func ExampleOpen() {
	ctx := context.Background()
	b, err := bucket.Open(ctx, "mem://films") // or gs://hospital/films
	if err != nil {
		panic(err)
	}
	defer b.Close()
	if err := b.WriteFile(ctx, "monday/a.dcm", (phantom.Film{Size: 128}).DICOM()); err != nil {
		panic(err)
	}
	films := dicomconv.New(nil).Files(b)
	defer films.Close()
	film, err := films.Next(ctx)
	if err != nil {
		panic(err)
	}
	fmt.Println(film)
	// Output: monday/a.dcm: 125 x 128 pixels, 16 bits, view PA, standard/1
}
