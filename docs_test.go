package cxrkit

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the Go blocks of the docs may name without saying so.
const docsPrelude = `package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/signal"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/report"
	"github.com/cxrkit/cxrkit/head/search"
)

var _ = []any{bytes.NewReader, context.Background, fmt.Print, fs.ValidPath, os.Open, signal.Notify, cxr.Standard, phantom.FS, dicomconv.New, embed.Run{}, mini.Open,
	head.Split, report.Evaluate, local.Open, search.Average}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx := context.Background()
	_ = ctx
`

// goBlocks are the Go blocks of a document.
func goBlocks(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// checked is a block with its errors looked at, and everything it names used.
func checked(block string) string {
	var b strings.Builder
	declares := regexp.MustCompile(`^([\w, ]+) :?= `)
	for line := range strings.Lines(block) {
		b.WriteString(line)
		m := declares.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		for name := range strings.SplitSeq(m[1], ", ") {
			switch name {
			case "_":
			case "err":
				b.WriteString("check(err)\n")
			default:
				fmt.Fprintf(&b, "_ = %s\n", name)
			}
		}
	}
	return b.String()
}

// run runs a program of the module that is not on disk.
func run(t *testing.T, source string) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, "internal", "docs", "main.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "run", "-overlay", filepath.Join(dir, "overlay.json"), "./internal/docs").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, source)
	}
	return string(out)
}

// README's blocks follow each other; they run on synthetic films and print what
// README says.
func TestREADMERuns(t *testing.T) {
	source := docsPrelude
	for _, block := range goBlocks(t, "README.md") {
		source += checked(block)
	}
	const folder = `folder := os.DirFS("films")`
	if !strings.Contains(source, folder) {
		t.Fatalf("README.md has no %s", folder)
	}
	source = strings.Replace(source, folder, "folder := phantom.Cohort{Patients: 80, Seed: 1, Difficulty: 0.3, Size: 256}.FS()", 1)
	got := run(t, source+"}\n")
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	said, _, found := strings.Cut(got, "[cardiomegaly] 1\n")
	said = "    " + strings.ReplaceAll(strings.TrimRight(said, "\n"), "\n", "\n    ") + "\n\n"
	if !found || !strings.Contains(string(text), said) {
		t.Errorf("README.md does not say what its code prints:\n%s", got)
	}
}

// Every other Go block of the docs compiles.
func TestDocsCompile(t *testing.T) {
	names, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	source := docsPrelude + "os.Exit(0)\nvar (\nmodel embed.Embedder\nfilms cxr.Source\nrun embed.Run\nkeep func(embed.Event) error\n)\n_, _, _, _ = model, films, run, keep\n"
	blocks := 0
	for _, name := range append(names, "CONTRIBUTING.md", "CHANGELOG.md") {
		for _, block := range goBlocks(t, name) {
			source += "{\n" + checked(block) + "}\n"
			blocks++
		}
	}
	if blocks == 0 {
		t.Fatal("no Go blocks: this test looks for nothing")
	}
	run(t, source+"}\n")
}
