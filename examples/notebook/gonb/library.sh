#!/bin/sh
# Tells the Go module that gonb keeps for a notebook, the current folder, where
# the library is: in the checkout that this script is of.
set -e
root=$(cd "$(dirname "$0")/../../.." && pwd)
cp "$root/examples/notebook/go.sum" .
go mod edit -require=github.com/janpfeifer/gonb@v0.11.4 \
	-require=github.com/cxrkit/cxrkit@v0.0.0 \
	-replace=github.com/cxrkit/cxrkit="$root" \
	-require=github.com/cxrkit/cxrkit/examples/notebook@v0.0.0 \
	-replace=github.com/cxrkit/cxrkit/examples/notebook="$root/examples/notebook"
