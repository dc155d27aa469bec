package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cxrkit/cxrkit/cxr/phantom"
	"github.com/cxrkit/cxrkit/dicomconv"
	"github.com/cxrkit/cxrkit/embed/haidef"
	"github.com/cxrkit/cxrkit/embed/local/mini"
	"github.com/cxrkit/cxrkit/examples/internal/cli"
)

// The test binary is the program itself where a test needs a process.
func TestMain(m *testing.M) {
	if os.Getenv("SERVE_TEST_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

var address = regexp.MustCompile(`, at (\S+)`)

// start runs the program here and returns where it listens, and its log's end.
func start(t *testing.T, environment map[string]string, args ...string) (addr string, end func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, append(args, "-drain", "10ms"), func(name string) string { return environment[name] }, w)
		w.Close()
		done <- err
	}()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			addr = m[1]
			break
		}
	}
	if addr == "" {
		t.Fatal(<-done)
	}
	var rest bytes.Buffer
	read := make(chan struct{})
	go func() {
		for lines.Scan() {
			rest.WriteString(lines.Text() + "\n")
		}
		close(read)
	}()
	return addr, func() string {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		<-read
		return rest.String()
	}
}

func film(i int, side int) []byte {
	return phantom.Film{ID: "p", Patient: "DOEJANE", Seed: uint64(2 * i), Anatomy: uint64(2 * i), Size: side}.DICOM()
}

func instance(file []byte) string {
	return `{"instances":[{"input_bytes":"` + base64.StdEncoding.EncodeToString(file) + `"}]}`
}

func TestServe(t *testing.T) {
	addr, end := start(t, map[string]string{"AIP_HEALTH_ROUTE": "/v1/health", "AIP_PREDICT_ROUTE": "/v1/predict"}, "-addr", "127.0.0.1:0")
	model, err := mini.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := haidef.New(&haidef.Options{URL: "http://" + addr, HealthRoute: "/v1/health", PredictRoute: "/v1/predict", Space: model.Space()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Health(t.Context()); err != nil {
		t.Error(err)
	}
	m, err := dicomconv.New(nil).Normalize(bytes.NewReader(film(1, 256)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Embed(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	want, err := model.Embed(t.Context(), m)
	if err != nil || !slices.Equal(got[0].Values, want[0].Values) || got[0].Space != want[0].Space {
		t.Errorf("%v, want %v, error %v", got[0], want[0], err)
	}
	if log := end(); !strings.Contains(log, "ended: every request is answered") || strings.Contains(log, "DOEJANE") {
		t.Error(log)
	}
}

func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	addr, end := start(t, nil, "-addr", "127.0.0.1:0", "-tls_cert", filepath.Join(dir, "cert.pem"), "-tls_key", filepath.Join(dir, "key.pem"))
	defer end()
	pool := x509.NewCertPool()
	if cert, err := x509.ParseCertificate(der); err == nil {
		pool.AddCert(cert)
	}
	c, err := haidef.New(&haidef.Options{URL: "https://" + addr, HTTP: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Health(t.Context()); err != nil {
		t.Error(err)
	}
	if r, err := http.Get("http://" + addr + "/health"); err == nil {
		r.Body.Close()
		if r.StatusCode == http.StatusOK {
			t.Error("it speaks without TLS too")
		}
	}
}

func TestFlags(t *testing.T) {
	port := map[string]string{"AIP_HTTP_PORT": "8080"}
	for _, test := range []struct {
		args        []string
		environment map[string]string
		want        string // "" for success
	}{
		{nil, nil, ""},
		{nil, port, ""}, // as a container of Vertex AI
		{[]string{"-addr", "localhost:0"}, nil, ""},
		{[]string{"-addr", "[::1]:0"}, nil, ""},
		{[]string{"-addr", ":8080"}, nil, "-tls_cert and -tls_key, or say -plain"},
		{[]string{"-addr", "10.0.0.1:8080"}, nil, "or say -plain"},
		{[]string{"-addr", ":8080"}, port, "or say -plain"},
		{[]string{"-addr", ":8080", "-plain"}, nil, ""},
		{[]string{"-tls_cert", "a"}, nil, "go together"},
		{[]string{"-metrics", ":9090"}, nil, "neither TLS nor sign-in"},
		{[]string{"-schema", "elixr"}, nil, "invalid value"},
		{[]string{"films"}, nil, "is no flag"},
		{[]string{"-timeout", "0s"}, nil, "must be positive"},
	} {
		_, err := parse(cli.Flags("serve", usage, io.Discard), test.args, func(name string) string { return test.environment[name] })
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %q", test.args, err, test.want)
		}
	}
	o := &options{model: t.TempDir()}
	if _, err := o.open(); err == nil || !strings.Contains(err.Error(), "0 files *.onnx") {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(o.model, "encoder.onnx"), mini.ONNX(), 0o600); err != nil {
		t.Fatal(err)
	}
	if e, err := o.open(); err != nil || e.Space().Dim != 1792 {
		t.Error(err)
	}
}

// A program is one that runs for itself.
type program struct {
	*exec.Cmd
	addr, metrics string
	log           *bytes.Buffer
	read          chan struct{}
}

var metricsAddress = regexp.MustCompile(`metrics at (\S+)`)

func launch(t testing.TB, args ...string) *program {
	t.Helper()
	p := &program{Cmd: exec.Command(os.Args[0], append([]string{"-addr", "127.0.0.1:0", "-metrics", "127.0.0.1:0"}, args...)...), log: &bytes.Buffer{}, read: make(chan struct{})}
	p.Env = append(os.Environ(), "SERVE_TEST_PROGRAM=1")
	stderr, err := p.StderrPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	for p.addr == "" && lines.Scan() {
		p.log.WriteString(lines.Text() + "\n")
		if m := metricsAddress.FindStringSubmatch(lines.Text()); m != nil {
			p.metrics = m[1]
		}
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			p.addr = m[1]
		}
	}
	if p.addr == "" {
		t.Fatal(p.log)
	}
	go func() {
		for lines.Scan() {
			p.log.WriteString(lines.Text() + "\n")
		}
		close(p.read)
	}()
	return p
}

// post is one whole answer, or an error.
func post(c *http.Client, addr, body string) (int, error) {
	r, err := c.Post("http://"+addr+"/predict", "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	return r.StatusCode, err
}

// Told to end in the midst of requests, the program loses none: who asks health
// checks, as load balancers do, has every request answered.
func TestTheSignalToEndLosesNothing(t *testing.T) {
	p := launch(t, "-drain", "700ms")
	body := instance(film(1, 128))
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	var gone atomic.Bool // health checks say so
	var answered, last atomic.Int64
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for !gone.Load() {
				if status, err := post(c, p.addr, body); err != nil || status != http.StatusOK {
					t.Errorf("status %d, error %v", status, err)
					return
				}
				answered.Add(1)
				if gone.Load() {
					last.Add(1)
				}
			}
		})
	}
	for answered.Load() < 40 {
		time.Sleep(time.Millisecond)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for !gone.Load() {
		r, err := http.Get("http://" + p.addr + "/health")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		gone.Store(r.StatusCode == http.StatusServiceUnavailable)
	}
	group.Wait()
	<-p.read
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(p.log.String(), "ended: every request is answered") || last.Load() == 0 {
		t.Errorf("%d requests answered, %d after the signal: %s", answered.Load(), last.Load(), p.log)
	}
	if _, err := http.Get("http://" + p.addr + "/health"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error(err)
	}
}

// The log and the metrics tell nothing of films and their patients.
func TestLogAndMetrics(t *testing.T) {
	p := launch(t, "-drain", "10ms")
	for _, body := range []string{instance(film(1, 64)), instance([]byte("DOEJANE")), `{"instances":[{"prompt_query":"DOEJANE"}]}`, "DOEJANE"} {
		if _, err := post(http.DefaultClient, p.addr, body); err != nil {
			t.Error(err)
		}
	}
	r, err := http.Get(p.metrics)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r.Body)
	r.Body.Close()
	for _, want := range []string{`cxrkit_requests_total{status="200"} 3`, `cxrkit_requests_total{status="400"} 1`, `cxrkit_instances_total{kind="film",outcome="ok"} 1`, "cxrkit_ready 1"} {
		if err != nil || !strings.Contains(string(b), want+"\n") {
			t.Errorf("no %s in %s, error %v", want, b, err)
		}
	}
	p.Process.Signal(os.Interrupt)
	<-p.read
	p.Wait()
	if told := string(b) + p.log.String(); strings.Contains(told, "DOEJANE") || strings.Contains(told, "input_bytes") {
		t.Error(told)
	}
}
