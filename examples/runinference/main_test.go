package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed/store"
	"github.com/cxrkit/cxrkit/embed/store/shards"
	"github.com/cxrkit/cxrkit/embed/vertex/vertextest"
	"github.com/cxrkit/cxrkit/internal/testkit/smalldisk"
)

// films makes a folder of four phantoms, a lateral film's worth of nonsense and
// a text.
func films(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range []string{"a/1.dcm", "a/2.dcm", "b/1.dcm", "b/3.dcm"} {
		film := phantom.Film{Seed: uint64(i), Anatomy: uint64(i), Size: 128}
		var b bytes.Buffer
		if err := film.Draw().WriteDICOM(&b, film, film.Encoding()); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), b.Bytes())
	}
	return dir
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func call(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), args, &out, &errs)
	return out.String(), err
}

func TestFolderIsEmbeddedOnce(t *testing.T) {
	in, out := films(t), t.TempDir()
	args := []string{"--input_path", in, "--output_path", out}
	if text, err := call(t, append(args, "--limit", "3")...); err != nil || text != "successful-inference: 3\n" {
		t.Errorf("%s, error %v", text, err)
	}
	if text, err := call(t, args...); err != nil || text != "output-file-exists: 3\nsuccessful-inference: 1\n" {
		t.Errorf("%s, error %v", text, err)
	}
	list, err := store.Read(out)
	if err != nil || len(list) != 4 || list[0].Dim != 1792 || list[0].Model != "cxrkit-mini-4" {
		t.Errorf("%d embeddings, error %v", len(list), err)
	}
}

func TestProgress(t *testing.T) {
	var out, errs bytes.Buffer
	if err := run(t.Context(), []string{"--input_path", films(t), "--output_path", t.TempDir(), "--limit", "3"}, &out, &errs); err != nil {
		t.Fatal(err)
	}
	if bar := errs.String(); !strings.HasSuffix(bar, "embedding: 3 of 3 films\n") || out.String() != "successful-inference: 3\n" {
		t.Errorf("%q, %q", bar, out.String())
	}
}

func TestFailuresAreNamed(t *testing.T) {
	in, out := films(t), t.TempDir()
	write(t, filepath.Join(in, "a/0.dcm"), []byte("no film"))
	args := []string{"--input_path", in, "--output_path", out}
	if _, err := call(t, args...); err == nil || !strings.Contains(err.Error(), "with --skip_errors the run goes on") {
		t.Errorf("error %v", err)
	}
	args[3] = t.TempDir()
	out = args[3]
	text, err := call(t, append(args, "--skip_errors", "--format", "npz", "--base_names")...)
	if err == nil || !strings.Contains(text, "failed-example-creation: 1\n") || !strings.Contains(text, "failed-output: 1\n") {
		t.Errorf("%s, error %v", text, err) // b/1.dcm has the base name of a/1.dcm
	}
	data, err := os.ReadFile(filepath.Join(out, failuresFile))
	if err != nil || bytes.Count(data, []byte("\n")) != 2 || !strings.Contains(string(data), "a/0.dcm") {
		t.Errorf("%s, error %v", data, err)
	}
}

func TestManyFailuresAreSummedUp(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	for i := range 25 {
		write(t, filepath.Join(in, fmt.Sprintf("%02d.dcm", i)), []byte("no film"))
	}
	text, err := call(t, "--input_path", in, "--output_path", out, "--skip_errors")
	if err == nil || strings.Count(text, "\n") != 12 || !strings.HasSuffix(text, "09.dcm: not supported: not a DICOM, PNG, JPEG or TIFF file\n  and 15 more\n") {
		t.Errorf("%s, error %v", text, err)
	}
	if data, err := os.ReadFile(filepath.Join(out, failuresFile)); err != nil || bytes.Count(data, []byte("\n")) != 25 {
		t.Errorf("%s, error %v", data, err)
	}
}

// afterFailures is a run in which a/0.dcm and b/9.dcm failed: its folders and
// arguments, and a good film to mend one with.
func afterFailures(t *testing.T) (in, out string, args []string, good []byte) {
	t.Helper()
	in, out = films(t), t.TempDir()
	for _, name := range []string{"a/0.dcm", "b/9.dcm"} {
		write(t, filepath.Join(in, name), []byte("no film"))
	}
	args = []string{"--input_path", in, "--output_path", out, "--skip_errors"}
	if _, err := call(t, args...); err == nil {
		t.Fatal("no error")
	}
	good, err := os.ReadFile(filepath.Join(in, "a/1.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	return in, out, args, good
}

func TestFailedFilmsAreTriedAgain(t *testing.T) {
	in, out, args, good := afterFailures(t)
	write(t, filepath.Join(in, "b/9.dcm"), append(good, 0, 0)) // copied again, with padding
	args = append(args, "--retry_failed")
	failures := func() string {
		data, err := os.ReadFile(filepath.Join(out, failuresFile))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if text, err := call(t, append(args, "--limit", "1")...); err == nil || !strings.HasPrefix(text, "failed-example-creation: 1\n") || strings.Count(failures(), "\n") != 2 {
		t.Errorf("one of two: %s, error %v, failures %s", text, err, failures())
	}
	text, err := call(t, args...)
	if err == nil || !strings.HasPrefix(text, "failed-example-creation: 1\noutput-file-exists: 1\n") || strings.Count(failures(), "\n") != 1 {
		t.Errorf("both: %s, error %v, failures %s", text, err, failures())
	}
	if err := os.Remove(filepath.Join(in, "a/0.dcm")); err != nil {
		t.Fatal(err)
	}
	if _, err := call(t, args[:len(args)-1]...); err != nil || failures() != "" {
		t.Errorf("without the bad film: error %v, failures %s", err, failures())
	}
	if text, err := call(t, args...); err != nil || text != "" {
		t.Errorf("nothing failed: %s, error %v", text, err)
	}
}

// A failed film that is gone keeps no other from being tried again, and stays among
// the failures.
func TestFailedFilmsThatAreGone(t *testing.T) {
	in, out, args, good := afterFailures(t)
	write(t, filepath.Join(in, "b/9.dcm"), good)
	if err := os.Remove(filepath.Join(in, "a/0.dcm")); err != nil {
		t.Fatal(err)
	}
	text, err := call(t, append(args, "--retry_failed")...)
	if !strings.Contains(text, "output-file-exists: 1\n") && !strings.Contains(text, "successful-inference: 1\n") {
		t.Errorf("%s, error %v", text, err)
	}
	if data, err := os.ReadFile(filepath.Join(out, failuresFile)); err != nil || bytes.Count(data, []byte("\n")) != 1 || !strings.Contains(string(data), "a/0.dcm") {
		t.Errorf("failures %s, error %v", data, err)
	}
}

// A full disk ends the run at once: no film is embedded for nothing.
func TestFullDisk(t *testing.T) {
	out, _ := smalldisk.Mount(t, "64k")
	in := t.TempDir()
	for i := range uint64(60) {
		write(t, filepath.Join(in, fmt.Sprintf("%02d.dcm", i)), (phantom.Film{Seed: i, Anatomy: i, Size: 64}).DICOM())
	}
	text, err := call(t, "--input_path", in, "--output_path", out, "--skip_errors", "--parallel", "1")
	if err == nil || !strings.Contains(err.Error(), "the output_path is full") || !strings.Contains(text, "failed-output: 1\n") {
		t.Errorf("%s, error %v", text, err)
	}
}

// Two runs may write one archive at once: it is whole, of the one that ends last.
func TestTwoRunsOfOneArchive(t *testing.T) {
	in, dir := films(t), t.TempDir()
	archive := filepath.Join(dir, "all.npz")
	var group sync.WaitGroup
	for range 2 {
		out := t.TempDir()
		group.Go(func() {
			if text, err := call(t, "--input_path", in, "--output_path", out, "--archive", archive); err != nil {
				t.Errorf("%s, error %v", text, err)
			}
		})
	}
	group.Wait()
	if all, err := store.Read(archive); err != nil || len(all) != 4 {
		t.Errorf("%d films in the archive, error %v", len(all), err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("left beside the archive: %v, error %v", names, err)
	}
}

func TestShards(t *testing.T) {
	in, out := films(t), t.TempDir()
	args := []string{"--input_path", in, "--output_path", out, "--format", "arrow"}
	for _, want := range []string{"successful-inference: 4\n", "output-file-exists: 4\n"} {
		if text, err := call(t, args...); err != nil || text != want {
			t.Errorf("%s, error %v", text, err)
		}
	}
	r, err := shards.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if s := r.Space(); r.Verify() != nil || r.Len() != 4 || s.Tokens*s.Dim != 1792 {
		t.Errorf("%d vectors", r.Len())
	}
	if _, err := call(t, append(args, "--base_names")...); err == nil || !strings.Contains(err.Error(), "no --base_names") {
		t.Errorf("error %v", err)
	}
}

func TestListOfFilms(t *testing.T) {
	in, out := films(t), t.TempDir()
	list := filepath.Join(in, "list.txt")
	write(t, list, fmt.Appendf(nil, "# ward\n%s\n\n%s\nfile://%s\n", filepath.Join(in, "b/3.dcm"), filepath.Join(in, "b/*.dcm"), filepath.ToSlash(filepath.Join(in, "a"))))
	archive := filepath.Join(out, "all.npz")
	text, err := call(t, "--input_list", list, "--output_path", out, "--archive", archive)
	if err != nil || text != "successful-inference: 4\n" {
		t.Errorf("%s, error %v", text, err)
	}
	all, err := store.Read(archive)
	if err != nil || len(all) != 4 || !strings.HasSuffix(all[0].ID, "/b/1.dcm") || !strings.HasPrefix(all[3].ID, "file:///") {
		t.Errorf("archive of %d films, error %v", len(all), err)
	}
}

func TestHostedModel(t *testing.T) {
	s, err := vertextest.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for protocol, endpoint := range map[string]string{"v1": vertextest.V1, "v2": vertextest.ElixrC, "haidef": vertextest.HAIDEF, "medsiglip": vertextest.MedSigLIP} {
		args := []string{"--input_path", films(t), "--output_path", t.TempDir(), "--embedder", protocol, "--embeddings_project", "p", "--endpoint_id", endpoint,
			"--endpoint", s.Addr(), "--insecure"}
		if protocol == "v2" {
			args = append(args, "--qformer_id", vertextest.ElixrB)
		}
		text, err := call(t, args...)
		if err != nil || text != "successful-inference: 4\n" {
			t.Errorf("%s: %s, error %v", protocol, text, err)
		}
	}
}

// The flags of upstream's README are enough: an endpoint means the model of 2022.
func TestUpstreamsFlags(t *testing.T) {
	s, err := vertextest.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	in, out := films(t), t.TempDir()
	args := []string{"--input_path", in, "--output_path", out, "--embeddings_project", "p", "--endpoint_id", vertextest.V1, "--limit", "3", "--input_file_type=dicom", "--endpoint", s.Addr(), "--insecure"}
	if text, err := call(t, args...); err != nil || text != "successful-inference: 3\n" {
		t.Errorf("%s, error %v", text, err)
	}
	list, err := store.Read(out)
	if err != nil || len(list) != 3 || list[0].Dim != 1376 {
		t.Errorf("%d embeddings, error %v", len(list), err)
	}
	if text, err := call(t, append(args, "--embedder", "local", "--output_path", t.TempDir())...); err != nil || text != "successful-inference: 3\n" {
		t.Errorf("local all the same: %s, error %v", text, err)
	}
}

// Queries of URLs hold keys: no message shows one.
func TestQueriesAreNotTold(t *testing.T) {
	for name, value := range map[string]string{"STORAGE_EMULATOR_HOST": "127.0.0.1:1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "SECRET"} {
		t.Setenv(name, value) // or the clients ask the network for credentials
	}
	in := films(t)
	write(t, filepath.Join(in, "a/0.dcm"), []byte("no film"))
	for _, args := range [][]string{
		{"--input_path", in, "--output_path", "mem://b/x?prefix=SECRET/", "--skip_errors"},
		{"--input_path", in, "--output_path", "file://" + filepath.ToSlash(t.TempDir()) + "?prefix=SECRET/", "--skip_errors"},
		{"--input_path", "file://" + filepath.ToSlash(in) + "?no_such=SECRET", "--output_path", t.TempDir(), "--skip_errors"},
		{"--input_path", "s3://b/none?region=x&endpoint=http://user:SECRET@127.0.0.1:1", "--output_path", t.TempDir()},
		{"--input_path", "gs://b/none?anonymous=true&no_such=SECRET", "--output_path", t.TempDir()},
	} {
		if text, err := call(t, args...); err == nil || strings.Contains(text+err.Error(), "SECRET") {
			t.Errorf("%v: %s, error %v", args, text, err)
		}
	}
	out := t.TempDir()
	if _, err := call(t, "--input_path", "file://"+filepath.ToSlash(in)+"?metadata=", "--output_path", out, "--skip_errors"); err == nil || !strings.Contains(err.Error(), "1 film failed; failures.jsonl") {
		t.Errorf("error %v", err)
	}
	if data, err := os.ReadFile(filepath.Join(out, failuresFile)); err != nil || bytes.Contains(data, []byte("?")) {
		t.Errorf("%s, error %v", data, err)
	}
}

func TestMistakes(t *testing.T) {
	in := films(t)
	list := filepath.Join(t.TempDir(), "list.txt")
	write(t, list, []byte("# films\nnone.dcm\n"))
	for want, args := range map[string][]string{
		"--output_path is needed":                  {"--input_path", in},
		"one of --input_path and --input_list":     {"--input_path", in, "--input_list", in, "--output_path", "x"},
		`--input_file_type "tiff"`:                 {"--input_path", in, "--output_path", "x", "--input_file_type", "tiff"},
		`--embedder "v9"`:                          {"--input_path", in, "--output_path", t.TempDir(), "--embedder", "v9"},
		`"more" is no flag`:                        {"--input_path", in, "--output_path", "x", "more"},
		"--skip_errors=false":                      {"--input_path", in, "--output_path", "x", "--skip_errors", "False"},
		"no such folder or file":                   {"--input_path", filepath.Join(in, "none"), "--output_path", t.TempDir()},
		"is no URL of a bucket":                    {"--input_path", in, "--output_path", "gs://%zz/x"},
		"ftp":                                      {"--input_path", "ftp://b/films", "--output_path", t.TempDir()},
		"a zip file cannot be read in a bucket":    {"--input_path", "gs://b/films.zip", "--output_path", t.TempDir()},
		"line 2: none.dcm: no such folder or file": {"--input_list", list, "--output_path", t.TempDir()},
		`--pool "max", want none, mean or cls`:     {"--input_path", in, "--output_path", t.TempDir(), "--pool", "max"},
		"--output and --pool go with --model":      {"--input_path", in, "--output_path", t.TempDir(), "--output", "features"},
		"archive: none/a.npz: there is no folder":  {"--input_path", in, "--output_path", t.TempDir(), "--archive", "none/a.npz"},
		"model without a tensor":                   {"--input_path", in, "--output_path", t.TempDir(), "--model", "../../embed/local/testdata/resnet.onnx", "--output", "nowhere"},
		"not an ONNX file":                         {"--input_path", in, "--output_path", t.TempDir(), "--model", "main.go"},
		"--retry_failed: no failures.jsonl":        {"--input_path", in, "--output_path", t.TempDir(), "--retry_failed"},
		`format "csv"`:                             {"--input_path", in, "--output_path", t.TempDir(), "--format", "csv"},
	} {
		if _, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}

// Of one's own model the features are embedded that its classifier takes, as a
// mean over places.
func TestFeaturesOfOnesOwnModel(t *testing.T) {
	const model = "../../embed/local/testdata/resnet.onnx"
	in := films(t)
	for output, dim := range map[string]int{"features": 40, "": 0} {
		out := t.TempDir()
		if text, err := call(t, "--input_path", in, "--output_path", out, "--model", model, "--output", output, "--pool", "mean", "--limit", "2"); err != nil {
			t.Fatalf("%s, error %v", text, err)
		}
		all, err := store.Read(out)
		if err != nil || len(all) != 2 || dim != 0 && (all[0].Tokens != 1 || all[0].Dim != dim) {
			t.Errorf("output %q: %v, error %v", output, all, err)
		}
	}
}

// Without arguments films are synthetic.
func TestWithoutArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	out, err := call(t)
	if err != nil || out != "successful-inference: 6\n" {
		t.Errorf("%s, error %v", out, err)
	}
	if all, err := store.Read("embeddings"); err != nil || len(all) != 6 {
		t.Errorf("%d embeddings, error %v", len(all), err)
	}
}
