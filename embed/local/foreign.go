package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
)

// foreign reads what other programs wrote about a model's preprocessing.
func foreign(fsys fs.FS) (*Preprocess, error) {
	var found *Preprocess
	var from string
	for _, file := range []struct {
		name string
		read func(fields) (*Preprocess, error)
	}{
		{"preprocessor_config.json", readTransformers},
		{"config.json", readTimm},
		{"open_clip_config.json", readOpenCLIP},
	} {
		text, err := readOptional(fsys, file.name)
		if err != nil {
			return nil, err
		}
		if text == nil {
			continue
		}
		all, err := newFields(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.name, err)
		}
		p, err := file.read(all)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.name, err)
		}
		if p == nil { // of the model only
			continue
		}
		if found != nil {
			if field := differ(found, p); field != "" {
				return nil, fmt.Errorf("%w: %s and %s describe two preprocessings, of different %s; keep the one that holds", cxr.ErrMismatch, from, file.name, field)
			}
			continue
		}
		found, from = p, file.name
	}
	if found == nil {
		return nil, fmt.Errorf("%w: no description of the preprocessing: no preprocessor_config.json, no timm or open_clip config, and no file of the model's name with .json after it", cxr.ErrUnsupported)
	}
	return found, nil
}

// differ is the name of the first field in which two descriptions differ; kernels
// of one kind in two programs are alike, and so is where the odd pixel goes.
func differ(a, b *Preprocess) string {
	x, y := *a, *b
	kind := func(r string) string { return r[strings.LastIndexByte(r, ' ')+1:] }
	x.Resize, y.Resize, x.Center, y.Center = kind(x.Resize), kind(y.Resize), "", ""
	for _, p := range []*Preprocess{&x, &y} {
		if p.Fit == FitCrop && p.Side == p.Width {
			p.Side = 0
		}
	}
	v, w := reflect.ValueOf(x), reflect.ValueOf(y)
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !reflect.DeepEqual(v.Field(i).Interface(), w.Field(i).Interface()) {
			return strings.ToLower(f.Name)
		}
	}
	return ""
}

// fields are a JSON object; what is taken from it is known, and the rest refused.
type fields map[string]json.RawMessage

func newFields(text []byte) (fields, error) {
	var f fields
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, err
	}
	return f, nil
}

// take reads a field into v and forgets it; it reports whether it was there and
// not null.
func (f fields) take(name string, v any) (bool, error) {
	text, ok := f[name]
	delete(f, name)
	if !ok || bytes.Equal(text, []byte("null")) {
		return false, nil
	}
	if err := json.Unmarshal(text, v); err != nil {
		return false, fmt.Errorf("field %q: %w", name, err)
	}
	return true, nil
}

// truth is a field of true or false, or what it is if left out.
func (f fields) truth(name string, usual bool) (bool, error) {
	_, err := f.take(name, &usual)
	return usual, err
}

// drop forgets fields that do not decide the pixels.
func (f fields) drop(names ...string) {
	for _, name := range names {
		delete(f, name)
	}
}

// refuse is an error if anything is left.
func (f fields) refuse() error {
	if len(f) == 0 {
		return nil
	}
	var names []string
	for name := range f {
		names = append(names, fmt.Sprintf("%q", name))
	}
	slices.Sort(names)
	return fmt.Errorf("%w: field %s", cxr.ErrUnsupported, strings.Join(names, ", "))
}

// square is a size that is a number, or a list or object of two equal ones.
func square(text json.RawMessage, what string) (int, error) {
	var side int
	if json.Unmarshal(text, &side) == nil {
		return checkedSide(side, side, what)
	}
	var list []int
	if json.Unmarshal(text, &list) == nil && len(list) == 2 {
		return checkedSide(list[0], list[1], what)
	}
	var object struct{ Height, Width int }
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&object); err != nil {
		return 0, fmt.Errorf("%w: field %q: %s", cxr.ErrUnsupported, what, text)
	}
	return checkedSide(object.Height, object.Width, what)
}

func checkedSide(height, width int, what string) (int, error) {
	if height < 1 || height > largestSide || height != width {
		return 0, fmt.Errorf("%w: field %q: %d x %d, want two equal sides", cxr.ErrUnsupported, what, height, width)
	}
	return height, nil
}

// readTimm reads config.json as timm writes it. A config.json without
// "pretrained_cfg" is of another program, about the model only.
func readTimm(f fields) (*Preprocess, error) {
	var c fields
	if ok, err := f.take("pretrained_cfg", &c); !ok || err != nil {
		return nil, err
	}
	p := &Preprocess{Bits: 8, Low: 0, High: 1, Center: CenterEven, Fit: FitCrop}
	input, share, mode, kernel := []int{}, 0.875, "center", "bicubic"
	for name, v := range map[string]any{"input_size": &input, "crop_pct": &share, "crop_mode": &mode, "interpolation": &kernel, "mean": &p.Mean, "std": &p.Std} {
		if _, err := c.take(name, v); err != nil {
			return nil, err
		}
	}
	// About the weights and their history, and for other uses of the model.
	c.drop("url", "file", "hf_hub_id", "hf_hub_filename", "source", "architecture", "tag", "custom_load", "test_input_size", "min_input_size",
		"fixed_input_size", "test_crop_pct", "num_classes", "label_offset", "label_names", "label_descriptions", "pool_size", "test_pool_size",
		"first_conv", "classifier", "license", "description", "origin_url", "paper_name", "paper_ids", "notes")
	if err := c.refuse(); err != nil {
		return nil, err
	}
	if len(input) != 3 || input[1] != input[2] || input[1] < 1 || !(share > 0 && share <= 1) {
		return nil, fmt.Errorf("%w: input_size %v, crop_pct %v, want channels and two equal sides, and a share", cxr.ErrUnsupported, input, share)
	}
	p.Channels, p.Height, p.Width = input[0], input[1], input[2]
	p.Side = int(math.Floor(float64(input[1]) / share))
	switch mode {
	case "center":
	case "squash":
		p.Fit = FitStretch
	default: // border pads each channel with another gray
		return nil, fmt.Errorf("%w: crop_mode %q", cxr.ErrUnsupported, mode)
	}
	if p.Side == p.Width {
		p.Side = 0
	}
	return p, p.setResize("pil "+kernel, kernel)
}

// setResize sets the kernel, or refuses what the file calls so.
func (p *Preprocess) setResize(r, called string) error {
	if p.Resize = r; !knownResampling(r) {
		return fmt.Errorf("%w: interpolation %q", cxr.ErrUnsupported, called)
	}
	return nil
}

// readOpenCLIP reads open_clip_config.json.
func readOpenCLIP(f fields) (*Preprocess, error) {
	var c, model, vision fields
	if _, err := f.take("preprocess_cfg", &c); err != nil {
		return nil, err
	}
	if _, err := f.take("model_cfg", &model); err != nil {
		return nil, err
	}
	if _, err := model.take("vision_cfg", &vision); err != nil {
		return nil, err
	}
	p := &Preprocess{Bits: 8, Low: 0, High: 1, Center: CenterEven, Channels: 3}
	var size json.RawMessage
	color, kernel, mode, fill := "RGB", "bicubic", "shortest", 0
	if _, err := vision.take("image_size", &size); err != nil {
		return nil, err
	}
	for name, v := range map[string]any{"size": &size, "mode": &color, "mean": &p.Mean, "std": &p.Std, "interpolation": &kernel, "resize_mode": &mode, "fill_color": &fill} {
		if _, err := c.take(name, v); err != nil {
			return nil, err
		}
	}
	if err := c.refuse(); err != nil {
		return nil, err
	}
	if color != "RGB" || fill < 0 || fill > 255 || size == nil || p.Mean == nil || p.Std == nil {
		return nil, fmt.Errorf(`%w: mode %q, fill_color %d; want "RGB", 0 to 255, size, mean and std`, cxr.ErrUnsupported, color, fill)
	}
	side, err := square(size, "size")
	if err != nil {
		return nil, err
	}
	p.Width, p.Height = side, side
	switch mode {
	case "shortest":
		p.Fit = FitCrop
	case "longest":
		p.Fit, p.Pad = FitPad, float64(fill)/255
	case "squash":
	default:
		return nil, fmt.Errorf("%w: resize_mode %q", cxr.ErrUnsupported, mode)
	}
	return p, p.setResize("pil "+kernel, kernel)
}
