package phantom

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
)

// A Finding is something a radiologist would report.
type Finding int

// The findings a phantom can show.
const (
	Effusion     Finding = iota // fluid that blunts a costophrenic angle
	Opacity                     // a focal consolidation in one lung
	Cardiomegaly                // a cardiothoracic ratio above one half
	Pneumothorax                // air between lung and chest wall, at an apex
	numFindings
)

// Findings names all findings, in the order of their constants.
func Findings() []string { return []string{"effusion", "opacity", "cardiomegaly", "pneumothorax"} }

// A Film describes one radiograph completely: drawing it twice gives the same
// pixels.
type Film struct {
	ID         string            // "patient0007/film1"
	Patient    string            // "patient0007"
	Seed       uint64            // of everything that differs between two films of one patient
	Anatomy    uint64            // seed of the patient's build
	Has        [numFindings]bool // what the film shows
	Difficulty float64           // 0: findings are plain; 1: they are barely there
	Size       int               // height in pixels; 0: 512
}

// prevalence is the share of patients with each finding: rare enough to need a
// stratified split, common enough for a small cohort.
var prevalence = [numFindings]float64{0.30, 0.30, 0.25, 0.20}

// A Cohort is synthetic patients with one to three films each. A finding belongs to
// the patient, and most of the patient's films show it. The same Cohort has the
// same films.
type Cohort struct {
	Patients   int
	Seed       uint64
	Difficulty float64 // of each film's findings
	Size       int     // of each film
}

// Films are the cohort's.
func (c Cohort) Films() []Film {
	rng := rand.New(rand.NewPCG(c.Seed, 0x636f686f7274))
	var films []Film
	for p := range c.Patients {
		var has [numFindings]bool
		for f := range has {
			has[f] = rng.Float64() < prevalence[f]
		}
		patient := fmt.Sprintf("patient%04d", p+1)
		anatomy := rng.Uint64()
		for i := range 1 + rng.IntN(3) {
			film := Film{
				ID:      fmt.Sprintf("%s/film%d", patient, i+1),
				Patient: patient, Seed: rng.Uint64(), Anatomy: anatomy, Difficulty: c.Difficulty, Size: c.Size,
			}
			for f := range has {
				film.Has[f] = has[f] && rng.Float64() < 0.85
			}
			films = append(films, film)
		}
	}
	return films
}

// FS is [FS] of the cohort's films.
func (c Cohort) FS() fs.FS { return FS(c.Films()) }
