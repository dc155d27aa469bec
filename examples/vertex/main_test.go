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

func TestStandIn(t *testing.T) {
	for protocol, want := range map[string]string{"v1": "phantom1: 1 x 1376, begins [", "v2": "phantom1: 32 x 768", "haidef": "phantom0: 32 x 768", "medsiglip": "phantom0: 1 x 1152"} {
		if out, err := call(t, "-protocol", protocol); err != nil || !strings.Contains(out, want) || !strings.Contains(out, "its numbers mean nothing") {
			t.Errorf("%s: %s, error %v", protocol, out, err)
		}
	}
}

func TestScores(t *testing.T) {
	for _, protocol := range []string{"haidef", "medsiglip"} {
		if out, err := call(t, "-protocol", protocol, "-positive", "small pneumothorax", "-negative", "no pneumothorax"); err != nil || strings.Count(out, ": score ") != 2 {
			t.Errorf("%s: %s, error %v", protocol, out, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"go together":           {"-positive", "a"},
		`protocol "v9"`:         {"-protocol", "v9"},
		"knows no texts":        {"-protocol", "v1", "-positive", "a", "-negative", "b"},
		"need Options.Vocabula": {"-protocol", "v2", "-positive", "a", "-negative", "b"},
		"1 films failed":        {"main.go"},
	} {
		if out, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %s, error %v, want %q", args, out, err, want)
		}
	}
}
