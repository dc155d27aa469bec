package haidef

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/internal/wado"
)

// A Fetch says from where a [Handler] may fetch films that requests name.
// Whatever is not in its lists is refused. Only https is spoken, no proxy used,
// no redirect followed, and a request's token sent to the host of that request's
// film and no other.
type Fetch struct {
	Hosts   []string // of DICOMweb servers and pictures: "pacs.example.org", "pacs.example.org:8443"
	Buckets []string // of Google Cloud Storage, without gs://

	// Private lets names in Hosts stand for machines of the house, and for this
	// machine. Link-local addresses, where clouds tell secrets, are never
	// connected to, nor are multicast, broadcast and reserved ones.
	Private bool

	MaxBytes int64         // of a film; default 64 MiB
	Timeout  time.Duration // of a film; default 30 s
	TLS      *tls.Config   // for hosts with certificates of their own making; default: the system's
}

// storage is Google Cloud Storage's JSON interface.
const storage = "https://storage.googleapis.com/storage/v1/b/"

// A source is where a request says that its film is.
type source struct{ kind, uri, token string }

// A fetcher fetches films. A nil one refuses.
type fetcher struct {
	f       Fetch
	client  *http.Client
	storage string
}

var (
	hostForm   = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)
	bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)
	tokenForm  = regexp.MustCompile(`^[A-Za-z0-9_\-.~+/=]+$`)
)

func newFetcher(o *Fetch) (*fetcher, error) {
	if o == nil {
		return nil, nil
	}
	f := *o
	for _, host := range f.Hosts {
		if !hostForm.MatchString(host) {
			return nil, fmt.Errorf("haidef: Fetch.Hosts has %q, want names like %q or %q", host, "pacs.example.org", "pacs.example.org:8443")
		}
	}
	for _, bucket := range f.Buckets {
		if !bucketForm.MatchString(bucket) {
			return nil, fmt.Errorf("haidef: Fetch.Buckets has %q, want names of buckets", bucket)
		}
	}
	if f.MaxBytes < 0 || f.Timeout < 0 {
		return nil, fmt.Errorf("haidef: Fetch.MaxBytes %d, Timeout %v, want 0 or more", f.MaxBytes, f.Timeout)
	}
	if f.MaxBytes == 0 {
		f.MaxBytes = 64 << 20
	}
	if f.Timeout == 0 {
		f.Timeout = 30 * time.Second
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error { return f.check(address) }}
	transport := &http.Transport{ // no proxy: what is connected to is what was checked
		DialContext: dialer.DialContext, TLSClientConfig: f.TLS, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: f.Timeout,
		MaxResponseHeaderBytes: 64 << 10, DisableCompression: true, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &fetcher{f: f, client: client, storage: storage}, nil
}

var errAddress = errors.New("address not allowed")

// check refuses addresses after names are resolved, so that no name can lead
// elsewhere than it is looked at.
func (f *Fetch) check(address string) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !reachable(a.Addr().Unmap(), f.Private) {
		return errAddress
	}
	return nil
}

// reserved are the blocks of IANA's special-purpose registries that are no
// one's, or that stand for an address of another family.
var reserved = prefixes("0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10", "::/96")

// inside are those of a house, beside the private and the loopback ones.
var inside = prefixes("100.64.0.0/10", "198.18.0.0/15")

// secrets are where clouds tell machines their credentials, beside the link-local
// 169.254.169.254.
var secrets = prefixes("fd00:ec2::254/128", "100.100.100.200/32", "168.63.129.16/32")

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

func reachable(a netip.Addr, private bool) bool {
	among := func(list []netip.Prefix) bool {
		return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	switch {
	case a.Zone() != "", a.IsUnspecified(), a.IsMulticast(), a.IsLinkLocalUnicast(), among(secrets):
		return false
	case a.IsLoopback(), a.IsPrivate(), among(inside):
		return private
	}
	return !among(reserved)
}

// get is the film at a source.
func (f *fetcher) get(ctx context.Context, s *source) ([]byte, *failure) {
	if f == nil {
		return nil, refused(codeStore, "this server fetches nothing: send the film as input_bytes")
	}
	address, failed := f.address(s)
	if failed != nil {
		return nil, failed
	}
	ctx, cancel := context.WithTimeout(ctx, f.f.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, refused(codeField, "%s is no address of a film", s.kind)
	}
	if s.kind == keyWeb {
		request.Header.Set("Accept", wado.Accept(false, "*"))
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := f.client.Do(request)
	if err == nil && s.kind == keyWeb && (answer.StatusCode == http.StatusBadRequest || answer.StatusCode == http.StatusNotAcceptable) {
		drop(answer)
		request.Header.Set("Accept", wado.Accept(true, wado.ExplicitLittle))
		answer, err = f.client.Do(request)
	}
	if errors.Is(err, errAddress) {
		return nil, refused(codeStore, "the host of %s has an address that this server may not connect to", s.kind)
	}
	if err != nil {
		return nil, refused(codeHTTP, "the host of %s does not answer", s.kind)
	}
	defer drop(answer)
	switch {
	case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden:
		return nil, refused(codeCredentials, "the host of %s wants another token", s.kind)
	case answer.StatusCode/100 == 3:
		return nil, refused(codeHTTP, "the host of %s sends on to another address", s.kind)
	case answer.StatusCode != http.StatusOK:
		return nil, refused(codeHTTP, "the host of %s answers with status %d", s.kind, answer.StatusCode)
	}
	film, err := f.read(answer, s)
	if err == nil {
		err = ctx.Err() // a server that is told to give up may end its answer as if it were whole
	}
	if err != nil {
		return nil, refused(codeHTTP, "the answer of the host of %s: %s", s.kind, reason(err))
	}
	return film, nil
}

func (f *fetcher) read(answer *http.Response, s *source) ([]byte, error) {
	if s.kind == keyWeb {
		return wado.Read(answer, f.f.MaxBytes)
	}
	film, err := io.ReadAll(io.LimitReader(answer.Body, f.f.MaxBytes+1))
	if err == nil && int64(len(film)) > f.f.MaxBytes {
		err = cxr.ErrTooLarge
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = cxr.ErrTruncated
	}
	return film, err
}

// drop ends an answer whose rest is of no use.
func drop(answer *http.Response) {
	io.CopyN(io.Discard, answer.Body, 4<<10) // so that the connection serves again
	answer.Body.Close()
}

// address is the URL of a source, if it may be fetched.
func (f *fetcher) address(s *source) (string, *failure) {
	switch {
	case s.token == "application_default":
		return "", refused(codeCredentials, "this server has no credentials of its own")
	case len(s.token) > 8192 || s.token != "" && !tokenForm.MatchString(s.token):
		return "", refused(codeCredentials, "the token is not of the form of one")
	}
	if s.kind == keyGCS {
		return f.object(s.uri)
	}
	u, err := url.Parse(s.uri)
	switch {
	case err != nil, u.Opaque != "", u.User != nil, u.Fragment != "", strings.ContainsAny(s.uri, "\\#@"),
		u.RawPath != "", path.Clean("/"+u.Path) != u.Path:
		return "", refused(codeField, "%s is no plain address of a film", s.kind)
	case u.Scheme != "https":
		return "", refused(codeField, "%s is not an https address", s.kind)
	case s.kind == keyWeb && (u.RawQuery != "" || u.ForceQuery || !webForm.MatchString(s.uri)):
		return "", refused(codePath, "%s does not end in studies/UID/series/UID/instances/UID", s.kind)
	case !slices.Contains(f.f.Hosts, u.Host):
		return "", refused(codeStore, "the host of %s is not one that this server may fetch from", s.kind)
	}
	return u.String(), nil
}

// object is the address of an object in a bucket.
func (f *fetcher) object(uri string) (string, *failure) {
	bucket, name, ok := strings.Cut(strings.TrimPrefix(uri, "gs://"), "/")
	switch {
	case !ok || !gcsForm.MatchString(uri) || len(name) > 1024:
		return "", refused(codeField, "gcs_uri is not of the form gs://bucket/name.extension")
	case !slices.Contains(f.f.Buckets, bucket):
		return "", refused(codeStore, "the bucket of gcs_uri is not one that this server may fetch from")
	}
	return f.storage + bucket + "/o/" + url.PathEscape(name) + "?alt=media", nil
}
