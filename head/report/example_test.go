package report_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/cxrkit/cxrkit/head"
	"github.com/cxrkit/cxrkit/head/headtest"
	"github.com/cxrkit/cxrkit/head/report"
)

// An operating point is chosen on tuning films, travels with the model file and
// is judged on others.
func ExampleChoose() {
	data := headtest.Gaussian{Seed: 1, Films: 900, Dim: 8, Strength: 2, Findings: []string{"effusion"}}.Make()
	train, rest, err := head.Split(data, 0.5, 1)
	if err != nil {
		panic(err)
	}
	tune, test, err := head.Split(rest, 0.5, 1)
	if err != nil {
		panic(err)
	}
	h, err := head.Linear{}.Fit(context.Background(), train, nil)
	if err != nil {
		panic(err)
	}
	m, err := report.Choose(h, tune, report.AtSensitivity, 0.95)
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if _, err := m.WriteTo(&file); err != nil {
		panic(err)
	}
	loaded, err := head.ReadModel(&file)
	if err != nil {
		panic(err)
	}
	r, err := report.Evaluate(loaded, test, nil)
	if err != nil {
		panic(err)
	}
	f := r.Findings[0]
	fmt.Printf("AUC %v\n", f.AUC)
	fmt.Printf("at %s: sensitivity %v, specificity %v\n", f.Points[0].Rule, f.Points[0].Sensitivity, f.Points[0].Specificity)
	// Output:
	// AUC 0.90 (0.86 to 0.93)
	// at sensitivity 0.95: sensitivity 0.93 (0.86 to 0.96), specificity 0.67 (0.58 to 0.75)
}
