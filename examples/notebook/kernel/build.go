package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed linked.go
var linked []byte

const gophernotes = "github.com/gopherdata/gophernotes"

// repair is a file for gophernotes v0.7.5. Its proxy for JSONer has a method of
// another signature than the interface, which newer versions of gomacro refuse.
// And as a cell shows the value of its last line, one that ends with a print
// would end with the number of bytes: in cells those functions give nothing. An
// image that has a method PNG, as a film, would be shown by it or by Go's encoder,
// in other bytes, as the order of a map has it: here by its own. What has a PNG
// and an SVG is sent as a PNG in the SVG's size, as nbconvert takes most of an SVG
// for unsafe and shows nothing of it.
// Jupyter interrupts a cell by a signal, which would end the kernel. The
// directive is for gomacro, which does not know type aliases as go/types has
// them since Go 1.23; go.mod could say it too, but not to a newer Go, which
// would then refuse all of this module, before check can say what to type.
const repair = `//go:debug gotypesalias=0
package main

import (
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"regexp"
	"strconv"

	"github.com/cosmos72/gomacro/imports"
)

// width is that of an SVG.
var width = regexp.MustCompile("<svg width=\"([0-9.]+)pt\"")

func init() {
	for _, path := range []string{"display", "` + gophernotes + `"} {
		delete(imports.Packages[path].Proxies, "JSONer")
	}
	cells := imports.Packages["fmt"].Binds
	cells["Print"] = reflect.ValueOf(func(a ...any) { fmt.Print(a...) })
	cells["Printf"] = reflect.ValueOf(func(format string, a ...any) { fmt.Printf(format, a...) })
	cells["Println"] = reflect.ValueOf(func(a ...any) { fmt.Println(a...) })
	ofImage := autoRenderers["Image"]
	autoRenderers["Image"] = func(d Data, value any) Data {
		if _, ok := value.(interface{ PNG() []byte }); ok {
			return d
		}
		return ofImage(d, value)
	}
	ofSVG := autoRenderers["SVGer"]
	autoRenderers["SVGer"] = func(d Data, value any) Data {
		if _, ok := value.(PNGer); !ok {
			return ofSVG(d, value)
		}
		if svg, ok := value.(SVGer); ok {
			if m := width.FindStringSubmatch(svg.SVG()); m != nil {
				points, _ := strconv.ParseFloat(m[1], 64)
				d.Metadata = merge(d.Metadata, MIMEMap{MIMETypePNG: map[string]any{"width": int(points*96/72 + 0.5)}})
			}
		}
		return d
	}
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
}
`

// explained is where gophernotes has an error of a cell, and what makes it one for
// who wrote the cell.
const (
	explained = "vals, types, executionErr := doEval(ir, outerr, code)\n"
	explainIt = explained + `	if executionErr != nil {
		executionErr = explain.Error(executionErr, code)
	}
`
)

// build compiles gophernotes with two more files, and the packages that they
// link, into binary.
//
// The go command does not let overlays touch its module cache. So the overlay
// is the other way around: it makes up a package main of this module,
// kernel/gophernotes, of gophernotes' files, the repair and the bindings.
func build(binary string, stderr io.Writer) (spec, error) {
	work, err := os.MkdirTemp("", "cxrkit-kernel-")
	if err != nil {
		return spec{}, err
	}
	defer os.RemoveAll(work)
	root, err := goOutput("list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return spec{}, err
	}
	overlay, err := writeOverlay(work, root)
	if err != nil {
		return spec{}, err
	}
	cmd := goCommand("build", "-v", "-trimpath", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, "./kernel/gophernotes")
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, stderr, newCompiling(stderr)
	return spec{
		Name: "cxrkit", DisplayName: "Go (cxrkit)", Language: "go",
		Argv: []string{binary, "{connection_file}"},
	}, cmd.Run()
}

// writeOverlay writes the two files and the overlay of the module in root to the
// folder work, and gives the overlay's name.
func writeOverlay(work, root string) (string, error) {
	packages, err := linkedPackages()
	if err != nil {
		return "", err
	}
	bindings, err := bind(packages)
	if err != nil {
		return "", err
	}
	sources, err := goOutput("list", "-f", `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}`, gophernotes)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	at := filepath.Join(root, "kernel", "gophernotes")
	for source := range strings.SplitSeq(sources, "\n") {
		replace[filepath.Join(at, filepath.Base(source))] = filepath.FromSlash(source)
	}
	texts := map[string][]byte{}
	if texts["kernel.go"], err = explaining(filepath.FromSlash(replace[filepath.Join(at, "kernel.go")])); err != nil {
		return "", err
	}
	// Package main's init functions run in the order of file names, and these
	// must follow x_package.go.
	texts["y_bindings.go"], texts["z_repair.go"] = bindings, []byte(repair)
	for name, text := range texts {
		replace[filepath.Join(at, name)] = filepath.Join(work, name)
		if err := os.WriteFile(filepath.Join(work, name), text, 0o666); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(work, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o666)
}

// explaining is gophernotes' kernel.go, with errors explained.
func explaining(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	const imports = "import (\n"
	if !bytes.Contains(text, []byte(explained)) || !bytes.Contains(text, []byte(imports)) {
		return nil, fmt.Errorf("%s is not as this program knows it", name)
	}
	text = bytes.Replace(text, []byte(imports), []byte(imports+"\t\"github.com/cxrkit/cxrkit/examples/notebook/explain\"\n"), 1)
	return bytes.Replace(text, []byte(explained), []byte(explainIt), 1), nil
}

// linkedPackages is the imports of linked.go.
func linkedPackages() ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "linked.go", linked, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// goCommand is a call of the go command. Without cgo the kernel needs no C
// compiler, and is one file that runs on any machine of its kind.
func goCommand(args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd
}

func goOutput(args ...string) (string, error) {
	cmd := goCommand(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("go %s: %s", args[0], bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimSpace(stdout.String()), err
}
