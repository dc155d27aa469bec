package remote

import "net/http"

// HTTPClient is a copy of a caller's client, or if there is none one that goes
// where it is told, whatever proxy the environment names, and keeps so many
// connections. Neither follows redirects.
func HTTPClient(given *http.Client, connections int) *http.Client {
	client := http.Client{}
	if given != nil {
		client = *given
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.Proxy = nil
		transport.MaxIdleConnsPerHost = connections
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}
