// Package cluster runs Flink or Spark on this machine for tests: a master, two
// workers of one core's work each, and Beam's job server, of jars that Maven
// fetched (cluster.sh).
package cluster

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Machines is how many machines, each a process that does work, a cluster has.
const Machines = 2

// Name is the engine that the flag of tests names; empty: tests run on Prism.
var Name = flag.String("cluster", "", "flink or spark: run the tests there, not on Prism; cluster.sh fetches what they need")

// JobServer is the address for Beam's --endpoint.
const JobServer = "localhost:8099"

// A Cluster is an engine that runs.
type Cluster struct {
	engine   engine
	dir      string
	started  int
	servers  []*process
	machines []*process
}

type process struct {
	*os.Process
	gone chan struct{} // closed when it is
}

func (p *process) lives() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// An engine is how one is started.
type engine struct {
	master, machine, server []string // classes with arguments; in all text {dir} is the folder and {n} a number
	env                     []string
	settings                string // of conf/flink-conf.yaml
	status, count           string // where the master says, in JSON, how many machines have come
}

// Start starts the engine with a [Name]. Its jars are in NAME/target/jars of the
// module, a folder, and logs go to NAME/target/logs. It is up when Start returns.
func Start(module string) (*Cluster, error) {
	e, ok := engines[*Name]
	if !ok {
		return nil, fmt.Errorf("cluster: engine %q, want flink or spark", *Name)
	}
	dir, err := filepath.Abs(filepath.Join(module, *Name, "target"))
	if err != nil {
		return nil, err
	}
	if jars, _ := filepath.Glob(filepath.Join(dir, "jars", "*.jar")); len(jars) == 0 {
		return nil, fmt.Errorf("cluster: no jars in %s/jars, fetch them with cluster.sh", dir)
	}
	c := &Cluster{engine: e, dir: dir}
	for _, folder := range []string{"logs", "conf", "work"} {
		if err := errors.Join(os.RemoveAll(filepath.Join(dir, folder)), os.MkdirAll(filepath.Join(dir, folder), 0o777)); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "conf", "flink-conf.yaml"), []byte(strings.ReplaceAll(e.settings, "{dir}", dir)), 0o666); err != nil {
		return nil, err
	}
	if err := c.start(); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start() error {
	if listening(JobServer) {
		return fmt.Errorf("cluster: something listens at %s already", JobServer)
	}
	for _, command := range [][]string{c.engine.master, c.engine.server} {
		java, err := c.java(command)
		if err != nil {
			return err
		}
		c.servers = append(c.servers, java)
		if len(c.servers) == 1 {
			if err := c.until("the master", func() bool { _, err := c.come(); return err == nil }); err != nil {
				return err
			}
		}
	}
	if err := c.Heal(); err != nil {
		return err
	}
	return c.until("the job server", func() bool { return listening(JobServer) })
}

// PIDs are the processes of the machines.
func (c *Cluster) PIDs() (all []int) {
	for _, m := range c.machines {
		all = append(all, m.Pid)
	}
	return all
}

// Heal starts machines in the place of those that are gone, and waits until all
// are there.
func (c *Cluster) Heal() error {
	c.machines = slices.DeleteFunc(c.machines, func(m *process) bool { return !m.lives() })
	for len(c.machines) < Machines {
		m, err := c.java(c.engine.machine)
		if err != nil {
			return err
		}
		c.machines = append(c.machines, m)
	}
	return c.until("two machines", func() bool { n, err := c.come(); return err == nil && n == Machines })
}

// Stop kills all and keeps the logs alone.
func (c *Cluster) Stop() {
	for _, p := range append(c.servers, c.machines...) {
		p.Kill()
		<-p.gone
	}
	c.servers, c.machines = nil, nil
	os.RemoveAll(filepath.Join(c.dir, "work")) // copies of programs and jars
}

// java starts a class.
func (c *Cluster) java(command []string) (*process, error) {
	c.started++
	args := []string{"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"}
	for _, p := range opened {
		args = append(args, "--add-opens=java.base/"+p+"=ALL-UNNAMED")
	}
	args = append(args, "-cp", filepath.Join(c.dir, "jars", "*"))
	fill := strings.NewReplacer("{dir}", c.dir, "{n}", fmt.Sprint(c.started))
	for _, a := range command {
		args = append(args, fill.Replace(a))
	}
	log, err := os.Create(filepath.Join(c.dir, "logs", fmt.Sprintf("%d.log", c.started)))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command("java", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Join(c.dir, "work"), log, log
	cmd.Env = os.Environ()
	for _, v := range c.engine.env {
		cmd.Env = append(cmd.Env, fill.Replace(v))
	}
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	p := &process{cmd.Process, make(chan struct{})}
	go func() {
		defer close(p.gone)
		cmd.Wait()
	}()
	return p, nil
}

// come is how many machines the master knows.
func (c *Cluster) come() (int, error) {
	r, err := http.Get(c.engine.status)
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	var status map[string]any
	if err := json.NewDecoder(r.Body).Decode(&status); err != nil {
		return 0, err
	}
	n, ok := status[c.engine.count].(float64)
	if !ok {
		return 0, fmt.Errorf("cluster: the master's status has no %s", c.engine.count)
	}
	return int(n), nil
}

func (c *Cluster) until(what string, there func() bool) error {
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if there() {
			return nil
		}
	}
	return fmt.Errorf("cluster: %s did not come up in five minutes, see %s/logs", what, c.dir)
}

func listening(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
