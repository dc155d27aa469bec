package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cxrkit/cxrkit/cxr"
)

// OpenFolder opens the vision model in a folder as exports leave it: the ONNX
// file, its external weights, and the description of its preprocessing. The file
// is vision_model.onnx, model.onnx, or the only one, in the folder or in "onnx"
// in it; what is a text model by its name is passed over.
//
// The description is this library's own, as for [Open], or else what other
// programs wrote: preprocessor_config.json of transformers, config.json of timm
// (with "pretrained_cfg"), open_clip_config.json. If several are there they must
// agree. A field that cannot be honored is refused by its name, and so is a folder
// without a description, unless Options.Preprocess is one.
//
// The embeddings' model is named after the folder, if neither Options nor the
// description name it.
func OpenFolder(dir string, o *Options) (*Embedder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return openFolder(root.FS(), filepath.Base(absolute), o)
}

func openFolder(fsys fs.FS, name string, o *Options) (*Embedder, error) {
	file, err := modelFile(fsys, []string{"vision_model.onnx", "model.onnx"}, "text")
	if err != nil {
		return nil, fmt.Errorf("local: %s: %w", name, err)
	}
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	beside, err := readOptional(fsys, file+".json")
	if err != nil {
		return nil, err
	}
	options := Options{}
	if o != nil {
		options = *o
	}
	options.described = func() (*Preprocess, error) { return foreign(fsys) }
	e, err := openNamed(f, beside, name, &options, fsys, path.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("local: %s: %w", path.Join(name, file), err)
	}
	return e, nil
}

// modelFile finds an ONNX file: by one of the names, or the only one whose name
// does not contain what it must not.
func modelFile(fsys fs.FS, names []string, without string) (string, error) {
	var found []string
	for _, dir := range []string{".", "onnx"} {
		entries, err := fs.ReadDir(fsys, dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if path.Ext(e.Name()) == ".onnx" && !strings.Contains(e.Name(), without) {
				found = append(found, path.Join(dir, e.Name()))
			}
		}
		for _, name := range names {
			if file := path.Join(dir, name); slices.Contains(found, file) {
				return file, nil
			}
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%w: want one ONNX file, named %s if there are several, and found %d", cxr.ErrUnsupported, strings.Join(names, " or "), len(found))
	}
	return found[0], nil
}

// largestDescription bounds files of JSON.
const largestDescription = 64 << 20

// readOptional is a file, or nil if there is none.
func readOptional(fsys fs.FS, name string) ([]byte, error) {
	about, err := fs.Stat(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if about.Size() > largestDescription {
		return nil, fmt.Errorf("%w: %s of %d bytes", cxr.ErrTooLarge, name, about.Size())
	}
	return fs.ReadFile(fsys, name)
}
