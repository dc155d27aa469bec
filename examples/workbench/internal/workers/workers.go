// Package workers is what the workbench's page has beside it where there is no
// server: how requests reach the program that runs in the tab (examples/workbench/tab).
package workers

import "embed"

//go:embed *.js
var files embed.FS

// FS is the files.
func FS() embed.FS { return files }
