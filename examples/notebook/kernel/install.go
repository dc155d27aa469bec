package main

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// A spec is how Jupyter starts a kernel, as kernel.json has it.
type spec struct {
	Name        string            `json:"name"` // as the notebooks' metadata have it
	DisplayName string            `json:"display_name"`
	Language    string            `json:"language"`
	Argv        []string          `json:"argv"`
	Interrupt   string            `json:"interrupt_mode,omitempty"`
	Env         map[string]string `json:"env,omitempty"`
}

// dataDir is the folder where Jupyter looks for what a user has installed.
func dataDir(goos string, env func(string) string, home func() (string, error)) (string, error) {
	if dir := env("JUPYTER_DATA_DIR"); dir != "" {
		return dir, nil
	}
	if goos == "windows" && env("APPDATA") != "" {
		return filepath.Join(env("APPDATA"), "jupyter"), nil
	}
	dir, err := home()
	if err != nil {
		return "", err
	}
	if goos == "darwin" {
		return filepath.Join(dir, "Library", "Jupyter"), nil
	}
	if xdg := env("XDG_DATA_HOME"); xdg != "" {
		return filepath.Join(xdg, "jupyter"), nil
	}
	return filepath.Join(dir, ".local", "share", "jupyter"), nil
}

// install tells Jupyter of a kernel and gives the file that does.
func (s spec) install(data string) (string, error) {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(data, "kernels", s.Name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "kernel.json")
	return name, os.WriteFile(name, append(text, '\n'), 0o666)
}
