package cxrkit

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cxrkit/cxrkit"

// What a program links is a promise: a user who only converts DICOM must not
// carry a neural network engine or a cloud client.
func TestLinkingCost(t *testing.T) {
	const (
		gorgonia   = "gorgonia.org/gorgonia"
		aiplatform = "cloud.google.com/go/aiplatform"
		cloud      = "cloud.google.com/go"
		gocloud    = "gocloud.dev"
		arrow      = "github.com/apache/arrow-go"
		gonum      = "gonum.org"
		gonumPlot  = "gonum.org/v1/plot"
	)
	tests := []struct {
		packages string   // import path pattern under the module
		not      []string // module prefixes that must not be reached
	}{
		{"cxr", []string{gorgonia, cloud, gocloud, arrow, gonum}},
		{"cxr/phantom", []string{gorgonia, cloud, gocloud, arrow, gonum}},
		{"dicomconv", []string{gorgonia, cloud, gocloud}},
		{"dicomconv/dicomweb", []string{gorgonia, cloud, gocloud, arrow, gonum}},
		{"embed", []string{gorgonia, cloud, gocloud}},
		{"embed/store", []string{gorgonia, cloud, gocloud, arrow}},
		{"embed/store/shards", []string{gorgonia, cloud, gocloud}},
		{"embed/embedtest", []string{gorgonia, cloud, gocloud}},
		{"embed/vertex", []string{gorgonia, gocloud}},
		{"embed/haidef", []string{gorgonia, cloud, gocloud, arrow, gonum}},
		{"embed/pixels", []string{gorgonia, cloud, gocloud, gonum}},
		{"head", []string{gorgonia, cloud, gocloud, arrow, gonumPlot}},
		{"head/report", []string{gorgonia, cloud, gocloud, arrow}},
		{"head/parquet", []string{gorgonia, cloud, gocloud, gonumPlot}},
		{"head/search", []string{gorgonia, cloud, gocloud, arrow, gonumPlot}},
		{"embed/local/...", []string{cloud, gocloud}},
	}
	for _, test := range tests {
		for _, p := range packages(t, test.packages) {
			for _, dep := range deps(t, p) {
				for _, prefix := range test.not {
					if strings.HasPrefix(dep, prefix) {
						t.Errorf("%s links %s", p, dep)
					}
				}
			}
		}
	}
}

// In a browser Gorgonia and what it needs would be half of the code to download:
// there the steps of a network run without it.
func TestLinkingCostOfBrowsers(t *testing.T) {
	t.Setenv("GOOS", "js")
	t.Setenv("GOARCH", "wasm")
	for _, dep := range deps(t, "./embed/local/mini") {
		if strings.HasPrefix(dep, "gorgonia.org") || strings.HasPrefix(dep, "gonum.org") || strings.HasPrefix(dep, "github.com/apache/arrow") {
			t.Errorf("embed/local/mini links %s", dep)
		}
	}
}

// A program that loads a head and predicts has less than 4 MB: half of them are
// any Go program's.
func TestBinarySize(t *testing.T) {
	const most = 4_000_000
	name := filepath.Join(t.TempDir(), "smallest")
	if out, err := exec.Command("go", "build", "-o", name, "./internal/testkit/smallest").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() >= most {
		t.Errorf("it has %d bytes, want less than %d", info.Size(), most)
	}
}

// Arrows between our own packages point one way.
func TestArrows(t *testing.T) {
	may := map[string][]string{
		"cxr":       {"internal"},
		"dicomconv": {"internal", "cxr"},
		"embed":     {"internal", "cxr"},
		"head":      {"internal", "cxr"},
	}
	for from, to := range may {
		for _, p := range packages(t, from+"/...") {
			for _, dep := range deps(t, p) {
				rest, ours := strings.CutPrefix(dep, module+"/")
				if !ours {
					continue
				}
				top := strings.SplitN(rest, "/", 2)[0]
				if top != from && !slices.Contains(to, top) {
					t.Errorf("%s imports %s", strings.TrimPrefix(p, module+"/"), rest)
				}
			}
		}
	}
}

func packages(t *testing.T, pattern string) []string {
	t.Helper()
	return goList(t, "./"+path.Clean(pattern))
}

func deps(t *testing.T, pkg string) []string {
	t.Helper()
	return goList(t, "-deps", pkg)
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Fields(string(out))
}
