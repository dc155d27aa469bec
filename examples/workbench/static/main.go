// Static builds the workbench as a folder of files for any web server: the page, and
// a program for WebAssembly that answers it in the tab. Films never leave the tab.
//
//	go run ./examples/workbench/static -o site
//	go run ./examples/workbench/static -serve 127.0.0.1:8080
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/page"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/workers"
)

const usage = `Static builds the workbench as a folder of files for any web server. It runs in the
tab of a browser by itself: films never leave the tab. It needs Go's command.

    static -o site
    static -o site -serve 127.0.0.1:8080
`

func main() { cli.Main("static", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := cli.Flags("static", usage, stderr)
	out := f.String("o", "site", "`folder` for the files")
	serve := f.String("serve", "", "`host:port` to serve the folder at, to try it")
	if err := cli.Parse(f, args); err != nil {
		return err
	}
	if err := cli.CanFill(*out); err != nil {
		return err
	}
	if err := build(ctx, *out, stdout); err != nil {
		return err
	}
	if *serve == "" {
		return nil
	}
	fmt.Fprintf(stdout, "open http://%s/\n", *serve)
	server := &http.Server{Addr: *serve, Handler: http.FileServer(http.Dir(*out))}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// program is the package that runs in the tab.
const program = "github.com/cxrkit/cxrkit/examples/workbench/tab"

// build writes the folder.
func build(ctx context.Context, out string, stdout io.Writer) error {
	files := map[string][]byte{}
	for _, from := range []fs.FS{page.FS(), workers.FS()} { // the second's transport.js in place of the first's
		err := fs.WalkDir(from, ".", func(name string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				files[name], err = fs.ReadFile(from, name)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	const before = `<meta charset="utf-8">`
	if !bytes.Contains(files["index.html"], []byte(before)) {
		return errors.New("index.html has no place for the policy")
	}
	files["index.html"] = bytes.Replace(files["index.html"], []byte(before), []byte(before+"\n"+policy), 1)
	root, err := command(ctx, nil, "env", "GOROOT")
	if err != nil {
		return err
	}
	if files["wasm_exec.js"], err = os.ReadFile(filepath.Join(strings.TrimSpace(root), "lib", "wasm", "wasm_exec.js")); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "workbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	built := filepath.Join(dir, "workbench.wasm")
	if _, err := command(ctx, []string{"GOOS=js", "GOARCH=wasm"}, "build", "-trimpath", "-ldflags=-s -w", "-o", built, program); err != nil {
		return err
	}
	wasm, err := os.ReadFile(built)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(wasm); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	files["workbench.wasm.gz"] = packed.Bytes()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(out, name), data, 0o666); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "%s: %d files, of which the program takes %.1f MB\n", out, len(files), float64(packed.Len())/1e6)
	return nil
}

// policy is what the page may do: load its own files, and nothing else from
// anywhere, nor send anything.
const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; ` +
	`connect-src 'self'; img-src 'self' blob: data:; worker-src 'self'; base-uri 'none'; form-action 'none'">`

// command runs Go's with more of an environment, and gives what it prints.
func command(ctx context.Context, environment []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), environment...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, stderr.Bytes())
	}
	return string(out), nil
}
