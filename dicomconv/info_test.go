package dicomconv_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

func TestNotesAreOfWhatIsUncertain(t *testing.T) {
	quiet := func() *dicomtest.File {
		return row(1, 2).Set(dicomtest.BurnedIn, "CS", "NO").Set(dicomtest.ViewPosition, "CS", "PA").Window("1", "2")
	}
	tests := []struct {
		want string
		film *dicomtest.File
	}{
		{"the file does not deny burned-in annotation", quiet().Remove(dicomtest.BurnedIn)},
		{"raw detector data, for processing and not for presentation", quiet().Set(0x00080068, "CS", "FOR PROCESSING")},
		{"secondary capture: gray values of a screen or a scanned film", quiet().Set(0x00080064, "CS", "DF")},
		{"secondary capture: gray values of a screen or a scanned film", quiet().Set(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7")},
		{"lossy compression", quiet().Set(0x00282110, "CS", "01")},
		{"no window and no VOI LUT: Standard takes an automatic window", quiet().Remove(dicomtest.WindowWidth).Remove(dicomtest.WindowCenter)},
		{"several windows or VOI LUTs: Options.VOI chooses", quiet().Window("1\\2", "2\\2")},
		{"padding: excluded by Standard, taken for pixels by the other recipes", quiet().Set(dicomtest.Padding, "US", 0)},
		{"display shutter: applied by Standard only", quiet().Set(0x00181600, "CS", "RECTANGULAR").Set(0x00181602, "IS", "2")},
		{"high bit is not bits stored - 1", quiet().Set(dicomtest.BitsStored, "US", 12)},
		{"no view position", quiet().Remove(dicomtest.ViewPosition)},
	}
	stat := func(f *dicomtest.File) dicomconv.Info {
		info, err := dicomconv.New(nil).Stat(bytes.NewReader(f.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	if notes := stat(quiet()).Notes; len(notes) > 0 {
		t.Errorf("notes %q of a film without a fault", notes)
	}
	for _, test := range tests {
		if got := stat(test.film).Notes; !slices.Equal(got, []string{test.want}) {
			t.Errorf("notes %q, want %q", got, test.want)
		}
	}
}

// once is a reader that must not be read beyond n bytes.
type once struct {
	io.Reader
	n int
}

func (r *once) Read(b []byte) (int, error) {
	if r.n <= 0 {
		return 0, errors.New("read too far")
	}
	n, err := r.Reader.Read(b[:min(len(b), r.n)])
	r.n -= n
	return n, err
}

func TestStatReadsTheHeaderAlone(t *testing.T) {
	f := dicomtest.Film(1000, 1000).Set(0x00091001, "OB", make([]byte, 200_000)).Window("1", "2").Set(dicomtest.VOILUT, "SQ",
		[]*dicomtest.File{dicomtest.Item().Set(dicomtest.LUTDescriptor, "US", []int{1, 0, 8}).Set(dicomtest.LUTData, "OW", []uint16{1})})
	for _, syntax := range []string{dicomtest.ExplicitLittle, dicomtest.ExplicitBig, dicomtest.ImplicitLittle} {
		f.Syntax = syntax
		info, err := dicomconv.New(&dicomconv.Options{PseudonymKey: []byte("key")}).Stat(&once{bytes.NewReader(f.Bytes()), 400_000})
		if err != nil {
			t.Fatal(err)
		}
		if info.TransferSyntax != syntax || info.Width != 1000 || len(info.Windows) != 1 || info.VOILUTs != 1 || info.Pseudonym != dicomconv.Pseudonym([]byte("key"), "2.25.1") {
			t.Errorf("%s: %+v", syntax, info)
		}
	}
}

func TestStatOfWhatIsNoFilm(t *testing.T) {
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte("some text, long enough to be sure"), "a cut picture": []byte("\x89PNG\r\n\x1a\n")} {
		if _, err := dicomconv.New(nil).Stat(bytes.NewReader(b)); !errors.Is(err, cxr.ErrUnsupported) && !errors.Is(err, cxr.ErrTruncated) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := dicomconv.New(nil).Stat(bytes.NewReader(row(1).Bytes()[:200])); !errors.Is(err, cxr.ErrTruncated) {
		t.Errorf("half a header: error %v, want one that is cxr.ErrTruncated", err)
	}
}
