package local

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// drawnFilm is the film of testdata/films.py.
func drawnFilm(width, height, white int) *cxr.Image {
	m := &cxr.Image{Width: width, Height: height, Depth: 16, Pix: make([]uint16, width*height)}
	if white == 255 {
		m.Depth = 8
	}
	for i := range m.Pix {
		x, y := i%width, i/width
		m.Pix[i] = uint16((x*7919 + y*104729 + x*y*31) % (white + 1))
	}
	return m
}

// What a film becomes equals what the programs make that wrote the descriptions,
// or that ours repeat: see testdata/films.py.
func TestFilmsEqualPython(t *testing.T) {
	var cases []struct {
		Name                string
		File                string
		Config, Description json.RawMessage
		Scale               float64
		Films               []struct {
			Size  [2]int
			White int
			First []float64 // channel
			Last  []float64 // channel, its first row
		}
	}
	text, err := os.ReadFile("testdata/films.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 19 {
		t.Errorf("%d cases", len(cases))
	}
	for _, test := range cases {
		t.Run(test.Name, func(t *testing.T) {
			p, o := &Preprocess{}, &Options{}
			if test.File != "" {
				if p, err = foreign(fstest.MapFS{test.File: {Data: test.Config}}); err != nil {
					t.Fatal(err)
				}
			} else if err := json.Unmarshal(test.Description, p); err != nil {
				t.Fatal(err)
			}
			o.Preprocess = p
			if p, err = preprocessing(&onnx.Model{}, nil, o); err != nil {
				t.Fatal(err)
			}
			channels := p.Channels
			if channels == 0 {
				channels = 3
			}
			if err := p.fit([]int{1, channels, 8, 8}); err != nil {
				t.Fatal(err)
			}
			for _, f := range test.Films {
				got := make([]float32, 64*channels)
				if err := p.fill(got, drawnFilm(f.Size[0], f.Size[1], f.White)); err != nil {
					t.Fatal(err)
				}
				worst := 0.0
				for i, want := range f.First {
					worst = max(worst, math.Abs(float64(got[i*channels])/test.Scale-want))
				}
				for i, want := range f.Last {
					worst = max(worst, math.Abs(float64(got[i*channels+channels-1])/test.Scale-want))
				}
				if worst > 6e-5 { // half a step of the file, and float32
					t.Errorf("%v of %d: %.2g from Python", f.Size, f.White, worst)
				}
			}
		})
	}
}

func TestWhatCannotBeHonoredIsRefused(t *testing.T) {
	const siglip = `"image_processor_type": "SiglipImageProcessor", "size": {"height": 8, "width": 8}, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]`
	const cfg = `"input_size": [3, 8, 8], "mean": [0, 0, 0], "std": [1, 1, 1]`
	for want, files := range map[string]map[string]string{
		`field "do_thumbnail"`:           {"preprocessor_config.json": `{` + siglip + `, "do_thumbnail": true}`},
		`field "do_pad"`:                 {"preprocessor_config.json": `{` + siglip + `, "do_pad": true}`},
		`"LevitImageProcessor"`:          {"preprocessor_config.json": `{"image_processor_type": "LevitImageProcessor"}`},
		`resample 9`:                     {"preprocessor_config.json": `{` + siglip + `, "resample": 9}`},
		`without do_center_crop`:         {"preprocessor_config.json": `{"image_processor_type": "ViTImageProcessor", "size": {"shortest_edge": 8}, "do_normalize": false}`},
		`want two equal sides`:           {"preprocessor_config.json": `{"image_processor_type": "ViTImageProcessor", "size": {"height": 8, "width": 9}, "do_normalize": false}`},
		`crop_size 9 of films resized`:   {"preprocessor_config.json": `{"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 8}, "crop_size": 9, "do_normalize": false}`},
		`without image_mean`:             {"preprocessor_config.json": `{"image_processor_type": "ViTImageProcessor", "size": 8}`},
		`crop_mode "border"`:             {"config.json": `{"pretrained_cfg": {` + cfg + `, "crop_mode": "border"}}`},
		`field "naflex"`:                 {"config.json": `{"pretrained_cfg": {` + cfg + `, "naflex": true}}`},
		`interpolation "random"`:         {"config.json": `{"pretrained_cfg": {` + cfg + `, "interpolation": "random"}}`},
		`resize_mode "odd"`:              {"open_clip_config.json": `{"preprocess_cfg": {"size": 8, "mean": [0, 0, 0], "std": [1, 1, 1], "resize_mode": "odd"}}`},
		`describe two preprocessings`:    {"preprocessor_config.json": `{` + siglip + `}`, "open_clip_config.json": `{"preprocess_cfg": {"size": 8, "mean": [0, 0, 0], "std": [1, 1, 1], "resize_mode": "squash"}}`},
		`no description of the preproce`: {"config.json": `{"model_type": "siglip"}`},
		`unexpected end of JSON`:         {"preprocessor_config.json": `{`},
	} {
		fsys := fstest.MapFS{}
		for name, text := range files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if _, err := foreign(fsys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func FuzzForeign(f *testing.F) {
	f.Add([]byte(`{"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 70}, "crop_size": {"height": 64, "width": 64}, "image_mean": [0.1, 0.2, 0.3], "image_std": [1, 1, 1]}`))
	f.Add([]byte(`{"pretrained_cfg": {"input_size": [3, 8, 8], "mean": [0, 0, 0], "std": [1, 1, 1], "crop_pct": 0.9}}`))
	f.Add([]byte(`{"preprocess_cfg": {"size": [8, 8], "mean": [0, 0, 0], "std": [1, 1, 1], "resize_mode": "longest"}}`))
	f.Add([]byte(`{"tokenizer_class": "SiglipTokenizer", "model_max_length": 64}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		readTokenizerConfig(text)
		for _, name := range []string{"preprocessor_config.json", "config.json", "open_clip_config.json"} {
			p, err := foreign(fstest.MapFS{name: {Data: text}})
			if err != nil {
				continue
			}
			// What is taken can be used, or is refused when the network is known.
			if p.check() != nil || p.fit([]int{1, 3, p.Height, p.Width}) != nil || p.Width > 256 || p.Side > 1<<10 {
				continue
			}
			dst := make([]float32, 3*p.Width*p.Height)
			if err := p.fill(dst, drawnFilm(20, 9, 65535)); err != nil {
				t.Errorf("%+v: %v", p, err)
			}
		}
	})
}
