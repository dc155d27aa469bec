package main

import (
	"fmt"
	"regexp"
	"strconv"
)

// newestGo is the last minor version of Go 1 that keeps gotypesalias=0, without
// which gomacro dies when it starts.
const newestGo = 26

// A lookup is what the check asks of a machine.
type lookup struct {
	goVersion string // as runtime.Version
	goos      string
	path      func(program string) (string, error) // as exec.LookPath
}

var goMinor = regexp.MustCompile(`^go1\.(\d+)`)

// check tells what is missing to use the notebooks, with what to type; the
// error is what is missing to build the kernel.
func check(l lookup) (missing []string, err error) {
	if m := goMinor.FindStringSubmatch(l.goVersion); m != nil {
		if minor, _ := strconv.Atoi(m[1]); minor > newestGo {
			return nil, fmt.Errorf("this is %s, and the interpreter needs Go 1.%d; type\n\n    GOTOOLCHAIN=go1.%[2]d.0 go run ./kernel", l.goVersion, newestGo)
		}
	}
	if _, err := l.path("go"); err != nil {
		return nil, fmt.Errorf("the go command is not on PATH, and it builds the kernel: add the folder bin of your Go installation to PATH")
	}
	if _, err := l.path("jupyter"); err != nil {
		missing = append(missing, "Jupyter is missing (no program jupyter on PATH); the kernel can be built without it. To install it:\n\n    "+jupyterLine(l.goos)+"\n")
	}
	return missing, nil
}

// jupyterLine is what installs Jupyter with the web page that shows notebooks.
func jupyterLine(goos string) string {
	switch goos {
	case "linux":
		return "sudo apt-get install -y jupyter-notebook jupyter-nbconvert    (Debian, Ubuntu), or: pip install notebook"
	case "darwin":
		return "brew install jupyterlab"
	default:
		return "pip install notebook"
	}
}
