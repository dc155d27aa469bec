package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
)

// A processor is what an image processor of transformers does unless its file says
// otherwise.
type processor struct {
	crop     bool // do_center_crop
	resample int
	square   bool // a size of one number is of both sides
	convNext bool // resizes to more than size and crops, below 384
}

// processors are those that are read; features extractors are their older names.
// DINOv2 and RAD-DINO have BitImageProcessor, MedSigLIP SiglipImageProcessor.
var processors = map[string]processor{
	"BitImageProcessor":      {crop: true, resample: 3},
	"CLIPImageProcessor":     {crop: true, resample: 3},
	"ViTImageProcessor":      {resample: 2, square: true},
	"DeiTImageProcessor":     {crop: true, resample: 3, square: true},
	"SiglipImageProcessor":   {resample: 3},
	"ConvNextImageProcessor": {resample: 3, convNext: true},
}

// pilFilters are the numbers of PIL.Image.Resampling.
var pilFilters = []string{"nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"}

// readTransformers reads preprocessor_config.json of an image processor. What
// transformers 5 computes by default is followed, on tensors; of a "Pil"
// processor, what Pillow does.
func readTransformers(f fields) (*Preprocess, error) {
	kind := ""
	if ok, err := f.take("image_processor_type", &kind); err != nil {
		return nil, err
	} else if !ok {
		if _, err := f.take("feature_extractor_type", &kind); err != nil {
			return nil, err
		}
	}
	delete(f, "feature_extractor_type")
	program := "torch "
	plain := strings.Replace(strings.TrimSuffix(kind, "Fast"), "FeatureExtractor", "ImageProcessor", 1)
	if base, ok := strings.CutSuffix(plain, "Pil"); ok {
		plain, program = base, "pil "
	}
	usual, ok := processors[plain]
	if !ok {
		return nil, fmt.Errorf("%w: image_processor_type %q", cxr.ErrUnsupported, kind)
	}
	p := &Preprocess{Bits: 8, High: 1}
	if err := p.readValues(f); err != nil {
		return nil, err
	}
	filter := usual.resample
	if _, err := f.take("resample", &filter); err != nil {
		return nil, err
	}
	if filter < 0 || filter >= len(pilFilters) {
		return nil, fmt.Errorf("%w: resample %d", cxr.ErrUnsupported, filter)
	}
	if err := p.setResize(program+pilFilters[filter], pilFilters[filter]); err != nil {
		return nil, err
	}
	if err := p.readGeometry(f, usual); err != nil {
		return nil, err
	}
	// Gray films become three equal channels either way.
	f.drop("do_convert_rgb", "processor_class", "return_tensors", "data_format", "input_data_format", "device", "disable_grouping", "_valid_processor_keys",
		"image_mean", "image_std", "rescale_factor", "image_seq_length")
	for _, name := range []string{"do_pad", "do_flip_channel_order", "do_reduce_labels", "pad_size", "size_divisor", "default_to_square"} {
		if text := strings.TrimSpace(string(f[name])); text == "false" || text == "null" {
			delete(f, name) // says that nothing is done
		}
	}
	return p, f.refuse()
}

// readValues reads what becomes of gray values.
func (p *Preprocess) readValues(f fields) error {
	factor := 1. / 255
	rescale, err := f.truth("do_rescale", true)
	if err != nil {
		return err
	}
	if _, err := f.take("rescale_factor", &factor); err != nil {
		return err
	}
	switch p.High = 255 * factor; {
	case !rescale:
		p.High = 255
	case math.Abs(p.High-1) < 1e-6:
		p.High = 1
	case !(p.High > 0):
		return fmt.Errorf("%w: rescale_factor %v", cxr.ErrUnsupported, factor)
	}
	normalize, err := f.truth("do_normalize", true)
	if err != nil {
		return err
	}
	if _, err := f.take("image_mean", &p.Mean); err != nil {
		return err
	}
	if _, err := f.take("image_std", &p.Std); err != nil {
		return err
	}
	if !normalize {
		p.Mean, p.Std = nil, nil
	} else if p.Mean == nil || p.Std == nil {
		return fmt.Errorf("%w: do_normalize without image_mean and image_std", cxr.ErrUnsupported)
	}
	return nil
}

// readGeometry reads resizing and cropping.
func (p *Preprocess) readGeometry(f fields, usual processor) error {
	resize, err := f.truth("do_resize", true)
	if err != nil {
		return err
	}
	crop, err := f.truth("do_center_crop", usual.crop)
	if err != nil {
		return err
	}
	var size, cropSize json.RawMessage
	share := 0.875
	for name, v := range map[string]any{"size": &size, "crop_size": &cropSize, "crop_pct": &share} {
		ok, err := f.take(name, v)
		if err != nil {
			return err
		}
		if name == "crop_pct" && ok && (!usual.convNext || !(share > 0 && share <= 1)) {
			return fmt.Errorf("%w: crop_pct %v", cxr.ErrUnsupported, share)
		}
	}
	if !resize || size == nil {
		return fmt.Errorf("%w: no do_resize or no size: films are of many sizes", cxr.ErrUnsupported)
	}
	side, short, err := usual.size(size)
	if err != nil {
		return err
	}
	p.Width, p.Height = side, side
	switch {
	case usual.convNext:
		if !short || crop {
			return fmt.Errorf("%w: size %s, want a shortest_edge and no do_center_crop", cxr.ErrUnsupported, size)
		}
		if side < 384 {
			p.Fit, p.Side = FitCrop, int(float64(side)/share)
		}
		return nil
	case short && !crop:
		return fmt.Errorf("%w: shortest_edge without do_center_crop: films of many shapes", cxr.ErrUnsupported)
	case !crop:
		return nil
	case cropSize == nil:
		return fmt.Errorf("%w: do_center_crop without crop_size", cxr.ErrUnsupported)
	}
	if p.Width, err = square(cropSize, "crop_size"); err != nil {
		return err
	}
	if p.Height = p.Width; p.Width > side {
		return fmt.Errorf("%w: crop_size %d of films resized to %d", cxr.ErrUnsupported, p.Width, side)
	}
	if short {
		p.Fit = FitCrop
	}
	if p.Side = side; side == p.Width {
		p.Side = 0
	}
	return nil
}

// size is the side that is resized to, and whether it is the shorter one.
func (u processor) size(text json.RawMessage) (side int, short bool, err error) {
	var edge struct {
		Short int `json:"shortest_edge"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&edge) == nil {
		side, err = checkedSide(edge.Short, edge.Short, "size")
		return side, true, err
	}
	var one int
	side, err = square(text, "size")
	return side, json.Unmarshal(text, &one) == nil && !u.square, err
}
