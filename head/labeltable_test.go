package head_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/head"
)

// rowsOf is a table in short: the columns that were taken, the findings, and of each
// film its id or study, patient and labels.
func rowsOf(l *head.Labels) string {
	c := l.Columns
	text := fmt.Sprintf("%s%s/%s%s %s", c.Image, c.Study, c.Patient, strings.Repeat(" in "+c.List, min(len(c.List), 1)), strings.Join(l.Findings, ","))
	for _, r := range l.Rows {
		text += fmt.Sprintf("; %s%s/%s", r.ImageID, r.Study, r.Patient)
		for _, label := range r.Labels {
			text += map[head.Label]string{head.Positive: " +", head.Negative: " -", head.Missing: " ?"}[label]
		}
	}
	return text
}

// Tables as people have them.
func TestTables(t *testing.T) {
	const simple = "image_id,effusion\na.png,1\nb.png,0\n"
	utf16le := func(s string) string {
		b := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return string(b)
	}
	utf16be := func(s string) string {
		b := []byte{0xfe, 0xff}
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.BigEndian.AppendUint16(b, u)
		}
		return string(b)
	}
	const want = "image_id/ effusion; a.png/ +; b.png/ -"
	for name, test := range map[string]struct {
		text    string
		options head.LabelOptions
		want    string
	}{
		"plain":                            {text: simple, want: want},
		"BOM before a quoted column":       {text: "\ufeff\"image_id\",\"effusion\"\n\"a.png\",\"1\"\n\"b.png\",\"0\"\n", want: want},
		"lines ended by CR alone":          {text: strings.ReplaceAll(simple, "\n", "\r"), want: want},
		"lines ended by CR LF":             {text: strings.ReplaceAll(simple, "\n", "\r\n"), want: want},
		"semicolons":                       {text: strings.ReplaceAll(simple, ",", ";"), want: want},
		"semicolons and decimal commas":    {text: "image_id;effusion\na.png;1,0\nb.png;0,0\n", want: want},
		"tabs":                             {text: strings.ReplaceAll(simple, ",", "\t"), want: want},
		"UTF-16, little endian":            {text: utf16le(simple), want: want},
		"UTF-16, big endian":               {text: utf16be(strings.ReplaceAll(simple, ",", "\t")), want: want},
		"true and false":                   {text: "image_id,effusion\na.png,True\nb.png,FALSE\n", want: want},
		"yes and no":                       {text: "image_id,effusion\na.png,yes\nb.png,No\n", want: want},
		"NA and NaN":                       {text: "image_id,effusion\na.png,NA\nb.png,nan\nc.png,1\n", want: "image_id/ effusion; a.png/ ?; b.png/ ?; c.png/ +"},
		"./ before ids":                    {text: "image_id,effusion\n./a.png,1\n./b.png,0\n", want: want},
		"ids with slashes of Windows":      {text: "image_id,effusion\nfilms\\a.png,1\nfilms\\b.png,0\n", want: "image_id/ effusion; films/a.png/ +; films/b.png/ -"},
		"ids that pandas took for numbers": {text: "image_id,effusion\n123.0,1\n124.0,0\n", want: "image_id/ effusion; 123/ +; 124/ -"},
		"ids of which some look so":        {text: "image_id,effusion\n123.0,1\na,0\n", want: "image_id/ effusion; 123.0/ +; a/ -"},
		"NIH ChestX-ray14": {
			text: "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position\n1_0.png,Mass|Edema,0,1,57,M,PA\n1_1.png,No Finding,1,1,58,M,PA\n",
			want: "Image Index/Patient ID in Finding Labels Edema,Mass; 1_0.png/1 + +; 1_1.png/1 - -",
		},
		"CheXpert": {
			text:    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Edema\nC/train/patient00001/study1/view1.jpg,Female,68,Frontal,AP,1.0,\nC/train/patient00002/study1/view1.jpg,Male,1,Frontal,PA,,-1.0\n",
			options: head.LabelOptions{UncertainFor: map[string]head.Uncertain{"Edema": head.UncertainPositive}},
			want:    "Path/Path No Finding,Edema; C/train/patient00001/study1/view1.jpg/patient00001 + ?; C/train/patient00002/study1/view1.jpg/patient00002 ? +",
		},
		"MIMIC-CXR": {
			text: "subject_id,study_id,Atelectasis,Edema\n10000032,50414267,,1.0\n10000032,53189527,0.0,\n",
			want: "study_id/subject_id Atelectasis,Edema; 50414267/10000032 ? +; 53189527/10000032 - ?",
		},
		"dicom_id beside a study": {text: "dicom_id,subject_id,study_id,Edema\nx-y,1,2,1\n", want: "dicom_id/subject_id Edema; x-y/1 +"},
		"folds and sexes are no findings": {
			text: "image_id,fold,sex_male,IsFemale,age,Portable,effusion\na,0,1,0,1,1,1\nb,1,0,1,1,0,0\n", want: "image_id/ effusion; a/ +; b/ -",
		},
		"columns by name": {
			text:    "film,who,effusion\na,p1,1\n",
			options: head.LabelOptions{Image: "Film", Patient: "WHO"}, want: "film/who effusion; a/p1 +",
		},
		"a column of patients that is none": {
			text: "image_id,case,effusion\na,7,1\n", options: head.LabelOptions{Patient: "-"}, want: "image_id/ effusion; a/ +",
		},
		"a policy for one finding": {
			text:    "image_id,x,y\na,-1,-1\n",
			options: head.LabelOptions{Uncertain: head.UncertainMissing, UncertainFor: map[string]head.Uncertain{"y": head.UncertainNegative}}, want: "image_id/ x,y; a/ ? -",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := head.ReadLabels(strings.NewReader(test.text), &test.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, rowsOf(l)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// An error tells what would be right, and never what is in a cell.
func TestTablesRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"no header":                    {"nih1.dcm,DOE^JANE,12345,1\nnih2.dcm,ROE^RICHARD,23456,0\n", "no column of image ids among the 4 of the first line"},
		"no header, CR alone":          {"nih1.dcm,DOE^JANE,12345,1\rnih2.dcm,ROE^RICHARD,23456,0\r", "no column of image ids among the 4 of the first line"},
		"a patient that was not taken": {"image_id,case_no,effusion\na,DOE^JANE,1\n", `column "case_no" may name the patient: say so in LabelOptions.Patient, or that none does by "-"`},
		"two patients":                 {"image_id,patient,subject_id,effusion\na,DOE^JANE,1,1\n", `columns "patient" and "subject_id" may both name the patient`},
		"not in UTF-8":                 {"image_id,effusion\na,1\nDOE^J\xfcrgen,1\n", "line 3 is not in UTF-8"},
		"a line short of a cell":       {"image_id,patient,effusion\na,DOE^JANE\n", "line 2: wrong number of fields"},
		"a bare quote":                 {"image_id,patient,effusion\na,DOE^\"JANE,1\n", "line 2, column 7"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := head.ReadLabels(strings.NewReader(test.text), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			for _, cell := range []string{"DOE", "ROE", "12345", "nih1"} {
				if err != nil && strings.Contains(err.Error(), cell) {
					t.Errorf("the error quotes a cell: %v", err)
				}
			}
		})
	}
}

// endless is a table that does not end.
type endless struct{ text string }

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = e.text[i%len(e.text)]
	}
	return len(b), nil
}

func TestTablesWithoutEndAreRefused(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"a cell":   io.MultiReader(strings.NewReader("image_id,x\na,"), io.LimitReader(endless{"1"}, 3<<20)),
		"a quote":  io.MultiReader(strings.NewReader("image_id,x\na,\""), io.LimitReader(endless{"1\n"}, 3<<20)),
		"the file": endless{"a,1\n"},
	} {
		if _, err := head.ReadLabels(r, nil); !errors.Is(err, cxr.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A film of a study's row is found by its path, and there may be several.
func TestStudiesLabelAllTheirFilms(t *testing.T) {
	l, err := head.ReadLabels(strings.NewReader("subject_id,study_id,Edema\n10000032,50414267,1.0\n10000032,53189527,0.0\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	embedding := func(id string) *cxr.Embedding {
		return &cxr.Embedding{ID: id, Space: cxr.Space{Tokens: 1, Dim: 1}, Values: []float32{1}}
	}
	d, left, err := l.Join([]*cxr.Embedding{
		embedding("files/p10/p10000032/s50414267/a.dcm"), embedding("files/p10/p10000032/s50414267/b.dcm"), embedding("files/p10/p10000032/s99999999/c.dcm"),
	})
	if err != nil || len(d.Examples) != 2 || d.Examples[1].Labels[0] != head.Positive || d.Examples[1].Patient != "10000032" {
		t.Errorf("%v, error %v", d, err)
	}
	if diff := cmp.Diff(head.Unmatched{Embeddings: []string{"files/p10/p10000032/s99999999/c.dcm"}, Rows: []string{"53189527"}}, left); diff != "" {
		t.Errorf("left over (-want +got):\n%s", diff)
	}
}

// The tables of ../shared/defects/csv.
func TestDefects(t *testing.T) {
	const folder = "../../shared/defects/csv"
	want := map[string]string{
		"01_bom_quoted": "image_id/ effusion; a.png/ +; b.png/ -", "02_cr_only": "image_id/ effusion; a.png/ +; b.png/ -",
		"02_semicolon": "image_id/ effusion; a.png/ +; b.png/ -", "02_tab": "image_id/ effusion; a.png/ +; b.png/ -",
		"04_NA": "image_id/ effusion; a.png/ +; b.png/ ?; c.png/ -", "04_true_false": "image_id/ effusion; a.png/ +; b.png/ -",
		"04_yes_no": "image_id/ effusion; a.png/ +; b.png/ -", "06_dot_slash": "image_id/ effusion; a.png/ +; b.png/ -",
		"06_float_ids": "image_id/ effusion; 123/ +; 124/ -", "06_windows_path": "image_id/ effusion; films/a.png/ +; films/b.png/ -",
		"07_chexpert": "Path/Path No Finding,Pleural Effusion; CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg/patient00001 + ?",
		"07_mimic":    "study_id/subject_id Cardiomegaly; 50414267/10000032 +",
		"07_nih":      "Image Index/Patient ID in Finding Labels Cardiomegaly,Emphysema; 00000001_000.png/1 + +; 00000001_001.png/1 - -",
		"nohead":      "error: labels: no column of image ids among the 4 of the first line: want one called image_id, Image Index, Path, dicom_id or the like, or its name in LabelOptions.Image",
	}
	files, err := filepath.Glob(folder + "/*.csv")
	if err != nil || len(files) == 0 {
		t.Skipf("%s is not there", folder)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if l, err := head.ReadLabels(f, &head.LabelOptions{Uncertain: head.UncertainMissing}); err != nil {
			got = "error: " + err.Error()
		} else {
			got = rowsOf(l)
		}
		f.Close()
		if diff := cmp.Diff(want[strings.TrimSuffix(filepath.Base(name), ".csv")], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filepath.Base(name), diff)
		}
	}
}
