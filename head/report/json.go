package report

import (
	"encoding/json"
	"math"
)

// JSONVersion names the form of [Report.JSON]; another form has another name.
const JSONVersion = "cxrkit-report/1"

// JSON is the report for programs, indented. What is unknown is null: the fields
// of an interval, the threshold above all films. It holds no film's id and no
// patient. The same report gives the same bytes.
func (r *Report) JSON() []byte {
	page := jsonReport{
		Version: JSONVersion, Title: r.Title, Films: jsonFilms, MacroAUC: asJSON(r.MacroAUC), Validated: r.Validated,
		Findings: []jsonFinding{}, Subgroups: []jsonSubgroup{},
	}
	if r.Space != nil {
		page.Space = r.Space
	}
	if r.Training != nil {
		page.Training = r.Training
	}
	for i := range r.Findings {
		page.Findings = append(page.Findings, r.Findings[i].json())
	}
	for _, g := range r.Subgroups {
		page.Subgroups = append(page.Subgroups, jsonSubgroup{
			g.Attribute, g.Value, g.Finding, g.Films, g.Positives, g.PositivePatients, asJSON(g.AUC), number(g.Same), list(g.Warnings),
		})
	}
	text, err := json.MarshalIndent(page, "", "  ")
	if err != nil { // a number that JSON does not know: a test would have told
		text, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	return append(text, '\n')
}

const jsonFilms = "films count equally; intervals are 95 %, by patient"

type jsonReport struct {
	Version   string         `json:"version"`
	Title     string         `json:"title"`
	Films     string         `json:"films"`
	Space     any            `json:"space"`
	Training  any            `json:"training"`
	Validated *Validation    `json:"cross_validation"`
	MacroAUC  jsonInterval   `json:"macro_auc"`
	Findings  []jsonFinding  `json:"findings"`
	Subgroups []jsonSubgroup `json:"subgroups"`
}

type jsonInterval struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

func asJSON(i Interval) jsonInterval {
	return jsonInterval{number(i.Value), number(i.Low), number(i.High)}
}

// number is nil for what JSON cannot say.
func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

type jsonFinding struct {
	Finding          string       `json:"finding"`
	Films            int          `json:"films"`
	Positives        int          `json:"positives"`
	Missing          int          `json:"missing"`
	Patients         int          `json:"patients"`
	PositivePatients int          `json:"positive_patients"`
	NegativePatients int          `json:"negative_patients"`
	AUC              jsonInterval `json:"auc"`
	AUPRC            *float64     `json:"auprc"`
	Brier            *float64     `json:"brier"`
	LogLoss          *float64     `json:"log_loss"`
	ECE              *float64     `json:"ece"`
	PerfectECE       *float64     `json:"ece_of_right_probabilities"`
	Calibrated       string       `json:"calibrated"`
	Slope            jsonInterval `json:"calibration_slope"`
	Intercept        jsonInterval `json:"calibration_intercept"`
	Bins             []jsonBin    `json:"calibration"`
	Points           []jsonPoint  `json:"operating_points"`
	ROC              []jsonROC    `json:"roc"`
	Sets             *jsonSets    `json:"conformal_sets"`
	Warnings         []string     `json:"warnings"`
}

type jsonBin struct {
	Films     int          `json:"films"`
	Predicted float64      `json:"predicted"`
	Observed  jsonInterval `json:"observed"`
}

type jsonPoint struct {
	Rule           string       `json:"rule"`
	Threshold      float64      `json:"threshold"`
	ChosenOn       int          `json:"chosen_on_films"`
	TruePositives  int          `json:"true_positives"`
	FalseNegatives int          `json:"false_negatives"`
	TrueNegatives  int          `json:"true_negatives"`
	FalsePositives int          `json:"false_positives"`
	Sensitivity    jsonInterval `json:"sensitivity"`
	Specificity    jsonInterval `json:"specificity"`
	PPV            jsonInterval `json:"ppv"`
	NPV            jsonInterval `json:"npv"`
}

type jsonROC struct {
	Threshold   *float64 `json:"threshold"`
	Sensitivity float64  `json:"sensitivity"`
	Specificity float64  `json:"specificity"`
}

type jsonSets struct {
	Level     float64      `json:"level"`
	Positive  jsonInterval `json:"positive"`
	Negative  jsonInterval `json:"negative"`
	Known     jsonInterval `json:"known"`
	DoNotKnow int          `json:"do_not_know"`
	Neither   int          `json:"neither"`
}

type jsonSubgroup struct {
	Attribute        string       `json:"attribute"`
	Value            string       `json:"value"`
	Finding          string       `json:"finding"`
	Films            int          `json:"films"`
	Positives        int          `json:"positives"`
	PositivePatients int          `json:"positive_patients"`
	AUC              jsonInterval `json:"auc"`
	Same             *float64     `json:"p_same_auc"`
	Warnings         []string     `json:"warnings"`
}

func (f *FindingReport) json() jsonFinding {
	j := jsonFinding{
		Finding: f.Finding, Films: f.Films, Positives: f.Positives, Missing: f.Missing, Patients: f.Patients,
		PositivePatients: f.PositivePatients, NegativePatients: f.NegativePatients,
		AUC: asJSON(f.AUC), AUPRC: number(f.AUPRC), Brier: number(f.Brier), LogLoss: number(f.LogLoss),
		ECE: number(f.ECE), PerfectECE: number(f.PerfectECE), Calibrated: f.Calibrated, Slope: asJSON(f.CalibrationSlope), Intercept: asJSON(f.CalibrationIntercept),
		Bins: []jsonBin{}, Points: []jsonPoint{}, ROC: []jsonROC{}, Warnings: list(f.Warnings),
	}
	for _, b := range f.Calibration {
		j.Bins = append(j.Bins, jsonBin{b.Films, b.Predicted, asJSON(b.Observed)})
	}
	for _, p := range f.Points {
		j.Points = append(j.Points, jsonPoint{
			p.Rule, p.Threshold, p.ChosenOn, p.TruePositives, p.FalseNegatives, p.TrueNegatives, p.FalsePositives,
			asJSON(p.Sensitivity), asJSON(p.Specificity), asJSON(p.PPV), asJSON(p.NPV),
		})
	}
	for _, p := range f.ROC {
		j.ROC = append(j.ROC, jsonROC{number(p.Threshold), p.Sensitivity, p.Specificity})
	}
	if s := f.Sets; s != nil {
		j.Sets = &jsonSets{s.Level, asJSON(s.Positive), asJSON(s.Negative), asJSON(s.Known), s.DoNotKnow, s.Neither}
	}
	return j
}
