// Package lines has the Go lines that learn what the workbench has learned. They are
// the source of a program that is compiled and tested with the others; what a user
// gets has the user's own names in it.
package lines

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed program/main.go
var source string

// A Program is what differs between users.
type Program struct {
	Folder, Finding string
	Threshold       float64
	Repeats         int
}

// Source is the lines.
func (p Program) Source() string {
	return strings.NewReplacer(
		`folder    = "workbench"`, "folder    = "+strconv.Quote(p.Folder),
		`finding   = "effusion"`, "finding   = "+strconv.Quote(p.Finding),
		"threshold = 0.5", "threshold = "+strconv.FormatFloat(p.Threshold, 'g', -1, 64),
		"repeats   = 3", fmt.Sprint("repeats   = ", p.Repeats),
	).Replace(source)
}
