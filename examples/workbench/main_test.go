package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/internal/testkit/pacs"
)

// The test binary is the program itself where a test needs a process.
func TestMain(m *testing.M) {
	if os.Getenv("WORKBENCH_TEST_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

var address = regexp.MustCompile(`open (http://\S+)`)

// launch starts the program and returns its address, and when it was known.
func launch(t *testing.T, args ...string) (url string, process *exec.Cmd) {
	t.Helper()
	process = exec.Command(os.Args[0], append(args, "-no-open")...)
	process.Env = append(os.Environ(), "WORKBENCH_TEST_PROGRAM=1")
	stdout, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.Process.Kill(); process.Wait() })
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			return m[1], process
		}
	}
	t.Fatal("it told no address")
	return "", nil
}

func get(t *testing.T, url string, v any) int {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if v != nil {
		if err := json.Unmarshal(body, v); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return r.StatusCode
}

// Without arguments there is a picture soon after the start. The bound is wide, for
// machines that have other things to do; docs/BENCHMARKS.md has the time.
func TestFirstPicture(t *testing.T) {
	start := time.Now()
	url, _ := launch(t)
	if status := get(t, url+"api/sheet?films=0,1,2,3,4,5,6,7", nil); status != http.StatusOK {
		t.Error(status)
	}
	took := time.Since(start)
	t.Log("first pictures after", took)
	if took > 10*time.Second {
		t.Errorf("first pictures after %v", took)
	}
	if status := get(t, url[:strings.LastIndex(strings.TrimSuffix(url, "/"), "/")]+"/api/state", nil); status != http.StatusForbidden {
		t.Errorf("without the token: status %d", status)
	}
}

// Killed at any moment and started again, the program has every label that it said
// it had kept.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	films := filepath.Join(dir, "films")
	if err := os.Mkdir(films, 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		f := phantom.Film{Patient: "DOEJANE", Seed: uint64(i), Size: 64}
		if err := os.WriteFile(filepath.Join(films, fmt.Sprint(i, ".dcm")), f.DICOM(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"-images", films, "-out", filepath.Join(dir, "out")}
	kept := ""
	for round := range 3 {
		url, process := launch(t, args...)
		if round == 0 {
			post(t, url+"api/findings", `{"name": "x"}`)
		}
		var labels struct{ Values string }
		if get(t, url+"api/labels?finding=x", &labels); labels.Values != kept && kept != "" {
			t.Fatalf("round %d: labels %s, want %s", round, labels.Values, kept)
		}
		want := []byte(labels.Values)
		for i := range 8 {
			value := byte(1 + (i+round)%3)
			post(t, url+"api/labels", fmt.Sprintf(`{"page": "a", "base": 999999, "finding": "x", "films": [%d], "value": %d}`, i, value))
			want[i] = '0' + value
		}
		kept = string(want)
		if err := process.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		process.Wait()
	}
	file, err := os.ReadFile(filepath.Join(dir, "out", "labels.csv"))
	if err != nil || strings.Contains(string(file), "DOE") || strings.Count(string(file), "\n") != 9 {
		t.Errorf("%s %v", file, err)
	}
}

func post(t *testing.T, url, body string) {
	t.Helper()
	r, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK || strings.Contains(string(text), `"error"`) {
		t.Fatalf("%s: %s %v", r.Status, text, err)
	}
}

func TestFlags(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"an address of this machine alone": {"-addr", ":8080"},
		"this machine alone":               {"-addr", "192.168.0.1:80"},
		"-labels is for films of -images":  {"-labels", "a.csv"},
		"no such folder or file":           {"-images", "nowhere", "-out", out},
		"nowhere.csv":                      {"-images", ".", "-labels", "nowhere.csv", "-out", out},
		"not a directory":                  {"-images", ".", "-out", file},
		`unexpected argument "films"`:      {"films"},
	} {
		err := run(t.Context(), append(args, "-no-open"), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}

// Films of a PACS come as they can, under pseudonyms, and are there when it is not.
func TestServer(t *testing.T) {
	server, err := pacs.NewServer(pacs.Phantoms(5, 64), nil)
	if err != nil {
		t.Fatal(err)
	}
	host := httptest.NewServer(server)
	out := filepath.Join(t.TempDir(), "out")
	for round := range 2 {
		url, process := launch(t, "-images", host.URL+"/dicom-web", "-out", out)
		var films struct {
			Total int
			Films []struct{ ID string }
		}
		for end := time.Now().Add(20 * time.Second); films.Total < 5; time.Sleep(10 * time.Millisecond) {
			if get(t, url+"api/films", &films); time.Now().After(end) {
				var s any
				get(t, url+"api/state", &s)
				t.Fatalf("%+v %v", films, s)
			}
		}
		if status := get(t, url+"api/film/4/thumb", nil); status != http.StatusOK || len(films.Films[4].ID) != len("films/.png")+26 {
			t.Error(status, films)
		}
		if n := server.Retrieved(); n != 5 {
			t.Errorf("round %d: %d films were retrieved", round, n)
		}
		process.Process.Kill()
		process.Wait()
	}
	host.Close()
}
