// Package page is the workbench's page: plain HTML, CSS and modules, served as they
// are.
package page

import (
	"embed"
	"net/http"
)

//go:embed *.html *.css *.js
var files embed.FS

// FS is the page's files.
func FS() embed.FS { return files }

// Handler serves the page.
func Handler() http.Handler { return http.FileServerFS(files) }
