package head

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kinds of cells in a column of labels.
const (
	kindOther = iota
	kindMissing
	kindNegative
	kindPositive
	kindUncertain
)

// labelKind is what a cell says, as people and programs write it.
func labelKind(cell string) int {
	switch strings.ToLower(strings.TrimSpace(cell)) {
	case "", "na", "n/a", "nan", "null", "none", "nil", ".", "missing":
		return kindMissing
	case "0", "0.0", "0,0", "false", "f", "no", "n", "absent", "negative":
		return kindNegative
	case "1", "1.0", "1,0", "true", "t", "yes", "y", "present", "positive":
		return kindPositive
	case "-1", "-1.0", "-1,0", "uncertain", "unsure":
		return kindUncertain
	}
	return kindOther
}

// label of a film's record.
func (f findingColumn) label(record []string, policy Uncertain) (Label, error) {
	cell := record[f.column]
	if f.listed {
		switch {
		case labelKind(cell) == kindMissing:
			return Missing, nil
		case listed(cell, f.name):
			return Positive, nil
		}
		return Negative, nil
	}
	switch labelKind(cell) {
	case kindMissing:
		return Missing, nil
	case kindNegative:
		return Negative, nil
	case kindPositive:
		return Positive, nil
	case kindUncertain:
		switch policy {
		case UncertainMissing:
			return Missing, nil
		case UncertainNegative:
			return Negative, nil
		case UncertainPositive:
			return Positive, nil
		}
		return Missing, errors.New("uncertain label -1, and no policy for it was chosen")
	}
	text := strings.TrimSpace(cell)
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		text = "that is no number" // and may be anything, a name too
	}
	return Missing, fmt.Errorf("label %s, want 0, 1, -1 or nothing", text)
}
