package report

import (
	"fmt"
	"math"
	"strings"
)

// Statement is the report in sentences, for the methods and results of a paper.
// Each section names the items of three reporting guidelines that it speaks to:
// CLAIM 2024 (Tejani et al., Radiology: Artificial Intelligence 6, e240300),
// TRIPOD+AI (Collins et al., BMJ 385, e078378, 2024) and STARD-AI (Sounderajah et
// al., Nature Medicine 31, 3283, 2025). No item is done by it alone. What it cannot
// know, such as where films come from and who read them, it lists as questions. It
// holds no film's id and no patient.
func (r *Report) Statement() string {
	var b strings.Builder
	section := func(name string, at items, sentences ...string) {
		if text := strings.Join(sentences, " "); text != "" {
			fmt.Fprintf(&b, "%s (%v)\n%s\n\n", name, at, text)
		}
	}
	section("Model", items{"9, 22, 25", "7, 12c, 22", "14, 15a, 15b"}, r.model()...)
	var participants, discrimination, calibration, points []string
	for i := range r.Findings {
		f := &r.Findings[i]
		participants = append(participants, f.participants())
		discrimination = append(discrimination, fmt.Sprintf("%s: AUC %v, average precision %.2f at a prevalence of %.2f.", f.Finding, f.AUC, f.AUPRC, float64(f.Positives)/float64(f.Films)))
		calibration = append(calibration, fmt.Sprintf("%s: slope %v, intercept %v, Brier score %.3f, expected calibration error %.3f (%.3f of right probabilities on as many films).",
			f.Finding, f.CalibrationSlope, f.CalibrationIntercept, f.Brier, f.ECE, f.PerfectECE))
		if f.Calibrated != "" {
			calibration = append(calibration, fmt.Sprintf("Its probabilities were fitted %s.", f.Calibrated))
		}
		for _, p := range f.Points {
			points = append(points, fmt.Sprintf("%s, threshold %.3f (%s%s): sensitivity %s, specificity %s, %d true and %d false positives, %d true and %d false negatives.",
				f.Finding, p.Threshold, p.Rule, p.chosenOn(), percent(p.Sensitivity), percent(p.Specificity), p.TruePositives, p.FalsePositives, p.TrueNegatives, p.FalseNegatives))
		}
	}
	if !math.IsNaN(r.MacroAUC.Value) {
		discrimination = append(discrimination, fmt.Sprintf("Mean of %d findings: %v.", len(r.Findings), r.MacroAUC))
	}
	section("Films and patients", items{"12, 35", "11, 20a, 21", "20, 24"}, participants...)
	section("Statistical methods", items{"28, 29", "12e", "18"},
		"Intervals are of 95 % and treat patients, not films, as independent.",
		"AUC: score interval after Newcombe (2006, method 5) at effective numbers of films, with the variance of DeLong et al. (1988) and Obuchowski (1997).",
		"Shares: Wilson's interval at effective numbers of films (Rao and Scott 1992; Korn and Graubard 1998).",
		"Calibration slope and intercept: logistic recalibration with a sandwich estimator by patient.")
	if r.Validated != nil {
		section("Validation", items{"19, 32", "12a, 12c", "15b"}, fmt.Sprintf("The figures are %v; the interval of the AUC is that of its influence curve (LeDell, Petersen and van der Laan 2015).", r.Validated))
	} else {
		section("Validation", items{"19, 32", "12a, 12c", "15b"}, "One model was tested on films that the caller kept apart.")
	}
	section("Discrimination", items{"37, 38", "23a", "31"}, discrimination...)
	section("Calibration", items{"37", "23a", "31"}, calibration...)
	section("Operating points", items{"38, 39", "15, 23a", "15c, 30, 31"}, points...)
	section("Subgroups", items{"37", "23a, 23b", "21, 23"}, r.groups()...)
	var limits []string
	for _, f := range r.Findings {
		for _, w := range f.Warnings {
			limits = append(limits, fmt.Sprintf("%s: %s.", f.Finding, w))
		}
	}
	section("Limits", items{"40", "26", "33"}, limits...)
	b.WriteString("To be told by the authors\n")
	for _, q := range questions {
		fmt.Fprintf(&b, "%s (%v)\n", q.text, q.at)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// items are numbers of a guideline's items: CLAIM 2024's, TRIPOD+AI's and
// STARD-AI's.
type items [3]string

func (i items) String() string {
	return fmt.Sprintf("CLAIM 2024 %s; TRIPOD+AI %s; STARD-AI %s", i[0], i[1], i[2])
}

// questions are what a report cannot know.
var questions = []struct {
	text string
	at   items
}{
	{"Was it planned before the films were made, or after?", items{"5", "4", "5"}},
	{"What is it for, in whose hands, and what harm does each kind of error do?", items{"3, 41", "3b, 27b", "3, 15d, 34"}},
	{"Where and when were the films made, with what devices?", items{"7, 13", "5a, 5b, 6a", "9, 11, 13, 14"}},
	{"Which films and patients were left out, and why?", items{"8, 10", "6b", "7, 8, 10"}},
	{"How were films freed from names, and who approved their use?", items{"11", "17", "6"}},
	{"Who set the reference standard, how, blinded to what, and how well do readers agree?", items{"14 to 18", "8a to 8c", "12, 16a to 16c, 17a, 17b"}},
	{"How was the number of films arrived at?", items{"21", "10", "22"}},
	{"Who are the patients: age, sex, severity, other diagnoses?", items{"36", "20b, 20c", "25, 26a, 26b, 28"}},
	{"Were films of the test set, or of its hospital, seen in training, also in that of the embedding? Were there films of another hospital?", items{"20, 33", "16", "15b, 29"}},
	{"Which films were wrong, and is there a reason?", items{"39", "25", "23"}},
	{"Where are protocol, code, model and data, who paid, and who gains?", items{"34, 42 to 44", "18a to 18f", "36 to 40b"}},
}

func (r *Report) model() (sentences []string) {
	if r.Space != nil {
		sentences = append(sentences, fmt.Sprintf("Embeddings: %v.", r.Space))
	}
	if t := r.Training; t != nil {
		sentences = append(sentences, fmt.Sprintf("Head: %s, trained on %s of %s (%s).", t.Trainer, count(t.Films, "film"), count(t.Patients, "patient"), strings.Join(r.settings(), ", ")))
	}
	return sentences
}

func (f *FindingReport) participants() string {
	missing := ""
	if f.Missing > 0 {
		missing = fmt.Sprintf("; %s without a label left out", count(f.Missing, "film"))
	}
	return fmt.Sprintf("%s: %s of %s, %d with it (%s)%s.", f.Finding, count(f.Films, "film"), count(f.Patients, "patient"), f.Positives, count(f.PositivePatients, "patient"), missing)
}

func (r *Report) groups() (sentences []string) {
	for k, g := range r.Subgroups {
		sentences = append(sentences, fmt.Sprintf("%s, %s %q: AUC %v, %d of %s positive.", g.Finding, g.Attribute, g.Value, g.AUC, g.Positives, count(g.Films, "film")))
		last := k+1 == len(r.Subgroups) || r.Subgroups[k+1].Finding != g.Finding || r.Subgroups[k+1].Attribute != g.Attribute
		if last && !math.IsNaN(g.Same) {
			sentences = append(sentences, fmt.Sprintf("One AUC in all: p %s.", pValue(g.Same)))
		}
	}
	return sentences
}
