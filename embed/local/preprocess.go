package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// A Preprocess describes a model: what a film becomes before the network, and
// what of the network's output is the embedding. It travels with the model: as
// JSON with these names, under the key "cxrkit" of the file's metadata, or in a
// file beside it, of the model's name with ".json" after it.
// Options.Preprocess overrides both, and [OpenFolder] reads descriptions of other
// programs too. Without any, films are resized to the model's own size and scaled
// to 0..1.
//
// A film goes through these steps, in this order: Percentiles and Bits; Fit,
// Side, Resize, Center and Pad; Low and High; Mean and Std, or PerImage.
type Preprocess struct {
	Name     string    `json:"name"`      // of the model
	Recipe   string    `json:"recipe"`    // that films must be made by; empty: any
	Width    int       `json:"width"`     // 0: the model's own
	Height   int       `json:"height"`    // likewise
	Channels int       `json:"channels"`  // 1 or 3; 0: the model's own
	Low      float64   `json:"low"`       // value of black
	High     float64   `json:"high"`      // value of white; Low and High both 0: 0 and 1
	Mean     []float64 `json:"mean"`      // taken off, for each channel in the network's order
	Std      []float64 `json:"std"`       // divided by
	PerImage bool      `json:"per_image"` // instead of Low to Std: to mean 0 and deviation 1 over what the network sees of the film
	Resize   string    `json:"resize"`    // as ResizeArea, ...; "area" if left out

	// Percentiles of the film's gray values, two of 0..100, become black and
	// white; what is beyond is clipped. [0, 100] is all of the range.
	Percentiles []float64 `json:"percentiles,omitempty"`

	// Bits is 8 for programs that work on bytes: films of 16 bits lose the lower
	// 8 (cut off, not rounded), and what is resized is rounded to bytes. It is
	// 32 for those that make floats of a film before they resize it. With 0 films
	// keep their depth: of 8 bits they are resized as bytes, of 16 as floats.
	Bits int `json:"bits,omitempty"`

	Fit    string  `json:"fit,omitempty"`    // how a film of another shape comes to the network's
	Side   int     `json:"side,omitempty"`   // that Fit resizes to, before pixels are cut off or added; 0: the network's
	Center string  `json:"center,omitempty"` // where the odd pixel goes
	Pad    float64 `json:"pad,omitempty"`    // gray of added pixels, 0 black to 1 white

	Output string `json:"output,omitempty"` // as Options.Output, which overrides it
	Pool   Pool   `json:"pool,omitempty"`   // as Options.Pool, which overrides it

	References []Reference `json:"references,omitempty"` // compared when the model is opened
	Tolerance  float64     `json:"tolerance,omitempty"`  // of that, a share of the spread of a reference's values; 0: 0.001

	inverted bool // black is white: to find out what is wrong
}

// How a film of any width and height comes to the network's (Preprocess.Fit). The
// side that is resized to is Preprocess.Side.
const (
	FitStretch   = ""           // both sides are resized, whatever that does to the aspect
	FitCrop      = "crop"       // the shorter side is resized, the aspect kept, and the middle cut out
	FitPad       = "pad"        // the longer side is resized, the aspect kept, and the rest padded
	FitCropFirst = "crop first" // the middle square is cut out, and then resized
	FitPadFirst  = "pad first"  // the film is padded to a square, and then resized
)

// Where the middle lies if an odd number of pixels is cut off (Preprocess.Center):
// pixels left of it and above it. Of an odd number added, the smaller half comes
// first.
const (
	CenterFloor  = ""       // the smaller half comes off first, as transformers does
	CenterEven   = "even"   // the half is rounded to even, as torchvision, timm and open_clip do
	CenterHalves = "halves" // half of the film less half of the crop, both rounded down, as torchxrayvision does
)

// largestSide bounds sides that a description may name.
const largestSide = 1 << 14

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
	case o.described != nil:
		var err error
		if p, err = o.described(); err != nil {
			return nil, err
		}
	}
	if p.Low == 0 && p.High == 0 {
		p.High = 1
	}
	if p.Resize == "" {
		p.Resize = ResizeArea
	}
	if o.Output != "" {
		p.Output = o.Output
	}
	if o.Pool != PoolNone {
		p.Pool = o.Pool
	}
	return p, p.check()
}

// check refuses what does not depend on the network.
func (p *Preprocess) check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: preprocessing "+format, append([]any{cxr.ErrUnsupported}, args...)...)
	}
	switch {
	case p.Width < 0 || p.Height < 0 || p.Width > largestSide || p.Height > largestSide:
		return wrong("to %d x %d pixels", p.Width, p.Height)
	case p.Side < 0 || p.Side > largestSide:
		return wrong("with a side of %d pixels", p.Side)
	case !knownResampling(p.Resize):
		return wrong("resizes by %q, want %s", p.Resize, resamplingNames())
	case p.Bits != 0 && p.Bits != 8 && p.Bits != 32:
		return wrong("of %d bits, want 0, 8 or 32", p.Bits)
	case p.Bits == 32 && own(p.Resize):
		return wrong("of 32 bits resizes by %q, which keeps whole gray values", p.Resize)
	case !slices.Contains([]string{FitStretch, FitCrop, FitPad, FitCropFirst, FitPadFirst}, p.Fit):
		return wrong(`fits by %q, want "", "crop", "pad", "crop first" or "pad first"`, p.Fit)
	case p.Side != 0 && (p.Fit == FitCropFirst || p.Fit == FitPadFirst):
		return wrong("fits by %q to a side of %d, want none", p.Fit, p.Side)
	case !slices.Contains([]string{CenterFloor, CenterEven, CenterHalves}, p.Center):
		return wrong(`centers by %q, want "", "even" or "halves"`, p.Center)
	case !(p.Pad >= 0 && p.Pad <= 1):
		return wrong("pads with %v, want 0 to 1", p.Pad)
	case p.Pool < PoolNone || p.Pool > PoolCLS:
		return wrong("pools by %d", int(p.Pool))
	case !(p.Tolerance >= 0 && p.Tolerance < 1):
		return wrong("tolerates %v of the spread, want 0 to 1", p.Tolerance)
	case p.Percentiles == nil:
		return nil
	}
	if l := p.Percentiles; len(l) != 2 || !(0 <= l[0] && l[0] < l[1] && l[1] <= 100) {
		return wrong("scales by the percentiles %v, want two of 0 to 100, the lower first", l)
	}
	return nil
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
	if p.Fit != FitStretch && p.Width != p.Height {
		return fmt.Errorf("%w: preprocessing fits by %q, which is for square networks, and this one looks at %d x %d pixels", cxr.ErrUnsupported, p.Fit, p.Width, p.Height)
	}
	return nil
}

// clone is a copy that shares nothing with p but the references.
func (p *Preprocess) clone() Preprocess {
	c := *p
	c.Mean, c.Std, c.Percentiles = slices.Clone(p.Mean), slices.Clone(p.Std), slices.Clone(p.Percentiles)
	return c
}

// fill writes a film into the network's input, channels last.
func (p *Preprocess) fill(dst []float32, m *cxr.Image) error {
	f, err := p.film(m)
	if err != nil {
		return err
	}
	if f.floats != nil {
		scaled(p, dst, f.floats, f.white)
	} else {
		scaled(p, dst, f.whole, f.white)
	}
	return nil
}

// scaled is fill of gray values of 0..white.
func scaled[T gray](p *Preprocess, dst []float32, pix []T, white float64) {
	scale := (p.High - p.Low) / white
	gain, offset := make([]float64, p.Channels), make([]float64, p.Channels)
	for ch := range gain {
		gain[ch], offset[ch] = scale, p.Low
		if p.inverted {
			gain[ch], offset[ch] = -scale, p.High
		}
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
		for _, v := range pix {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		n := float64(len(pix))
		mean := sum / n
		deviation := math.Sqrt(math.Max(squares/n-mean*mean, 0))
		for ch := range gain {
			gain[ch], offset[ch] = 0, 0
			if deviation > 0 {
				gain[ch], offset[ch] = 1/deviation, -mean/deviation
			}
		}
	}
	if p.Channels == 3 { // as most networks look at them
		g0, g1, g2, o0, o1, o2 := gain[0], gain[1], gain[2], offset[0], offset[1], offset[2]
		for _, v := range pix {
			x, to := float64(v), (*[3]float32)(dst)
			to[0], to[1], to[2] = float32(float64(x*g0)+o0), float32(float64(x*g1)+o1), float32(float64(x*g2)+o2)
			dst = dst[3:]
		}
		return
	}
	for i, v := range pix {
		for ch := range gain {
			dst[i*p.Channels+ch] = float32(float64(float64(v)*gain[ch]) + offset[ch])
		}
	}
}
