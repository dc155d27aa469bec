//go:build js && wasm

// Tab is the workbench without a server: a program for WebAssembly that answers the
// requests of its own page, in the browser's tab. examples/workbench/static builds
// the page. It runs in two workers: one has the board, the other the encoder, so
// that nobody waits for a film that is being embedded.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall/js"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/api"
	"github.com/cxrkit/cxrkit/examples/workbench/internal/board"
)

func main() {
	var err error
	if js.Global().Get("name").String() == "encoder" {
		err = encode()
	} else {
		err = serve()
	}
	if err != nil {
		js.Global().Call("fail", err.Error())
		return
	}
	select {} // callbacks do the rest
}

// serve answers requests until the tab is closed.
func serve() error {
	ctx := context.Background()
	folder, err := openFolder(ctx)
	if err != nil {
		return fmt.Errorf("the browser keeps nothing for this page: %w", err)
	}
	o := board.Options{Folder: folder, Model: func(ctx context.Context) (embed.Embedder, error) { return connect(ctx) }, Thumbs: 32 << 20}
	words := "films of this tab"
	if own, err := fs.ReadDir(folder, "films"); err != nil || len(own) == 0 {
		words = "synthetic films"
		films := phantom.Cohort{Patients: 60, Seed: 2026, Difficulty: 0.5, Size: 256}.FS()
		o.Inputs = []board.Input{{FS: films}}
	}
	b, err := board.Open(ctx, o)
	if err != nil {
		return err
	}
	h := api.Handler(b, api.Options{Films: words})
	running := &requests{of: map[int]context.CancelFunc{}}
	js.Global().Set("answer", js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, r := args[0].Int(), args[1]
		ctx, cancel := context.WithCancel(ctx)
		running.begin(id, cancel)
		body := bytesOf(r.Get("body"))
		method, path := r.Get("method").String(), r.Get("path").String()
		go func() {
			defer running.end(id)
			w := httptest.NewRecorder()
			request, err := http.NewRequestWithContext(ctx, method, "/"+path, bytes.NewReader(body))
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			} else {
				h.ServeHTTP(w, request)
			}
			headers := map[string]any{}
			for name := range w.Header() {
				headers[name] = w.Header().Get(name)
			}
			js.Global().Call("answered", id, w.Code, headers, jsBytes(w.Body.Bytes()))
		}()
		return nil
	}))
	js.Global().Set("cancel", js.FuncOf(func(_ js.Value, args []js.Value) any {
		running.end(args[0].Int())
		return nil
	}))
	js.Global().Call("ready")
	return nil
}

// requests are those being answered.
type requests struct {
	mu sync.Mutex
	of map[int]context.CancelFunc
}

func (r *requests) begin(id int, cancel context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of[id] = cancel
}

func (r *requests) end(id int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.of[id]; cancel != nil {
		cancel()
		delete(r.of, id)
	}
}

// bytesOf copies a Uint8Array; nil of undefined.
func bytesOf(v js.Value) []byte {
	if !v.Truthy() {
		return nil
	}
	b := make([]byte, v.Length())
	js.CopyBytesToGo(b, v)
	return b
}

func jsBytes(b []byte) js.Value {
	v := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(v, b)
	return v
}

// await waits for a promise.
func await(ctx context.Context, promise js.Value) (js.Value, error) {
	done := make(chan error, 1)
	var result js.Value
	keep := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if len(args) > 0 {
			result = args[0]
		}
		done <- nil
		return nil
	})
	fail := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- fmt.Errorf("%s", js.Global().Call("String", args[0]).String())
		return nil
	})
	promise.Call("then", keep, fail)
	select {
	case err := <-done:
		keep.Release()
		fail.Release()
		return result, err
	case <-ctx.Done(): // the callbacks are left to a promise that may yet settle
		return js.Undefined(), ctx.Err()
	}
}
