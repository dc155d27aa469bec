//go:build !linux

package pages

func advise(at, bytes uintptr) {}
