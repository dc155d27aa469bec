//go:build !linux

package cxrbeam_test

func alone() {}
