package vertex

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/remote"
)

// check fills in what is left out and refuses what cannot work.
func (o Options) check() (Options, error) {
	switch o.Protocol {
	case V1, V2, HAIDEF, MedSigLIP:
	default:
		return o, fmt.Errorf("vertex: %v, want one of %v", o.Protocol, protocols)
	}
	location, err := o.names()
	if err != nil {
		return o, err
	}
	if err := o.hosts(location); err != nil {
		return o, err
	}
	switch {
	case o.Output != General && o.Output != Contrastive:
		return o, fmt.Errorf("vertex: %v, want %v or %v", o.Output, General, Contrastive)
	case o.Protocol != V2 && o.Protocol != HAIDEF && o.Output != General:
		return o, fmt.Errorf("vertex: %w: protocol %v has one kind of embedding", cxr.ErrUnsupported, o.Protocol)
	}
	if err := o.numbers(); err != nil {
		return o, err
	}
	return o, nil
}

// names makes whole resource names of the endpoints and returns their location.
func (o *Options) names() (location string, err error) {
	var second string
	if o.Endpoint, location, err = o.resource("Endpoint", o.Endpoint); err != nil {
		return "", err
	}
	if o.Protocol != V2 {
		if o.QFormer != "" || o.QFormerHost != "" {
			return "", fmt.Errorf("vertex: QFormer is for protocol %v alone, this is %s", V2, o.Protocol)
		}
		return location, nil
	}
	if o.QFormer, second, err = o.resource("QFormer", o.QFormer); err != nil {
		return "", err
	}
	if second != location && o.QFormerHost == "" && o.API == nil {
		return "", fmt.Errorf("vertex: Endpoint is in location %q and QFormer in %q: give QFormerHost", location, second)
	}
	return location, nil
}

// locationForm is that of Google Cloud's regions and multi-regions.
var locationForm = regexp.MustCompile(`^[a-z]+(-[a-z]+[0-9]*)*$`)

// resource is the full name of an endpoint, and its location.
func (o *Options) resource(what, id string) (name, location string, err error) {
	project, location := o.Project, o.Location
	if strings.Contains(id, "/") {
		p := strings.Split(id, "/")
		if len(p) != 6 || p[0] != "projects" || p[2] != "locations" || p[4] != "endpoints" {
			return "", "", fmt.Errorf("vertex: %s is %q, want an id or projects/P/locations/L/endpoints/E", what, id)
		}
		switch {
		case location != "" && location != p[3]:
			return "", "", fmt.Errorf("vertex: Location is %q and %s lies in %q: leave Location out, or correct it", location, what, p[3])
		case project != "" && project != p[1] && number(project) == number(p[1]): // else one is the other's number
			return "", "", fmt.Errorf("vertex: Project is %q and %s is of %q: leave Project out, or correct it", project, what, p[1])
		}
		project, location, id = p[1], p[3], p[5]
	}
	switch {
	case id == "" || project == "" || location == "":
		return "", "", fmt.Errorf("vertex: %s, Project and Location are needed, or %s as projects/P/locations/L/endpoints/E", what, what)
	case location == "global":
		return "", "", fmt.Errorf("vertex: location %q holds no endpoints of one's own, want the endpoint's region, as %q", location, "us-central1")
	case !locationForm.MatchString(location):
		return "", "", fmt.Errorf("vertex: location %q, want a region, as %q", location, "us-central1")
	case strings.ContainsAny(project+id, "/ \t\r\n?#%"):
		return "", "", fmt.Errorf("vertex: %s %q of project %q: neither may hold a space or any of /?#%%", what, id, project)
	}
	return fmt.Sprintf("projects/%s/locations/%s/endpoints/%s", project, location, id), location, nil
}

func number(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// hosts fills in Host and QFormerHost.
func (o *Options) hosts(location string) error {
	switch {
	case o.API != nil:
		return nil
	case o.Insecure && o.TokenSource != nil:
		return errors.New("vertex: Insecure sends no credentials: leave TokenSource out")
	case o.Insecure && o.Host == "":
		return errors.New("vertex: Insecure is for a server on this machine: give its Host")
	case o.Dedicated && o.Host == "":
		return errors.New("vertex: a dedicated endpoint has a host of its own: give it as Host (dedicatedEndpointDns in \"gcloud ai endpoints describe\")")
	case o.Dedicated && o.Protocol == V2 && o.QFormerHost == "":
		return errors.New("vertex: each of two dedicated endpoints has a host of its own: give the second one's as QFormerHost")
	case o.Host == "":
		o.Host = location + "-aiplatform.googleapis.com"
	}
	if o.QFormerHost == "" {
		o.QFormerHost = o.Host
	}
	var err error
	if o.Host, err = o.host("Host", o.Host); err == nil {
		o.QFormerHost, err = o.host("QFormerHost", o.QFormerHost)
	}
	return err
}

// host brings an address to the form "host:port".
func (o *Options) host(what, address string) (string, error) {
	if strings.Contains(address, "://") {
		return "", fmt.Errorf("vertex: %s is a URL, want host:port without a scheme", what)
	}
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		name, port, err = net.SplitHostPort(address + ":443")
	}
	n, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil || n == 0 || name == "" || strings.ContainsAny(name, "/@?# \t\r\n") {
		return "", fmt.Errorf("vertex: %s is not of the form host:port", what)
	}
	if o.Insecure && !remote.Loopback(name) {
		return "", fmt.Errorf("vertex: Insecure is for a server on this machine, and %s is another one: films would cross the network unencrypted", what)
	}
	return net.JoinHostPort(name, port), nil
}

// numbers fills in what is 0.
func (o *Options) numbers() error {
	r := o.Retry
	switch {
	case o.MaxBytes < 0 || o.MaxBatch < 0 || o.Parallel < 0:
		return fmt.Errorf("vertex: MaxBytes %d, MaxBatch %d, Parallel %d, want 0 or more", o.MaxBytes, o.MaxBatch, o.Parallel)
	case !(o.Rate >= 0):
		return fmt.Errorf("vertex: Rate %v, want 0 or more", o.Rate)
	case !r.policy().Valid():
		return fmt.Errorf("vertex: Retry of %d tries, waits of %v to %v, timeout %v, want 0 or more", r.Tries, r.First, r.Longest, r.Timeout)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = SharedLimit
		if o.Dedicated {
			o.MaxBytes = DedicatedLimit
		}
	}
	if o.MaxBatch == 0 {
		o.MaxBatch = 8
	}
	if o.Parallel == 0 {
		o.Parallel = 8
	}
	return nil
}
