package vertex

import (
	"fmt"
	"slices"
	"time"

	aiplatform "cloud.google.com/go/aiplatform/apiv1"
	"golang.org/x/oauth2"

	"github.com/cxrkit/cxrkit/internal/remote"
)

// A Protocol is how an endpoint speaks, which its model decides.
type Protocol int

// Protocols.
const (
	V1     Protocol = iota + 1 // CXR Foundation of 2022
	V2                         // ELIXR: two endpoints
	HAIDEF                     // CXR Foundation in HAI-DEF
	MedSigLIP
)

var protocols = []Protocol{V1, V2, HAIDEF, MedSigLIP}

// String is "v1", "v2", "haidef" or "medsiglip".
func (p Protocol) String() string {
	switch p {
	case V1:
		return "v1"
	case V2:
		return "v2"
	case HAIDEF:
		return "haidef"
	case MedSigLIP:
		return "medsiglip"
	}
	return fmt.Sprintf("protocol %d", int(p))
}

// MarshalText is String, so that a Protocol can be a flag.
func (p Protocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String writes.
func (p *Protocol) UnmarshalText(text []byte) error {
	i := slices.IndexFunc(protocols, func(known Protocol) bool { return known.String() == string(text) })
	if i < 0 {
		return fmt.Errorf("protocol %q, want one of %v", text, protocols)
	}
	*p = protocols[i]
	return nil
}

// An Output is a kind of embedding that V2 and HAIDEF give.
type Output int

// Outputs.
const (
	General     Output = iota // 32 x 768
	Contrastive               // 32 x 128, in the space of texts
)

// String is "general" or "contrastive".
func (o Output) String() string {
	switch o {
	case General:
		return "general"
	case Contrastive:
		return "contrastive"
	}
	return fmt.Sprintf("output %d", int(o))
}

// Limits of a request by Vertex AI's documentation, in bytes.
const (
	SharedLimit    = 1_500_000
	DedicatedLimit = 10_000_000
)

// Options say which endpoint to call and how. Protocol and Endpoint are needed;
// Project and Location too, unless Endpoint is a whole resource name.
type Options struct {
	Protocol Protocol
	Project  string // id or number
	Location string // as "us-central1"; Vertex AI's "global" has no endpoints of one's own
	Endpoint string // id, or "projects/P/locations/L/endpoints/E"
	QFormer  string // V2: likewise, of the second endpoint (ELIXR-B)
	Output   Output // of V2 and HAIDEF

	// Host is "host" or "host:port"; empty: the location's shared one. A
	// dedicated endpoint has its own, which "gcloud ai endpoints describe" shows
	// as dedicatedEndpointDns.
	Host        string
	QFormerHost string // V2: likewise, of the second endpoint; empty: Host
	Dedicated   bool   // dedicated endpoints: the id goes into the request's metadata, and requests may be larger

	TokenSource  oauth2.TokenSource           // nil: Application Default Credentials
	QuotaProject string                       // whose quota and bill the calls count for; empty: what the credentials say
	API          *aiplatform.PredictionClient // the caller's own client, not closed here; hosts and TokenSource are not used then
	Insecure     bool                         // neither TLS nor credentials, for a server on this machine, whose Host is needed

	MaxBytes int     // of a request, as it goes over the wire; 0: SharedLimit or DedicatedLimit
	MaxBatch int     // films in a request; 0: 8
	Parallel int     // requests at once; 0: 8
	Rate     float64 // requests a second at most; 0: no limit
	Retry    *Retry  // nil: the defaults

	Vocabulary *WordPiece // V2: for texts
}

// String names protocol and endpoint.
func (o Options) String() string {
	return fmt.Sprintf("vertex options: protocol %v, endpoint %q", o.Protocol, o.Endpoint)
}

// Format keeps credentials out of every verb.
func (o Options) Format(s fmt.State, _ rune) { fmt.Fprint(s, o.String()) }

// Retry says how often and when a request is sent again. Requests are sent
// again only after codes that tell of the service's state (those of HTTP 429,
// 500, 502, 503 and 504), never past the caller's deadline, and, once 20
// requests are done, no more often than once in ten requests beside the first
// tries.
type Retry struct {
	Tries   int           // in all; 0: 5
	First   time.Duration // longest wait before the second try; it doubles with each; 0: 1 s. Waits are random up to it
	Longest time.Duration // 0: 60 s. A service that asks to be left alone for longer is called again after it
	Timeout time.Duration // of each try; 0: 60 s
}

func (r *Retry) policy() remote.Retry {
	if r == nil {
		return remote.Retry{}
	}
	return remote.Retry(*r)
}
