package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	text := func(s, name string, err error) error {
		return Write(dir, func(f *os.File) (string, error) {
			if _, err := f.WriteString(s); err != nil {
				return "", err
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
				t.Errorf("%d files, error %v", len(entries), err)
			}
			return name, err
		})
	}
	boom := errors.New("boom")
	if err := text("one", "a", nil); err != nil {
		t.Fatal(err)
	}
	if err := text("two", "a", boom); !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	if err := text("three", "none/a", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into a folder that is not there: %v", err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(data) != "one" {
		t.Errorf("%s, error %v", data, err)
	}
	if err := text("four", "a", nil); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(data) != "four" {
		t.Errorf("%s, error %v", data, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, error %v", entries, err)
	}
	if err := Write(filepath.Join(dir, "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
