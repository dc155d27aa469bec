package bucket_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/cxrkit/cxrkit/cxr/bucket"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/gcstest"
)

// stores are URLs of empty buckets of each kind, on this machine.
func stores(t *testing.T) map[string]string {
	t.Helper()
	gcstest.Start(t, "hospital")

	// One time for all: this stand-in takes it twice of an object, some
	// milliseconds apart.
	clock := gofakes3.FixedTimeSource(time.Now())
	backend := s3mem.New(s3mem.WithTimeSource(clock))
	if err := backend.CreateBucket("hospital"); err != nil {
		t.Fatal(err)
	}
	s3 := httptest.NewServer(gofakes3.New(backend, gofakes3.WithTimeSource(clock)).Server())
	t.Cleanup(s3.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")

	return map[string]string{
		"gs":   "gs://hospital/2026?anonymous=true",
		"s3":   "s3://hospital/2026?region=x&use_path_style=true&endpoint=" + s3.URL,
		"file": "file://" + filepath.ToSlash(t.TempDir()) + "/2026",
		"mem":  "mem://hospital/2026",
	}
}

func open(t *testing.T, url string) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestStores(t *testing.T) {
	for scheme, url := range stores(t) {
		t.Run(scheme, func(t *testing.T) {
			b := open(t, url)
			if _, err := b.Open("a/none"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("what is not there: %v", err)
			}
			if _, err := b.Stat("a"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a folder that is not there: %v", err)
			}
			files := map[string]string{"a/1.dcm": "one", "a/b/2.dcm": "two", "a-b/3": strings.Repeat("three", 1<<18), "4": ""}
			for name, text := range files {
				for range 2 { // in place of what is there
					if err := b.WriteFile(t.Context(), name, []byte(text)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := fstest.TestFS(b, "a/1.dcm", "a/b/2.dcm", "a-b/3", "4"); err != nil {
				t.Error(err)
			}
			for name, text := range files {
				if data, err := fs.ReadFile(b, name); err != nil || string(data) != text {
					t.Errorf("%s: %d bytes, error %v", name, len(data), err)
				}
			}
			if err := b.WriteFile(t.Context(), "../up", nil); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("a name that leads out: %v", err)
			}
		})
	}
}

func TestFilmsOfABucket(t *testing.T) {
	film := phantom.Film{Seed: 1, Size: 64}
	var data bytes.Buffer
	if err := film.Draw().WriteDICOM(&data, film, film.Encoding()); err != nil {
		t.Fatal(err)
	}
	for scheme, url := range stores(t) {
		b := open(t, url)
		for _, name := range []string{"ward/2.dcm", "ward/1.dcm", "lab/3.dcm"} {
			if err := b.WriteFile(t.Context(), name, data.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
		for pattern, want := range map[string]string{".": "lab/3.dcm ward/1.dcm ward/2.dcm", "ward": "ward/1.dcm ward/2.dcm", "*/[13].dcm": "lab/3.dcm ward/1.dcm"} {
			src := dicomconv.New(nil).Files(b, pattern)
			var got []string
			for {
				m, err := src.Next(t.Context())
				if err != nil {
					break
				}
				got = append(got, m.ID)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, %s: films %v, want %s", scheme, pattern, got, want)
			}
		}
	}
}

// A store that refuses, or that is not there, is an error of the file system
// that holds no query: queries hold signatures.
func TestRefusal(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
	}))
	defer s.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(s.URL, "http://"))
	b := open(t, "gs://hospital?anonymous=true")
	_, err := b.Open("1.dcm")
	if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "?") {
		t.Errorf("reading: %v", err)
	}
	if err := b.WriteFile(t.Context(), "1", nil); !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "?") {
		t.Errorf("writing: %v", err)
	}
	if _, err := dicomconv.New(nil).Files(b).Next(t.Context()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("listing: %v", err)
	}
	for _, url := range []string{"hospital/films", "ftp://hospital?key=SECRET", "gs://b?no_such=SECRET", "gs://%zz?key=SECRET"} {
		if _, err := bucket.Open(t.Context(), url); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestIs(t *testing.T) {
	for name, want := range map[string]bool{"gs://b/x": true, "file:///x": true, "films": false, "/a/b": false, "a/b://c": false, "://x": false, `C:\films`: false} {
		if bucket.Is(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	if _, err := os.Stat("none"); err == nil {
		t.Error("a file was made")
	}
}
