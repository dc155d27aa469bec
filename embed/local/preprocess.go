package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// A Preprocess says what a film becomes before the network. It travels with the
// model: as JSON with these names, under the key "cxrkit" of the file's
// metadata, or in a file beside it, of the model's name with ".json" after it.
// Options.Preprocess overrides both. Without any, films are resized to the
// model's own size and scaled to 0..1.
type Preprocess struct {
	Name     string     `json:"name"`      // of the model
	Recipe   string     `json:"recipe"`    // that films must be made by; empty: any
	Width    int        `json:"width"`     // 0: the model's own
	Height   int        `json:"height"`    // likewise
	Channels int        `json:"channels"`  // 1 or 3; 0: the model's own
	Low      float64    `json:"low"`       // value of black
	High     float64    `json:"high"`      // value of white; Low and High both 0: 0 and 1
	Mean     []float64  `json:"mean"`      // taken off, for each channel
	Std      []float64  `json:"std"`       // divided by
	PerImage bool       `json:"per_image"` // then to mean 0 and deviation 1 over the film
	Resize   cxr.Kernel `json:"resize"`    // "area" (also if left out), "bilinear" or "cubic"
}

func preprocessing(m *onnx.Model, beside []byte, o *Options) (*Preprocess, error) {
	p := &Preprocess{}
	switch text := m.Metadata["cxrkit"]; {
	case o.Preprocess != nil:
		*p = *o.Preprocess
	case text != "":
		beside = []byte(text)
		fallthrough
	case beside != nil:
		d := json.NewDecoder(bytes.NewReader(beside))
		d.DisallowUnknownFields()
		if err := d.Decode(p); err != nil {
			return nil, fmt.Errorf("preprocessing: %w", err)
		}
	}
	if p.Low == 0 && p.High == 0 {
		p.High = 1
	}
	if p.Width < 0 || p.Height < 0 || p.Width > 1<<14 || p.Height > 1<<14 {
		return nil, fmt.Errorf("%w: preprocessing to %d x %d pixels", cxr.ErrUnsupported, p.Width, p.Height)
	}
	switch p.Resize {
	case cxr.KernelArea, cxr.KernelBilinear, cxr.KernelCubic, cxr.KernelLegacyBilinear:
	default:
		return nil, fmt.Errorf("%w: preprocessing resizes by %v", cxr.ErrUnsupported, p.Resize)
	}
	return p, nil
}

// fit fills in the shape of a network's input, 1 x channels x height x width, and
// checks that the rest goes with it.
func (p *Preprocess) fit(shape []int) error {
	if p.Channels != 0 && p.Channels != shape[1] {
		return fmt.Errorf("%w: preprocessing for %d channels, the model has %d", cxr.ErrMismatch, p.Channels, shape[1])
	}
	p.Channels, p.Height, p.Width = shape[1], shape[2], shape[3]
	for _, v := range [][]float64{p.Mean, p.Std} {
		if v != nil && len(v) != p.Channels {
			return fmt.Errorf("%w: mean or deviation of %d channels, the model has %d", cxr.ErrMismatch, len(v), p.Channels)
		}
	}
	for _, v := range p.Std {
		if !(v > 0) {
			return fmt.Errorf("%w: deviation of %v", cxr.ErrUnsupported, v)
		}
	}
	if !(p.Low < p.High) || math.IsInf(p.High-p.Low, 0) {
		return fmt.Errorf("%w: black is %v and white %v", cxr.ErrUnsupported, p.Low, p.High)
	}
	return nil
}

// fill writes a film of the network's size into its input, channels last.
func (p *Preprocess) fill(dst []float32, im *cxr.Image) {
	scale := (p.High - p.Low) / float64(im.Max())
	gain, offset := make([]float64, p.Channels), make([]float64, p.Channels)
	for ch := range gain {
		gain[ch], offset[ch] = scale, p.Low
		if p.Mean != nil {
			offset[ch] -= p.Mean[ch]
		}
		if p.Std != nil {
			gain[ch], offset[ch] = gain[ch]/p.Std[ch], offset[ch]/p.Std[ch]
		}
	}
	if p.PerImage {
		// Of what the gray values become, so of each channel alone.
		var sum, squares float64
		for _, v := range im.Pix {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		n := float64(len(im.Pix))
		mean := sum / n
		deviation := math.Sqrt(math.Max(squares/n-mean*mean, 0))
		for ch := range gain {
			gain[ch], offset[ch] = 0, 0
			if deviation > 0 {
				gain[ch], offset[ch] = 1/deviation, -mean/deviation
			}
		}
	}
	for i, v := range im.Pix {
		for ch := range gain {
			dst[i*p.Channels+ch] = float32(float64(float64(v)*gain[ch]) + offset[ch])
		}
	}
}
