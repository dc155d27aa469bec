package board

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/internal/testkit/dicomtest"
)

// boardOf has the files as films.
func boardOf(t *testing.T, files map[string][]byte) *Board {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: data}
	}
	b, err := Open(t.Context(), Options{Inputs: []Input{{FS: fsys}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// ramp is a film of 64 x 64 pixels with the values first, first+step, ...
func ramp(first, step int) *dicomtest.File {
	words := make([]uint16, 64*64)
	for i := range words {
		words[i] = uint16(first + i*step)
	}
	return dicomtest.Film(64, 64).Set(dicomtest.PixelData, "OW", words)
}

// A window put on Pixels shows what the library shows by the same window, and Gray
// what it shows of itself.
func TestPixelsHoldEveryValue(t *testing.T) {
	floats := make([]byte, 0, 4*64*64)
	for i := range 64 * 64 {
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(float32(i)/4096))
	}
	files := map[string][]byte{
		"12 bits":              ramp(0, 1).Bits(16, 12, false).Bytes(),
		"signed":               ramp(-2000, 1).Bits(16, 13, true).Bytes(),
		"16 bits":              ramp(0, 16).Bytes(),
		"16 bits, MONOCHROME1": ramp(0, 16).Set(dicomtest.Photometric, "CS", "MONOCHROME1").Bytes(),
		"negative intercept":   ramp(0, 1).Bits(16, 12, false).Set(dicomtest.Intercept, "DS", "-1024").Set(dicomtest.Slope, "DS", "1").Bytes(),
		"small slope":          ramp(0, 1).Bits(16, 12, false).Set(dicomtest.Intercept, "DS", "3").Set(dicomtest.Slope, "DS", "0.01").Bytes(),
		"large slope":          ramp(0, 1).Bits(16, 12, false).Set(dicomtest.Intercept, "DS", "0").Set(dicomtest.Slope, "DS", "100").Bytes(),
		"padding":              ramp(-2000, 1).Bits(16, 13, true).Set(dicomtest.Padding, "SS", []uint16{uint16(65536 - 2000)}).Set(dicomtest.PaddingLimit, "SS", []uint16{uint16(65536 - 1000)}).Bytes(),
		"padding, MONOCHROME1": ramp(0, 1).Bits(16, 12, false).Set(dicomtest.Photometric, "CS", "MONOCHROME1").Set(dicomtest.Padding, "US", 0).Set(dicomtest.PaddingLimit, "US", 100).Bytes(),
		"window of the file":   ramp(0, 1).Bits(16, 12, false).Window("1000", "500").Bytes(),
		"sigmoid":              ramp(0, 1).Bits(16, 12, false).Window("1000", "500").Set(dicomtest.VOIFunction, "CS", "SIGMOID").Bytes(),
		"one value":            dicomtest.Film(8, 8).Bytes(),
		"floats between 0 and 1": dicomtest.Film(64, 64).Remove(dicomtest.PixelData).Remove(dicomtest.BitsStored).Remove(dicomtest.HighBit).Remove(dicomtest.Signed).
			Set(dicomtest.BitsAllocated, "US", 32).Set(0x7fe00008, "OF", floats).Bytes(),
	}
	for _, f := range (phantom.Cohort{Patients: 12, Seed: 1, Size: 64}).Films() {
		files[fmt.Sprintf("phantom %d", f.Encoding())] = f.DICOM()
	}
	if folder := "../../../../../shared/dicom/chest/"; exists(folder) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if files["shared "+e.Name()], err = os.ReadFile(folder + e.Name()); err != nil {
				t.Fatal(err)
			}
		}
	}
	b := boardOf(t, files)
	for i := range b.Len() {
		f, _ := b.Film(i)
		t.Run(f.ID, func(t *testing.T) {
			shown, err := b.Read(t.Context(), i, nil)
			if err != nil {
				if _, err := b.Pixels(t.Context(), i); err == nil {
					t.Error("pixels of a film that cannot be shown")
				}
				return
			}
			p, err := b.Pixels(t.Context(), i)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range p.Value {
				if p.Gray[v] != shown.Pix[k] {
					t.Fatalf("pixel %d of value %d is %d of gray, the library's %d", k, v, p.Gray[v], shown.Pix[k])
				}
			}
			top := float64(slices.Max(p.Value))
			window := &dicomconv.Window{Center: p.Lowest + p.Step*top*0.4, Width: max(p.Step*top*0.5, 1e-3), Function: dicomconv.ExactWindow}
			want, err := b.Read(t.Context(), i, &dicomconv.Options{Views: dicomconv.ViewsAny, Window: window})
			if err != nil {
				t.Fatal(err)
			}
			worst, tolerance := 0.0, p.Step/window.Width+2.0/white
			for k, v := range p.Value {
				y := min(max((p.Lowest+p.Step*float64(v)-window.Center)/window.Width+0.5, 0), 1)
				if p.Inverted {
					y = 1 - y
				}
				worst = max(worst, math.Abs(y-float64(want.Pix[k])/white))
			}
			if p.Step == 1 {
				tolerance = 2.0 / white // whole numbers are exact
			}
			if worst > tolerance && !(f.ID == "one value") {
				t.Errorf("a window is off by %.5f of white, want at most %.5f; %d levels from %g in steps of %g", worst, tolerance, p.Levels, p.Lowest, p.Step)
			}
		})
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func TestPixelsSayWhatTheyAre(t *testing.T) {
	b := boardOf(t, map[string][]byte{
		"a": ramp(0, 1).Bits(16, 12, false).Window("1000", "500").Bytes(),
		"b": ramp(0, 1).Bits(16, 12, false).Set(dicomtest.Intercept, "DS", "3").Set(dicomtest.Slope, "DS", "0.01").Bytes(),
		"c": dicomtest.Film(2, 2).Bits(8, 8, false).Set(dicomtest.Photometric, "CS", "MONOCHROME1").Set(dicomtest.PixelData, "OB", []byte{10, 20, 30, 255}).Bytes(),
	})
	for i, want := range []Pixels{
		{Width: 64, Height: 64, Lowest: 0, Step: 1, Levels: 4096},
		{Width: 64, Height: 64, Lowest: 3, Step: 41.0 / white, Levels: 4096},
		{Width: 2, Height: 2, Lowest: 10, Step: 1, Levels: 4, Inverted: true},
	} {
		p, err := b.Pixels(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		if p.Width != want.Width || p.Height != want.Height || math.Abs(p.Lowest-want.Lowest) > want.Step/2 || math.Abs(p.Step/want.Step-1) > 0.1 ||
			p.Levels != want.Levels || p.Inverted != want.Inverted {
			t.Errorf("film %d: %d x %d, %d levels from %g in steps of %g, inverted %v", i, p.Width, p.Height, p.Levels, p.Lowest, p.Step, p.Inverted)
		}
	}
	if p, _ := b.Pixels(t.Context(), 0); len(p.Windows) != 1 || p.Windows[0].Center != 1000 {
		t.Errorf("windows %v", p.Windows)
	}
}
