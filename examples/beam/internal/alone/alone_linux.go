// Package alone runs tests where there is no network but the loopback: Prism
// listens on every interface.
package alone
