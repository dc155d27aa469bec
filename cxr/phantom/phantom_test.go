package phantom

import (
	"bytes"
	"math"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

func TestSameFilmGivesTheSamePixels(t *testing.T) {
	film := Cohort{Patients: 3, Seed: 1, Difficulty: 0.2}.Films()[0]
	film.Size = 128
	a, b := film.Draw(), film.Draw()
	for i := range a.Pix {
		if a.Pix[i] != b.Pix[i] {
			t.Fatalf("pixel %d is %v, then %v", i, a.Pix[i], b.Pix[i])
		}
		if a.Pix[i] < 0 || a.Pix[i] > 1 {
			t.Fatalf("pixel %d is %v, outside 0..1", i, a.Pix[i])
		}
	}
}

func TestFilmsOfOnePatientAreAlike(t *testing.T) {
	// One build on two days is closer than two builds on one day.
	distance := func(a, b Film) (sum float64) {
		x, y := a.anatomyPicture(), b.anatomyPicture()
		for row := range 128 {
			for col := range 100 {
				sum += math.Abs(float64(x.pix[row*x.w+(x.w-100)/2+col] - y.pix[row*y.w+(y.w-100)/2+col]))
			}
		}
		return sum
	}
	var same, other float64
	for i := range uint64(8) {
		day := Film{Anatomy: i, Seed: 50 + i, Size: 128}
		same += distance(day, Film{Anatomy: i, Seed: 70 + i, Size: 128})
		other += distance(day, Film{Anatomy: i + 1, Seed: 50 + i, Size: 128})
	}
	if same == 0 || same >= other {
		t.Errorf("films of one patient differ by %.1f, of two by %.1f", same, other)
	}
}

// A finding must change the film where it lies, and less so when it is
// difficult.
func TestFindingsChangeTheFilm(t *testing.T) {
	for f, name := range Findings() {
		t.Run(name, func(t *testing.T) {
			plain := meanChange(Finding(f), 0)
			hard := meanChange(Finding(f), 1)
			if plain < 0.001 {
				t.Errorf("mean change is %.5f of the range, want it visible", plain)
			}
			if hard >= plain {
				t.Errorf("a difficult finding changes %.5f, a plain one %.5f", hard, plain)
			}
		})
	}
}

// meanChange is how much a finding changes what the beam meets.
func meanChange(f Finding, difficulty float64) float64 {
	const films, size = 4, 128
	var sum float64
	for seed := range uint64(films) {
		with := Film{Seed: seed, Anatomy: seed + 100, Difficulty: difficulty, Size: size}
		without := with
		with.Has[f] = true
		a, b := with.anatomyPicture(), without.anatomyPicture()
		for i := range a.pix {
			sum += math.Abs(float64(a.pix[i] - b.pix[i]))
		}
	}
	return sum / (films * size * size)
}

func TestCohortGroupsFilmsByPatient(t *testing.T) {
	films := Cohort{Patients: 200, Seed: 5}.Films()
	seen := map[string]bool{}
	positives := [numFindings]int{}
	anatomy := map[string]uint64{}
	for _, f := range films {
		if seen[f.ID] {
			t.Fatalf("ID %s twice", f.ID)
		}
		seen[f.ID] = true
		if a, ok := anatomy[f.Patient]; ok && a != f.Anatomy {
			t.Errorf("%s has two builds", f.Patient)
		}
		anatomy[f.Patient] = f.Anatomy
		for i, has := range f.Has {
			if has {
				positives[i]++
			}
		}
	}
	if len(anatomy) != 200 {
		t.Errorf("%d patients, want 200", len(anatomy))
	}
	for i, n := range positives {
		if share := float64(n) / float64(len(films)); share < 0.1 || share > 0.4 {
			t.Errorf("%s in %.0f %% of films", Findings()[i], 100*share)
		}
	}
}

func TestDICOMFilesParse(t *testing.T) {
	film := Film{ID: "p/1", Patient: "p", Anatomy: 4, Seed: 8, Size: 96}
	p := film.Draw()
	for e, want := range map[Encoding][3]string{
		Mono2:        {"MONOCHROME2", "2000", "3400"},
		Mono1:        {"MONOCHROME1", "2095", "3400"},
		Mono1Rescale: {"MONOCHROME1", "3190", "6800"},
		JPEGBaseline: {"MONOCHROME2", "", ""},
	} {
		var b bytes.Buffer
		if err := p.WriteDICOM(&b, film, e); err != nil {
			t.Fatal(err)
		}
		ds, err := dicom.Parse(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
		if err != nil {
			t.Fatalf("encoding %d: %v", e, err)
		}
		for i, tg := range []tag.Tag{tag.PhotometricInterpretation, tag.WindowCenter, tag.WindowWidth} {
			got := ""
			if el, err := ds.FindElementByTag(tg); err == nil {
				got = dicom.MustGetStrings(el.Value)[0]
			}
			if got != want[i] {
				t.Errorf("encoding %d: %v is %q, want %q", e, tg, got, want[i])
			}
		}
		el, err := ds.FindElementByTag(tag.PixelData)
		if err != nil || len(dicom.MustGetPixelDataInfo(el.Value).Frames) != 1 {
			t.Errorf("encoding %d: no frame (%v)", e, err)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Film{Seed: 1, Anatomy: 2, Size: 512}.Draw()
	}
}
