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

// Which encoder serves one's own labels? Here one of two sees what the finding
// shows, and the other does not.
func ExampleCompareEncoders() {
	films := headtest.Gaussian{Seed: 1, Films: 300, Dim: 4, Strength: 2, Findings: []string{"effusion"}}.Make()
	blind := films.Subset(nil)
	for _, e := range films.Examples {
		v := *e.Embedding
		v.Values = append([]float32{0}, v.Values[1:]...)
		e.Embedding = &v
		blind.Examples = append(blind.Examples, e)
	}
	c, err := report.CompareEncoders(context.Background(), head.Linear{}, []report.Encoding{{Name: "keen", Films: films}, {Name: "blind", Films: blind}}, nil)
	if err != nil {
		panic(err)
	}
	d := c.Against[1][0]
	fmt.Printf("AUC %v and %v\n", c.Reports[0].Findings[0].AUC, c.Reports[1].Findings[0].AUC)
	fmt.Printf("blind is worse: %v\n", d.Difference.High < 0 && d.Holm < 0.001)
	// Output:
	// AUC 0.91 (0.86 to 0.94) and 0.45 (0.39 to 0.51)
	// blind is worse: true
}
