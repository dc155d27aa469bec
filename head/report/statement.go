package report

import (
	"fmt"
	"math"
	"strings"
)

// Statement is the report in sentences, under the subjects that the reporting
// guidelines CLAIM 2024, TRIPOD+AI and STARD-AI ask about, for the methods and
// results of a paper. What it cannot know, such as where films come from and who
// read them, it lists as questions. It holds no film's id and no patient.
func (r *Report) Statement() string {
	var b strings.Builder
	section := func(name string, sentences ...string) {
		if text := strings.Join(sentences, " "); text != "" {
			fmt.Fprintf(&b, "%s\n%s\n\n", name, text)
		}
	}
	section("Model", r.model()...)
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
	section("Films and patients", participants...)
	section("Statistical methods",
		"Intervals are of 95 % and treat patients, not films, as independent.",
		"AUC: score interval after Newcombe (2006, method 5) at effective numbers of films, with the variance of DeLong et al. (1988) and Obuchowski (1997).",
		"Shares: Wilson's interval at effective numbers of films (Rao and Scott 1992; Korn and Graubard 1998).",
		"Calibration slope and intercept: logistic recalibration with a sandwich estimator by patient.")
	if r.Validated != nil {
		section("Validation", fmt.Sprintf("The figures are %v; the interval of the AUC is that of its influence curve (LeDell, Petersen and van der Laan 2015).", r.Validated))
	} else {
		section("Validation", "One model was tested on films that the caller kept apart.")
	}
	section("Discrimination", discrimination...)
	section("Calibration", calibration...)
	section("Operating points", points...)
	section("Subgroups", r.groups()...)
	var limits []string
	for _, f := range r.Findings {
		for _, w := range f.Warnings {
			limits = append(limits, fmt.Sprintf("%s: %s.", f.Finding, w))
		}
	}
	section("Limits", limits...)
	section("To be told by the authors",
		"Where and when were the films made, with what devices, and which were excluded? Who set the reference standard, and blinded to what? How were missing labels handled? Was the number of films planned? Were films of the test set, or of its hospital, seen in training, also in that of the embedding? What harm does each kind of error do?")
	return strings.TrimRight(b.String(), "\n") + "\n"
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
