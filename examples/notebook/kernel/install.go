package main

import (
	"encoding/json"
	"os"
	"path/filepath"
)

const (
	kernelName  = "cxrkit" // as the notebooks' metadata have it
	displayName = "Go (cxrkit)"
)

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

// install tells Jupyter of the kernel and gives the file that does.
func install(data, binary string) (string, error) {
	spec, err := json.MarshalIndent(map[string]any{
		"argv":         []string{binary, "{connection_file}"},
		"display_name": displayName,
		"language":     "go",
		"name":         kernelName,
	}, "", "  ")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(data, "kernels", kernelName)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "kernel.json")
	return name, os.WriteFile(name, append(spec, '\n'), 0o666)
}
