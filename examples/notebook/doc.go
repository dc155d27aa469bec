// Package notebook holds notebooks for Jupyter. Their source is the folder
// source, Markdown with a cell for each block of Go; the .ipynb files are made
// from it, and executed, by
//
//	go test -run TestNotebooks -update
//
// docs/NOTEBOOKS.md tells how to use them.
package notebook
