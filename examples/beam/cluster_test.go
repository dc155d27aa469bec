package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cxrkit/cxrkit/examples/beam/internal/cluster"
)

// The program's commands on Flink or Spark, as docs/BEAM.md has them, with a
// machine lost in the middle of each, write the files that they write on Prism.
func TestOnACluster(t *testing.T) {
	if *cluster.Name == "" {
		t.Skip("-cluster names no engine")
	}
	c, err := cluster.Start(".")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	dir := t.TempDir()
	program := filepath.Join(dir, "beam")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	films, labels := films(t, dir)
	if shared, err := filepath.Abs(chest); err != nil {
		t.Fatal(err)
	} else if _, err := os.Stat(shared); err == nil {
		films += "," + shared
	}
	engine := []string{
		"--runner", *cluster.Name, "--endpoint", cluster.JobServer, "--parallelism", fmt.Sprint(cluster.Machines),
		"--environment_type", "PROCESS", "--environment_config", fmt.Sprintf(`{"command": %q, "env": {"GOMAXPROCS": "1"}}`, program),
	}
	out := map[bool]string{}
	for _, prism := range []bool{true, false} {
		out[prism] = filepath.Join(dir, fmt.Sprint("prism-", prism))
		for _, s := range steps(films, labels, out[prism]) {
			args := []string{s.verb}
			for i := 0; i < len(s.flags); i += 2 {
				args = append(args, "--"+s.flags[i], s.flags[i+1])
			}
			lost := func() error { return nil }
			if !prism {
				args = append(args, engine...)
				lost = c.Lose()
			}
			cmd := exec.Command(program, args...)
			var text, log bytes.Buffer
			cmd.Stdout, cmd.Stderr = &text, &log
			if err := cmd.Run(); err != nil {
				t.Fatalf("%s: %v: %s", s.verb, err, log.Bytes())
			}
			if err := lost(); err != nil {
				t.Fatalf("%s: %v", s.verb, err)
			}
			t.Logf("%s, prism %v: %s", s.verb, prism, bytes.ReplaceAll(text.Bytes(), []byte("\n"), []byte(" ")))
		}
	}
	if one, other := tree(t, out[true]), tree(t, out[false]); len(one) == 0 || !maps.Equal(one, other) {
		for name := range one {
			if one[name] != other[name] {
				t.Errorf("%s differs", name)
			}
		}
		t.Errorf("%d files, on Prism %d", len(other), len(one))
	}
}

// tree is the content of all files below a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		all[name[len(dir):]] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
