//go:build linked

// This file is the list of packages that cells can import, read by the build
// of the kernel. The tag keeps them out of the program that builds it.
package main

// The interpreter brings the standard library as it was in 2020. These are
// packages that have gained since, as they are today.
import (
	_ "bytes"
	_ "context"
	_ "errors"
	_ "fmt"
	_ "image"
	_ "image/color"
	_ "image/png"
	_ "io"
	_ "io/fs"
	_ "math"
	_ "math/rand/v2"
	_ "os"
	_ "os/signal"
	_ "path/filepath"
	_ "sort"
	_ "strconv"
	_ "strings"
	_ "testing/fstest"
	_ "time"

	_ "github.com/cxrkit/cxrkit/cxr"
	_ "github.com/cxrkit/cxrkit/cxr/bucket"
	_ "github.com/cxrkit/cxrkit/cxr/phantom"
	_ "github.com/cxrkit/cxrkit/dicomconv"
	_ "github.com/cxrkit/cxrkit/embed"
	_ "github.com/cxrkit/cxrkit/embed/local"
	_ "github.com/cxrkit/cxrkit/embed/local/filmcheck"
	_ "github.com/cxrkit/cxrkit/embed/local/lungs"
	_ "github.com/cxrkit/cxrkit/embed/local/mini"
	_ "github.com/cxrkit/cxrkit/embed/local/zones"
	_ "github.com/cxrkit/cxrkit/embed/pixels"
	_ "github.com/cxrkit/cxrkit/embed/store"
	_ "github.com/cxrkit/cxrkit/embed/store/shards"
	_ "github.com/cxrkit/cxrkit/embed/vertex"
	_ "github.com/cxrkit/cxrkit/embed/vertex/vertextest"
	_ "github.com/cxrkit/cxrkit/examples/notebook/show"
	_ "github.com/cxrkit/cxrkit/head"
	_ "github.com/cxrkit/cxrkit/head/mlp"
	_ "github.com/cxrkit/cxrkit/head/report"
	_ "github.com/cxrkit/cxrkit/head/search"

	_ "github.com/suyashkumar/dicom"
	_ "github.com/suyashkumar/dicom/pkg/tag"
)
