package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

// A compiling tells how far "go build -v" is, which names packages as it compiles
// them: a line every few seconds in place of hundreds. What else the go command
// says goes on unchanged.
type compiling struct {
	w           io.Writer
	packages    int
	start, told time.Time
	rest        []byte // of a line
}

const tellEvery = 5 * time.Second

func newCompiling(w io.Writer) *compiling {
	now := time.Now()
	return &compiling{w: w, start: now, told: now}
}

// Write implements [io.Writer].
func (c *compiling) Write(b []byte) (int, error) {
	c.rest = append(c.rest, b...)
	for {
		line, rest, found := bytes.Cut(c.rest, []byte("\n"))
		if !found {
			return len(b), nil
		}
		c.rest = rest
		if err := c.line(string(line)); err != nil {
			return 0, err
		}
	}
}

func (c *compiling) line(text string) (err error) {
	if text == "" || strings.ContainsAny(text, " \t#:") { // no import path
		_, err = fmt.Fprintln(c.w, text)
		return err
	}
	c.packages++
	if now := time.Now(); now.Sub(c.told) >= tellEvery {
		c.told = now
		_, err = fmt.Fprintf(c.w, "compiling for %v: %d packages, now %s\n", now.Sub(c.start).Round(time.Second), c.packages, text)
	}
	return err
}
