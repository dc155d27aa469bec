package main

import (
	"bytes"
	"strings"
	"testing"
)

func call(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), args, &out, &errs)
	return out.String(), err
}

func TestScores(t *testing.T) {
	for _, protocol := range []string{"haidef", "medsiglip"} {
		out, err := call(t, "-protocol", protocol)
		if err != nil || strings.Count(out, "  PNEUMOTHORAX ") != 6 || strings.Count(out, "  PULMONARY_EDEMA ") != 6 {
			t.Errorf("%s: %s, error %v", protocol, out, err)
		}
	}
	out, err := call(t, "-positive", "rib fracture", "-negative", "no fracture")
	if err != nil || strings.Count(out, "  score ") != 6 {
		t.Errorf("%s, error %v", out, err)
	}
	again, err := call(t, "-positive", "rib fracture", "-negative", "rib fracture")
	if err != nil || strings.Count(again, "  score +0.000") != 6 {
		t.Errorf("one phrase for and against: %s, error %v", again, err)
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"go together":           {"-positive", "a"},
		"knows no texts":        {"-protocol", "v1"},
		"need Options.Vocabula": {"-protocol", "v2"},
	} {
		if out, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %s, error %v, want %q", args, out, err, want)
		}
	}
}
