package dicomweb_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httptest"

	"github.com/cxrkit/cxrkit/dicomconv/dicomweb"
	"github.com/cxrkit/cxrkit/internal/testkit/pacs"
)

// The films of a PACS are a source like any other. Here a stand-in is the PACS.
func Example() {
	archive, err := pacs.NewServer(pacs.Phantoms(4, 64), nil)
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(archive)
	defer server.Close()

	c, err := dicomweb.New(&dicomweb.Options{URL: server.URL + "/dicom-web", Key: []byte("a secret of the ward")})
	if err != nil {
		log.Fatal(err)
	}
	films := c.Films(&dicomweb.Query{Modalities: []string{"DX"}})
	defer films.Close()
	for {
		film, err := films.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(film)
	}
	// Output:
	// I6UXQ3J2KQI6I3DUU7D64IYMY2: 62 x 64 pixels, 16 bits, view PA, standard/1
	// YAU6I6V7DG6CA6QYL66JMWIFA4: 61 x 64 pixels, 16 bits, view PA, standard/1
	// Q34NVDNBFXR2WACXZF4U6ZB7SF: 57 x 64 pixels, 16 bits, view PA, standard/1
	// EOL2LWJNUKSQDJPAVEGUC5EOCP: 56 x 64 pixels, 16 bits, view PA, standard/1
}
