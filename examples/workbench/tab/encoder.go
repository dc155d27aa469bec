//go:build js && wasm

package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"syscall/js"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/embed/local/mini"
)

// encode embeds films for the other worker, one after another.
func encode() error {
	e, err := mini.Open(nil)
	if err != nil {
		return err
	}
	space, err := json.Marshal(e.Space())
	if err != nil {
		return err
	}
	js.Global().Set("embed", js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, film := args[0].Int(), args[1]
		m := &cxr.Image{Width: film.Get("width").Int(), Height: film.Get("height").Int(), Depth: film.Get("depth").Int(), Recipe: film.Get("recipe").String()}
		m.Pix = make([]uint16, film.Get("pixels").Length()/2)
		binary.Decode(bytesOf(film.Get("pixels")), binary.LittleEndian, m.Pix)
		go func() {
			all, err := e.Embed(context.Background(), m)
			if err != nil {
				js.Global().Call("embedded", id, js.Null(), err.Error())
				return
			}
			values, _ := binary.Append(nil, binary.LittleEndian, all[0].Values)
			js.Global().Call("embedded", id, jsBytes(values), js.Null())
		}()
		return nil
	}))
	js.Global().Call("ready", string(space))
	return nil
}

// A remote is the encoder of the other worker.
type remote struct{ space cxr.Space }

// connect waits until it is ready.
func connect(ctx context.Context) (embed.Embedder, error) {
	space, err := await(ctx, js.Global().Get("encoder"))
	if err != nil {
		return nil, err
	}
	r := &remote{}
	return r, json.Unmarshal([]byte(space.String()), &r.space)
}

// Space implements embed.Embedder.
func (r *remote) Space() cxr.Space { return r.space }

// Embed implements embed.Embedder.
func (r *remote) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, r.space, images, r.one)
}

func (r *remote) one(ctx context.Context, m *cxr.Image) ([]float32, error) {
	pixels, err := binary.Append(nil, binary.LittleEndian, m.Pix)
	if err != nil {
		return nil, err
	}
	film := map[string]any{"width": m.Width, "height": m.Height, "depth": m.Depth, "recipe": m.Recipe, "pixels": jsBytes(pixels)}
	answer, err := await(ctx, js.Global().Call("embedThere", film))
	if err != nil {
		return nil, err
	}
	data := bytesOf(answer)
	values := make([]float32, len(data)/4)
	_, err = binary.Decode(data, binary.LittleEndian, values)
	return values, err
}
