package head_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

const table = `role,image_id,patient,split,Effusion,opacity,findings
dev,a/1.png,p1,train,1,0,Mass|Edema
dev,a/2.png,p1,test,0,,No Finding
dev,b/1.png,,,0,1,
`

func TestReadLabels(t *testing.T) {
	const P, N, M = head.Positive, head.Negative, head.Missing
	tests := map[string]struct {
		findings []string
		names    string
		labels   [][]head.Label
	}{
		"all columns of labels":       {nil, "[Effusion opacity]", [][]head.Label{{P, N}, {N, M}, {N, P}}},
		"one column, in any case":     {[]string{"effusion"}, "[Effusion]", [][]head.Label{{P}, {N}, {N}}},
		"a name in the list column":   {[]string{"edema"}, "[edema]", [][]head.Label{{P}, {N}, {M}}},
		"columns in the order wanted": {[]string{"opacity", "Effusion"}, "[opacity Effusion]", [][]head.Label{{N, P}, {M, N}, {P, N}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := head.ReadLabels(strings.NewReader(table), &head.LabelOptions{Findings: test.findings})
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(l.Findings) != test.names {
				t.Errorf("findings %v, want %v", l.Findings, test.names)
			}
			for i, row := range l.Rows {
				if !reflect.DeepEqual(row.Labels, test.labels[i]) {
					t.Errorf("row %d has labels %v, want %v", i, row.Labels, test.labels[i])
				}
			}
			if r := l.Rows[0]; r.ImageID != "a/1.png" || r.Patient != "p1" || r.Split != "train" {
				t.Errorf("first row is %+v", r)
			}
		})
	}
}

func TestReadLabelsRefuses(t *testing.T) {
	tests := map[string]struct{ csv, finding, want string }{
		"an empty file":             {"", "", "labels: empty file"},
		"a header alone":            {"image_id,x\n", "x", "labels: a header but no films"},
		"no image_id":               {"id,x\n1,1\n", "", "labels: no column of image ids among the 2 of the first line: want one called image_id, Image Index, Path, dicom_id or the like, or its name in LabelOptions.Image"},
		"a finding that is not":     {"image_id,x\na,1\n", "y", `labels: no finding "y"; the columns are "image_id", "x"`},
		"no column of labels":       {"image_id,x\na,foo\n", "", `labels: no column of labels, 0 and 1, among "image_id", "x"; name findings in LabelOptions.Findings`},
		"a label of 2":              {"image_id,x\na,1\nb,2\n", "x", `labels: line 3, column "x": label 2, want 0, 1, -1 or nothing`},
		"a label of 2 in any":       {"image_id,x\n" + strings.Repeat("a#,1\n", 20) + "b,2\n", "", `labels: line 22, column "x": label 2, want 0, 1, -1 or nothing`},
		"an uncertain label":        {"image_id,x\na,-1\n", "x", `labels: line 2, column "x": uncertain label -1, and no policy for it was chosen`},
		"a film twice":              {"image_id,x\na,1\nb,0\na,1\n", "x", "labels: line 4: the film or study of line 2 again"},
		"a film without a name":     {"image_id,x\n,1\n", "x", "labels: line 2: no image id"},
		"two columns of one name":   {"image_id,x,X\na,1,1\n", "x", `labels: two columns "X"`},
		"a line that is too short":  {"image_id,x\na\n", "x", "labels: line 2: wrong number of fields"},
		"a quote that never closes": {"image_id,x\n\"a,1\n", "x", `labels: line 2, column 6: extraneous or missing " in quoted-field`},
		"a name, without telling":   {"image_id,x\na,Jane Doe\n", "x", `labels: line 2, column "x": label that is no number, want 0, 1, -1 or nothing`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for i := 0; strings.Contains(test.csv, "#"); i++ {
				test.csv = strings.Replace(test.csv, "#", fmt.Sprint(i), 1)
			}
			o := &head.LabelOptions{}
			if test.finding != "" {
				o.Findings = []string{test.finding}
			}
			_, err := head.ReadLabels(strings.NewReader(test.csv), o)
			if fmt.Sprint(err) != test.want {
				t.Errorf("error %q, want %q", fmt.Sprint(err), test.want)
			}
		})
	}
}

func TestUncertainPolicies(t *testing.T) {
	for policy, want := range map[head.Uncertain]head.Label{
		head.UncertainMissing: head.Missing, head.UncertainNegative: head.Negative, head.UncertainPositive: head.Positive,
	} {
		l, err := head.ReadLabels(strings.NewReader("image_id,x\na,-1\n"), &head.LabelOptions{Uncertain: policy})
		if err != nil || l.Rows[0].Labels[0] != want {
			t.Errorf("policy %d: %v, error %v", policy, l, err)
		}
	}
}

func TestFind(t *testing.T) {
	l, err := head.ReadLabels(strings.NewReader("image_id,x\na/1.png,1\nb/1.png,0\nc/2,1\n1.2.840.5,1\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		id   string
		row  int
		fail bool
	}{
		"as it stands":                         {"a/1.png", 0, false},
		"longer path":                          {"films/b/1.png", 1, false},
		"another extension":                    {"b/1.dcm", 1, false},
		"no extension in the table":            {"x/c/2.dcm", 2, false},
		"shorter path":                         {"2.jpg", 2, false},
		"dots that are no extension":           {"1.2.840.5.dcm", 3, false},
		"a name that fits two":                 {"1.png", -1, true},
		"a path that only looks like its end":  {"xc/2.png", -1, false},
		"the end of a name is not its path":    {"12.png", -1, false},
		"another folder with an equal name":    {"d/1.png", -1, false},
		"a folder's name is not a film's name": {"a", -1, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			row, ok, err := l.Find(test.id)
			if (err != nil) != test.fail || ok != (test.row >= 0) || ok && row != test.row {
				t.Errorf("row %d, found %v, error %v; want row %d, error %v", row, ok, err, test.row, test.fail)
			}
		})
	}
}

func TestJoinReportsWhatIsLeft(t *testing.T) {
	l, err := head.ReadLabels(strings.NewReader(table), nil)
	if err != nil {
		t.Fatal(err)
	}
	embedding := func(id string) *cxr.Embedding {
		return &cxr.Embedding{ID: id, Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{1}}
	}
	d, left, err := l.Join([]*cxr.Embedding{embedding("b/1.png"), embedding("z.png"), embedding("a/2.png")})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Examples) != 2 || d.Examples[0].Embedding.ID != "b/1.png" || d.Examples[1].Patient != "p1" || d.Examples[1].Split != "test" {
		t.Errorf("joined %+v", d.Examples)
	}
	if fmt.Sprint(left) != "{[z.png] [a/1.png]}" {
		t.Errorf("left over: %v", left)
	}
	if _, _, err := l.Join([]*cxr.Embedding{embedding("a/2.png"), embedding("x/a/2.dcm")}); err == nil {
		t.Error("two embeddings of one film joined")
	}
}

func TestWeightsAndAttributes(t *testing.T) {
	read := func(csv string) (*head.Labels, error) {
		return head.ReadLabels(strings.NewReader(csv), &head.LabelOptions{Findings: []string{"x"}, Attributes: []string{"view"}})
	}
	l, err := read("image_id,x,weight,view\na,1,0.5,PA\nb,0,,AP\n")
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := l.Join([]*cxr.Embedding{{ID: "b", Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{1}}, {ID: "a", Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{1}}})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(d.Weights) != "[1 0.5]" || d.Examples[0].Attributes["view"] != "AP" {
		t.Errorf("weights %v, attributes %v", d.Weights, d.Examples[0].Attributes)
	}
	for csv, want := range map[string]string{
		"image_id,x,weight,view\na,1,-2,PA\n":  `labels: line 2, column "weight": want a number of at least 0, or nothing`,
		"image_id,x,weight,view\na,1,NaN,PA\n": `labels: line 2, column "weight": want a number of at least 0, or nothing`,
		"image_id,x\na,1\n":                    `labels: no attribute "view"; the columns are "image_id", "x"`,
	} {
		if _, err := read(csv); fmt.Sprint(err) != want {
			t.Errorf("error %q, want %q", fmt.Sprint(err), want)
		}
	}
}

func FuzzReadLabels(f *testing.F) {
	f.Add(table, "Effusion")
	f.Add("image_id,x\na,-1\n", "")
	f.Add("subject_id,study_id,x\n1,2,1\n", "")
	f.Add("\xff\xfei\x00d\x00", "")
	f.Add("Image Index;Finding Labels\r./a\\b;Mass|Edema\r", "mass")
	f.Fuzz(func(t *testing.T, csv, finding string) {
		o := &head.LabelOptions{Uncertain: head.UncertainMissing}
		if finding != "" {
			o.Findings = []string{finding}
		}
		l, err := head.ReadLabels(strings.NewReader(csv), o)
		if err != nil {
			return
		}
		for i, row := range l.Rows {
			if len(row.Labels) != len(l.Findings) {
				t.Fatalf("row %d has %d labels for %d findings", i, len(row.Labels), len(l.Findings))
			}
			if row.ImageID == "" {
				continue // a table of studies
			}
			if at, ok, err := l.Find(row.ImageID); err != nil || !ok || at != i {
				t.Fatalf("row %d found at %d (%v, %v)", i, at, ok, err)
			}
		}
	})
}
