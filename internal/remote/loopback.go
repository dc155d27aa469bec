package remote

import "net"

// Loopback is whether a host, a name or an address, is this machine by the
// loopback interface. Of names localhost is, which needs no resolver.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// LoopbackAddress is the same of a host:port.
func LoopbackAddress(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && Loopback(host)
}
