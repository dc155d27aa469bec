package dicomconv_test

import (
	"bytes"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// Whatever the bytes, the answer is an error or a valid image, by every recipe
// and with every policy open.
func FuzzNormalize(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	for _, b := range dicomtest.Hostile() {
		if len(b) < 4096 {
			f.Add(b)
		}
	}
	for _, b := range encoded(f) {
		f.Add(b)
	}
	for stream, uid := range map[string]string{
		"sof2_8.jpg": uidBaseline, "sof3_12.jpg": uidLossless, "ls_near_16.jls": uidLS, "j2k_97_16.j2k": uidJ2K, "ht_53_16.j2c": uidHT, "ht_97_16.j2c": uidHTLossy,
	} {
		f.Add(coded24(f, stream, uid, 16, 12).Bytes())
	}
	for _, film := range []*dicomtest.File{
		windowed().Set(dicomtest.Slope, "FD", make([]byte, 8)), windowed().Set(0x00091001, "??", "abcd"), windowed().Set(dicomtest.Intercept, "DS", "0,5\n"),
		windowed().Set(dicomtest.VOILUT, "SQ", append(itemOf(nil), itemEnd...)), windowed().Set(0x00540220, "UN", dicomtest.Raw(append(itemOf(explicit(0x00080100, "SH", []byte("R-10206 "))), sequenceEnd...))),
	} {
		f.Add(film.Bytes())
	}
	var converters []*dicomconv.Converter
	for _, recipe := range []string{cxr.Standard, cxr.Upstream, cxr.HAIDEF, cxr.MedSigLIP} {
		converters = append(converters, dicomconv.New(&dicomconv.Options{
			Recipe: recipe, Views: dicomconv.ViewsAny, BurnedIn: dicomconv.BurnedInAllow, Color: dicomconv.ColorLuma, Frame: 1,
			Limits: dicomconv.Limits{Pixels: 1 << 16, Inflated: 1 << 20},
		}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range converters {
			m, err := c.Normalize(bytes.NewReader(b))
			if err != nil {
				continue
			}
			if err := m.Validate(); err != nil {
				t.Error(err)
			}
			if info, err := c.Stat(bytes.NewReader(b)); err != nil || info.Width != m.Width || info.Height != m.Height {
				t.Errorf("Stat says %d x %d, %v, of an image of %d x %d", info.Width, info.Height, err, m.Width, m.Height)
			}
		}
	})
}
