// Package e2e tests the workbench in a browser: its tests start the program and use
// its page in headless Chromium as one does.
package e2e
