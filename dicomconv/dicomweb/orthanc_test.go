package dicomweb_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/dicomconv/dicomweb"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/pixels"
	"github.com/cxrkit/cxrkit/internal/testkit/pacs"
)

// An orthanc is a running Orthanc with its DICOMweb plugin.
type orthanc struct {
	config, url string
	process     *exec.Cmd
	log         bytes.Buffer
}

// newOrthanc starts one on a free port, with an empty storage. It answers this
// machine only, though version 1.10 cannot be told to listen there only.
func newOrthanc(t *testing.T) *orthanc {
	t.Helper()
	const plugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so" // of Debian
	if _, err := exec.LookPath("Orthanc"); err != nil {
		t.Skip("no Orthanc here: apt-get install orthanc orthanc-dicomweb")
	}
	if _, err := os.Stat(plugin); err != nil {
		t.Skip("Orthanc without its DICOMweb plugin: apt-get install orthanc-dicomweb")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := t.TempDir()
	b, err := json.Marshal(map[string]any{
		"Name": "test", "HttpPort": port, "DicomServerEnabled": false, "StorageDirectory": dir, "IndexDirectory": dir, "Plugins": []string{plugin},
		"RemoteAccessAllowed": false, "AuthenticationEnabled": false, "DicomWeb": map[string]any{"Enable": true, "Root": "/dicom-web/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := &orthanc{config: filepath.Join(dir, "test.json"), url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	if err := os.WriteFile(o.config, b, 0o600); err != nil {
		t.Fatal(err)
	}
	o.start(t)
	t.Cleanup(o.kill)
	return o
}

func (o *orthanc) start(t *testing.T) {
	t.Helper()
	o.process = exec.Command("Orthanc", o.config)
	o.process.Stdout, o.process.Stderr = &o.log, &o.log
	if err := o.process.Start(); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if r, err := http.Get(o.url + "/dicom-web/studies?limit=1"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	o.kill()
	t.Fatalf("Orthanc does not answer: %s", o.log.String())
}

func (o *orthanc) kill() {
	o.process.Process.Kill()
	o.process.Wait()
}

// store reports whether Orthanc takes a file, as one that it has not.
func (o *orthanc) store(t *testing.T, file []byte) bool {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // Orthanc ends idle connections in the midst of a POST
	r, err := c.Post(o.url+"/instances", "application/dicom", bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return err == nil && r.StatusCode == http.StatusOK && bytes.Contains(b, []byte(`"Success"`))
}

// realFilms are the files of ../shared/dicom, as far as they are there.
func realFilms(t *testing.T) (files [][]byte) {
	const shared = "../../../shared/dicom"
	filepath.WalkDir(shared, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) == ".json" {
			return nil
		}
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		return nil
	})
	return files
}

// Three hundred films, found, read and embedded, are those of the disk, though
// Orthanc is killed in their midst.
func TestOrthanc(t *testing.T) {
	if testing.Short() {
		t.Skip("some ten seconds")
	}
	o := newOrthanc(t)
	stored := fstest.MapFS{}
	sops := map[string]bool{}
	reader := dicomconv.New(&dicomconv.Options{PseudonymKey: key})
	modalities := []string{"DX"}
	var found int // films of ../shared
	for _, file := range realFilms(t) {
		info, err := reader.Stat(bytes.NewReader(file))
		if err != nil || info.Modality == "" || info.Modality == "other" || info.Pseudonym == "" || sops[info.Pseudonym] || !o.store(t, file) {
			continue
		}
		if sops[info.Pseudonym] = true; !slices.Contains(modalities, info.Modality) {
			modalities = append(modalities, info.Modality)
		}
		stored[fmt.Sprint("real", found)] = &fstest.MapFile{Data: file}
		found++
	}
	for i, file := range pacs.Phantoms(300-found, 64) {
		if !o.store(t, file) {
			t.Fatal("Orthanc refuses a phantom")
		}
		stored[fmt.Sprint("phantom", i)] = &fstest.MapFile{Data: file}
	}
	t.Logf("%d films of ../shared/dicom among %d, modalities %v", found, len(stored), modalities)
	everything := &dicomweb.Query{Modalities: modalities}

	type outcome struct {
		values []float32
		failed bool
	}
	var nameless int // real films have UIDs that are none: these are told of, by another name
	outcomes := func(source cxr.Source) (map[string]outcome, error) {
		all := map[string]outcome{}
		err := embed.Run{}.Do(t.Context(), pixels.Embedder{}, source, func(e embed.Event) error {
			if _, again := all[e.ID]; again {
				t.Errorf("%s twice", e.ID)
			}
			all[e.ID] = outcome{failed: e.Err != nil}
			if e.Err != nil && strings.Contains(e.Err.Error(), "whose UID is none") {
				nameless++
			}
			if e.Err == nil {
				all[e.ID] = outcome{values: e.Embedding.Values}
			}
			return nil
		})
		return all, err
	}
	want, err := outcomes(reader.Files(stored))
	if err != nil {
		t.Fatal(err)
	}
	same := func(got map[string]outcome) {
		t.Helper()
		failed := func(all map[string]outcome) (n int) {
			for _, o := range all {
				if o.failed {
					n++
				}
			}
			return n
		}
		missing := 0
		for id, w := range want { // a file that fails is named by its path there
			g, ok := got[id]
			switch {
			case w.failed:
			case !ok:
				missing++
			case g.failed || !slices.Equal(g.values, w.values):
				t.Errorf("%s: failed %v, or another embedding", id, g.failed)
			}
		}
		if missing > nameless || len(got) != len(want) || failed(got) != failed(want)+missing {
			t.Errorf("%d films, %d failed; on disk %d, %d; %d are missing, and %d have UIDs that are none", len(got), failed(got), len(want), failed(want), missing, nameless)
		}
		t.Logf("%d films, of which %d are refused here and there and %d have no address", len(got), failed(want), missing)
	}
	c, err := dicomweb.New(&dicomweb.Options{URL: o.url + "/dicom-web", Key: key, Page: 40, Retry: &dicomweb.Retry{First: time.Millisecond, Longest: 10 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := outcomes(c.Films(everything))
	if err != nil {
		t.Fatal(err)
	}
	same(got)

	// It is killed after a hundred films, and goes on where it was.
	done := map[string]outcome{}
	source := &counted{Films: c.Films(everything), at: 100, then: o.kill}
	err = embed.Run{Parallel: 1}.Do(t.Context(), pixels.Embedder{}, source, func(e embed.Event) error {
		var failed *dicomweb.Error
		if errors.As(e.Err, &failed) {
			return nil // to be tried again
		}
		done[e.ID] = outcome{failed: e.Err != nil}
		if e.Err == nil {
			done[e.ID] = outcome{values: e.Embedding.Values}
		}
		return nil
	})
	if err == nil || len(done) < 90 || len(done) > 290 {
		t.Fatalf("%d films, error %v", len(done), err)
	}
	first := len(done)
	o.start(t)
	rest, err := outcomes(c.Films(&dicomweb.Query{Modalities: modalities, Skip: func(id string) bool {
		_, ok := done[id]
		return ok
	}}))
	if err != nil {
		t.Fatal(err)
	}
	for id, o := range rest {
		if _, again := done[id]; again {
			t.Errorf("%s again", id)
		}
		done[id] = o
	}
	t.Logf("%d films before Orthanc was killed, %d after", first, len(rest))
	same(done)

	// Days and modalities are its business.
	films, failed, err := all(t, c.Films(&dicomweb.Query{Modalities: []string{"DX"}, From: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC)}))
	studies := (300 - found + 2) / 3
	if days := 2 * (studies / 28); err != nil || len(failed) > 0 || len(films) < 3*days || len(films) > 3*(days+2) {
		t.Errorf("%d films, %v, error %v", len(films), failed, err)
	}
}

// A counted source does something after so many films.
type counted struct {
	*dicomweb.Films
	at   int
	then func()
}

func (c *counted) Next(ctx context.Context) (*cxr.Image, error) {
	if c.at--; c.at == 0 {
		c.then()
	}
	return c.Films.Next(ctx)
}
