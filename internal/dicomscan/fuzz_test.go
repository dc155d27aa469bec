package dicomscan_test

import (
	"reflect"
	"testing"

	"github.com/cxrkit/cxrkit/internal/dicomscan"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

var limits = dicomscan.Limits{Elements: 1000, Depth: 8, Pixels: 1 << 16, Inflated: 1 << 20}

// What scans has a header that scans, to the same attributes, and a header
// that the whole confirms.
func FuzzScan(f *testing.F) {
	for _, b := range dicomtest.Hostile() {
		if len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := dicomscan.Scan(b, limits)
		if err != nil {
			return
		}
		for i := range 3 {
			file.PixelData.Frame(i, 3)
		}
		part, err := dicomscan.ScanHeader(b, limits)
		if err != nil || len(part.Elements) != len(file.Elements) && file.PixelData.Tag != 0 {
			t.Fatalf("the header alone has %+v, %v; the file %+v", part, err, file)
		}
		header := file.Header()
		if len(header) > 8*len(b)+1024 {
			t.Errorf("a header of %d bytes for a file of %d", len(header), len(b))
		}
		again, err := dicomscan.ScanHeader(header, limits)
		if err != nil {
			if len(file.Elements) > 0 && len(header) > 200 {
				t.Errorf("the header does not scan: %v", err)
			}
			return
		}
		if twice := again.Header(); !reflect.DeepEqual(twice, header) {
			t.Errorf("header %q, of itself %q", header, twice)
		}
	})
}
