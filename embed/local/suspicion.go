package local

import (
	"fmt"
	"math"
	"slices"
)

// A suspicion is a description that differs in one step from the one that does not
// fit.
type suspicion struct {
	pre  Preprocess
	hint string
}

// normalizations are the means and deviations that most models were trained with,
// of red, green and blue (timm's constants.py, transformers' image_utils.py).
var normalizations = []struct {
	name      string
	mean, std []float64
}{
	{"ImageNet's", []float64{0.485, 0.456, 0.406}, []float64{0.229, 0.224, 0.225}},
	{"CLIP's", []float64{0.48145466, 0.4578275, 0.40821073}, []float64{0.26862954, 0.26130258, 0.27577711}},
	{"Inception's", []float64{0.5, 0.5, 0.5}, []float64{0.5, 0.5, 0.5}},
	{"RAD-DINO's", []float64{0.5307, 0.5307, 0.5307}, []float64{0.2583, 0.2583, 0.2583}},
}

// suspicions are what may be wrong, the commonest first.
func suspicions(p *Preprocess) (list []suspicion) {
	add := func(hint string, change func(*Preprocess)) {
		s := suspicion{p.clone(), hint}
		change(&s.pre)
		list = append(list, s)
	}
	for _, r := range [][2]float64{{0, 1}, {0, 255}, {-1, 1}, {-1024, 1024}, {0, 65535}} {
		if r != [2]float64{p.Low, p.High} {
			add(fmt.Sprintf("the range %v to %v instead of %v to %v", r[0], r[1], p.Low, p.High), func(s *Preprocess) { s.Low, s.High = r[0], r[1] })
		}
	}
	add("black and white exchanged", func(s *Preprocess) { s.inverted = !s.inverted })
	suspectMeans(p, add)
	suspectGeometry(p, add)
	for _, pool := range []Pool{PoolNone, PoolMean, PoolCLS} {
		if pool != p.Pool {
			add(fmt.Sprintf("the pooling %q instead of %q", pool, p.Pool), func(s *Preprocess) { s.Pool = pool })
		}
	}
	for _, bits := range []int{0, 8, 32} {
		if bits != p.Bits && !(bits == 32 && own(p.Resize)) {
			add(fmt.Sprintf("bits %d instead of %d", bits, p.Bits), func(s *Preprocess) { s.Bits = bits })
		}
	}
	if p.Percentiles == nil {
		add("the film's range stretched (percentiles [0, 100])", func(s *Preprocess) { s.Percentiles = []float64{0, 100} })
	} else {
		add("no percentiles", func(s *Preprocess) { s.Percentiles = nil })
	}
	for _, r := range resamplings() {
		if r != p.Resize && !(p.Bits == 32 && own(r)) {
			add(fmt.Sprintf("resizing by %q instead of %q", r, p.Resize), func(s *Preprocess) { s.Resize = r })
		}
	}
	return list
}

func suspectMeans(p *Preprocess, add func(string, func(*Preprocess))) {
	if p.Mean != nil || p.Std != nil {
		add("no mean and deviation", func(s *Preprocess) { s.Mean, s.Std = nil, nil })
		add("channels in the other order (mean and deviation reversed, BGR)", func(s *Preprocess) {
			slices.Reverse(s.Mean)
			slices.Reverse(s.Std)
		})
	}
	if p.Mean != nil && p.Std != nil {
		add("no mean", func(s *Preprocess) { s.Mean = nil })
		add("no deviation", func(s *Preprocess) { s.Std = nil })
	}
	for _, n := range normalizations {
		if p.Channels == 3 {
			add(fmt.Sprintf("%s mean %v and deviation %v", n.name, n.mean, n.std), func(s *Preprocess) { s.Mean, s.Std = n.mean, n.std })
		} else if n.mean[0] == n.mean[1] {
			add(fmt.Sprintf("mean %v and deviation %v", n.mean[:1], n.std[:1]), func(s *Preprocess) { s.Mean, s.Std = n.mean[:1], n.std[:1] })
		}
	}
	if !p.PerImage {
		add("mean 0 and deviation 1 over each film (per_image)", func(s *Preprocess) { s.PerImage = true })
	} else {
		add("no per_image", func(s *Preprocess) { s.PerImage = false })
	}
}

func suspectGeometry(p *Preprocess, add func(string, func(*Preprocess))) {
	if p.Fit != FitStretch || p.Side != 0 {
		add("no crop or padding (both sides stretched)", func(s *Preprocess) { s.Fit, s.Side = FitStretch, 0 })
	}
	if p.Width == p.Height {
		for _, share := range []float64{1, 0.95, 0.9, 0.875, 0.965, 0.96} {
			side := int(math.Floor(float64(p.Width) / share))
			if p.Fit != FitCrop || p.Side != side && !(p.Side == 0 && side == p.Width) {
				add(fmt.Sprintf("a crop of the middle after resizing the shorter side to %d", side), func(s *Preprocess) { s.Fit, s.Side = FitCrop, side })
			}
		}
		for _, other := range []struct {
			fit  string
			hint string
		}{
			{FitPad, "padding after resizing the longer side"}, {FitCropFirst, "a crop to a square before resizing"}, {FitPadFirst, "padding to a square before resizing"},
		} {
			if p.Fit != other.fit {
				add(other.hint, func(s *Preprocess) { s.Fit, s.Side = other.fit, 0 })
			}
		}
	}
	if p.Fit == FitStretch {
		return
	}
	for _, c := range []string{CenterFloor, CenterEven, CenterHalves} {
		if c != p.Center {
			add(fmt.Sprintf("the odd pixel elsewhere (center %q instead of %q)", c, p.Center), func(s *Preprocess) { s.Center = c })
		}
	}
	for _, pad := range []float64{0, 1} {
		if pad != p.Pad && (p.Fit == FitPad || p.Fit == FitPadFirst) {
			add(fmt.Sprintf("padding of %v instead of %v", pad, p.Pad), func(s *Preprocess) { s.Pad = pad })
		}
	}
}
