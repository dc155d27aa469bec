// Onnx tells what is in an ONNX model of your own and embeds films with it.
//
//	go run ./examples/onnx -model encoder.onnx
//	go run ./examples/onnx -model encoder.onnx -output features -size 224x224 film.dcm 'more/*.png'
//	go run ./examples/onnx -model encoder.onnx -raw input.f32 -shape 1,3,224,224 -out output.f32
//
//	go run ./examples/onnx -model folder -films films
//	go run ./examples/onnx -model folder -check films/values.json -out folder/model.onnx.json
//
// Without films it prints inputs, outputs, operators and memory. With -raw it
// runs the network on float32 values, little-endian, that no preprocessing
// touches, for comparison with other programs. With -films it writes synthetic
// films for another program to embed, and with -check it compares with what that
// program made of them: a JSON object of file names and lists of numbers. Where
// they differ it says which step of the preprocessing is likely wrong; where they
// do not, -out gets a description of the model with the films in it, which is
// checked whenever the model is opened.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed/local"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
	"github.com/cxrkit/cxrkit/examples/internal/hosted"
	"github.com/cxrkit/cxrkit/internal/atomicfile"
)

func main() { cli.Main("onnx", run) }

const usage = `Onnx tells what is in a model of your own, and embeds films by it. Without a model it
is the encoder that comes with the library, on synthetic films.

    onnx
    onnx -model own.onnx
    onnx -model own.onnx -output features film.dcm folder films.zip
    onnx -model folder -films films
    onnx -model folder -check films/values.json -out folder/model.onnx.json

The last two compare with another program: see docs/EXPORT.md.
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := cli.Flags("onnx", usage, stderr)
	model := flags.String("model", "", "ONNX `file`, or folder with one as exports leave it; empty: the encoder inside")
	description := flags.String("description", "", "JSON `file` that says what films become; empty: what the model says")
	films := flags.String("films", "", "`folder` for synthetic films to compare with another program")
	checked := flags.String("check", "", "JSON `file` of films beside it and their values by another program")
	output := flags.String("output", "", "`name` of the tensor that is the embedding; empty: the first output; \"features\": what the last fully connected layer takes")
	size := flags.String("size", "", "`WIDTHxHEIGHT` of films, where the model leaves it open")
	raw := flags.String("raw", "", "`file` of float32 values to run the network on, without preprocessing")
	shape := flags.String("shape", "", "shape of -raw, as 1,3,224,224: films, channels, height, width")
	out := flags.String("out", "", "`file` for what -raw gives, float32, or for the description that -check proves; empty: none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out != "" {
		if err := cli.CanWrite(*out); err != nil {
			return err
		}
	}
	o := &local.Options{Output: *output}
	if *output == "features" {
		o.Output = local.LastGemmInput
	}
	width, height, err := dimensions(*size, *shape)
	if err != nil {
		return err
	}
	if width > 0 {
		o.Preprocess = &local.Preprocess{Width: width, Height: height}
	}
	if *description != "" {
		if o.Preprocess, err = readDescription(*description); err != nil {
			return err
		}
	}
	e, err := open(*model, o)
	if err != nil {
		return err
	}
	space, pre := e.Space(), e.Preprocess()
	fmt.Fprint(stdout, e.Describe())
	fmt.Fprintf(stdout, "embedding %d x %d of films of %d x %d pixels, %s\n", space.Tokens, space.Dim, pre.Width, pre.Height, cli.Count(pre.Channels, "channel"))
	if *films != "" {
		if err := writeFilms(pre, *films, stdout); err != nil {
			return err
		}
	}
	if *checked != "" {
		return check(ctx, e, *checked, *out, stdout)
	}
	if *raw != "" {
		return runRaw(ctx, e, *raw, *out, stdout)
	}
	if flags.NArg() == 0 && (*model != "" || *films != "") {
		return nil
	}
	return embedFilms(ctx, e, flags.Args(), stdout, stderr)
}

func open(model string, o *local.Options) (*local.Embedder, error) {
	if model == "" {
		return local.Load(mini.ONNX(), o)
	}
	if about, err := os.Stat(model); err == nil && about.IsDir() {
		return local.OpenFolder(model, o)
	}
	return local.Open(model, o)
}

func readDescription(name string) (*local.Preprocess, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	p := &local.Preprocess{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// dimensions reads the size of films from one of two flags.
func dimensions(size, shape string) (width, height int, err error) {
	switch {
	case size != "" && shape != "":
		return 0, 0, errors.New("both -size and -shape given")
	case size != "":
		w, h, ok := strings.Cut(size, "x")
		if ok {
			width, err = strconv.Atoi(w)
			if err == nil {
				height, err = strconv.Atoi(h)
			}
		}
		if !ok || err != nil || width < 1 || height < 1 {
			return 0, 0, fmt.Errorf("-size %q, want one like 224x224", size)
		}
	case shape != "":
		var n, channels int
		if _, err := fmt.Sscanf(shape, "%d,%d,%d,%d", &n, &channels, &height, &width); err != nil || n != 1 || channels < 1 || width < 1 || height < 1 {
			return 0, 0, fmt.Errorf("-shape %q, want one like 1,3,224,224", shape)
		}
	}
	return width, height, nil
}

func runRaw(ctx context.Context, e *local.Embedder, name, out string, stdout io.Writer) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if len(data)%4 != 0 {
		return fmt.Errorf("%s: %d bytes are no float32 values", name, len(data))
	}
	values := make([]float32, len(data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	result, shape, err := e.Raw(ctx, values)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "output", shape, preview(result))
	if out == "" {
		return nil
	}
	var b []byte
	for _, v := range result {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return atomicfile.WriteFile(out, b)
}

// embedFilms prints a line for each film, with the first values of its
// embedding; why others have none is told too.
func embedFilms(ctx context.Context, e *local.Embedder, films []string, stdout, stderr io.Writer) error {
	failed, err := hosted.Each(ctx, e, films, stderr, func(_ *cxr.Image, v *cxr.Embedding) error {
		_, err := fmt.Fprintln(stdout, v.ID, preview(v.Values))
		return err
	})
	return errors.Join(err, hosted.Failed(failed))
}

func preview(values []float32) string {
	words := make([]string, 0, 5)
	for _, v := range values[:min(len(values), 4)] {
		words = append(words, fmt.Sprintf("%.4g", v))
	}
	if len(values) > 4 {
		words = append(words, "...")
	}
	return "[" + strings.Join(words, " ") + "]"
}
