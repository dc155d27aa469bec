// Package explain says in the words of a cell what its interpreter says in its
// own.
package explain

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// position begins what gomacro finds wrong before it runs a cell.
var position = regexp.MustCompile(`^repl\.go:(\d+):(\d+): `)

// node is how gomacro names the kind of what it could not compile.
var node = regexp.MustCompile(` <\*ast\.\w+>`)

var importing = regexp.MustCompile(`^error importing packages map\[([^\]: ]+).*`)

// Error is err of a cell with this source: the line that is wrong, and what of the
// cell has run.
func Error(err error, source string) error {
	text := err.Error()
	at := position.FindStringSubmatch(text)
	if at == nil {
		return errors.New(text + "\n\nLines of this cell before that have run, those after it have not.")
	}
	text = node.ReplaceAllString(text[len(at[0]):], "")
	text = strings.Replace(text, "undefined identifier: ", "undefined: ", 1)
	text = importing.ReplaceAllString(text, "$1 is not linked into this kernel: add it to kernel/linked.go and build the kernel again, or correct its path")
	number, _ := strconv.Atoi(at[1])
	lines := strings.Split(source, "\n")
	if number < 1 || number > len(lines) {
		return errors.New(text + "\n\nNothing of this cell has run.")
	}
	return errors.New("line " + at[1] + ": " + text + "\n\n    " + strings.TrimSpace(lines[number-1]) + "\n\nNothing of this cell has run.")
}
