// Package local runs an ONNX vision model here, as a Gorgonia graph of fused
// operations in pure Go. A user exports the network they trust and embeds films
// in one static binary.
//
// A model is compiled once, for one film at a time; each call under way has
// working memory of its own over shared weights, and films are embedded in
// parallel. To have one film sooner instead, let several threads work on it.
// Operators are those of docs/OPERATORS.md: what is not in that table is refused
// by the name of the operator and of its node when the model is opened. All
// floats are computed in float32, to which weights of float16 and bfloat16 are
// taken back. What a file quantizes to 8 bits, by QuantizeLinear and
// DequantizeLinear around convolutions and products, by integer operators or
// dynamically, is multiplied and summed in integers, exactly.
package local

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/cxrkit/cxrkit/cxr"
	"github.com/cxrkit/cxrkit/embed"
	"github.com/cxrkit/cxrkit/internal/network"
	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// LastGemmInput, as Options.Output, asks for the features that the model's last
// fully connected layer takes: what a classifier was trained on.
const LastGemmInput = network.LastGemmInput

// A Pool is how an output of many tokens becomes an embedding.
type Pool int

// Pools.
const (
	PoolNone Pool = iota // Tokens x Dim as they are; a feature map has a token for each place
	PoolMean             // mean over the tokens, 1 x Dim
	PoolCLS              // the first token, 1 x Dim
)

var poolNames = [...]string{PoolNone: "none", PoolMean: "mean", PoolCLS: "cls"}

// String is "none", "mean" or "cls".
func (p Pool) String() string {
	if p < 0 || int(p) >= len(poolNames) {
		return fmt.Sprintf("pool %d", int(p))
	}
	return poolNames[p]
}

// MarshalText is String, so that a Pool in JSON is its name.
func (p Pool) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String writes.
func (p *Pool) UnmarshalText(text []byte) error {
	i := slices.Index(poolNames[:], string(text))
	if i < 0 {
		return fmt.Errorf(`%w: pool %q, want "none", "mean" or "cls"`, cxr.ErrUnsupported, text)
	}
	*p = Pool(i)
	return nil
}

// A Precision is what factors are rounded to before they are multiplied. Sums are
// always of float32.
type Precision int

// Precisions.
const (
	Float32  Precision = iota
	BFloat16           // 8 bits of the 24, by Intel's AMX, AVX512-BF16, or FEAT_BF16 of arm64
)

// String is "float32" or "bfloat16".
func (p Precision) String() string {
	if p < 0 || p > BFloat16 {
		return fmt.Sprintf("precision %d", int(p))
	}
	return simd.Precision(p).String()
}

// effective is the precision on this processor.
func (p Precision) effective() (Precision, error) {
	switch {
	case p < 0 || p > BFloat16:
		return 0, fmt.Errorf("%w: %v", cxr.ErrUnsupported, p)
	case !simd.Precision(p).Available():
		return Float32, nil
	}
	return p, nil
}

// maxThreads bounds the threads on one film, each of which needs memory.
const maxThreads = 64

// Options control how a model is opened. Nil means the zero value.
type Options struct {
	Name       string // of the model, for embeddings and heads; empty: what the file tells, else its base name
	Output     string // tensor that is the embedding; empty: what the model's description says, else its first output
	Pool       Pool   // of its tokens; PoolNone: what the model's description says
	Preprocess *Preprocess
	Parallel   int // films embedded at once; 0: as many as processors allow
	Threads    int // goroutines that work together on one film; 0: one, which embeds most films a second

	// Precision of products with the weights; by AMX also of those of attention, which
	// are of no weights. Embeddings of another precision are of another Space. On a
	// processor without it they are as by Float32, and of that Space;
	// [Description.Precision] tells. Two processors that have it, one by AMX, may round
	// differently: both keep a cosine of 0.9999 or more to Float32's.
	//
	// What BFloat16 is worth depends on the processor, which [Description.String]
	// names. By AMX, on Linux, large products are about five times as fast as by Float32
	// (730 to 865 beside 130 to 150 GFLOP/s on an Intel Xeon, Emerald Rapids), by
	// AVX512-BF16 on AMD's Zen 4 nearly twice; by AVX512-BF16 on that Xeon they are
	// slower (62 to 79), so that on Intel it is only of use with AMX, which a system or
	// container may withhold.
	Precision Precision

	// MaxMemory is the most bytes that a film under way may take beside the weights:
	// a file of a few bytes can ask for much. 0: 4 GiB.
	MaxMemory int64

	described func() (*Preprocess, error) // by other programs, if nothing else describes the model
}

// An Embedder is an opened model. It implements [embed.Embedder].
type Embedder struct {
	engine
	space cxr.Space
	pre   Preprocess // with all that the model decides filled in
	about Description
	pool  Pool
}

// Open opens a model file. Weights in further files are found beside it, in its
// folder and below, where no symbolic link leads out of it; and so is a
// description of its preprocessing, in the file's metadata or beside it (see
// [Preprocess]).
//
// Weights are packed for the processor when they are first used: the first film
// takes longer than others.
func Open(name string, o *Options) (*Embedder, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir, base := filepath.Split(name)
	root, err := os.OpenRoot(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	beside, err := readOptional(root.FS(), base+".json")
	if err != nil {
		return nil, err
	}
	return open(f, beside, base, o, root.FS(), ".")
}

// OpenFS is Open on a file system.
func OpenFS(fsys fs.FS, name string, o *Options) (*Embedder, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	beside, err := readOptional(fsys, name+".json")
	if err != nil {
		return nil, err
	}
	return open(f, beside, name, o, fsys, path.Dir(name))
}

func open(f fs.File, beside []byte, name string, o *Options, fsys fs.FS, dir string) (*Embedder, error) {
	e, err := openNamed(f, beside, name, o, fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("local: %s: %w", name, err)
	}
	return e, nil
}

func openNamed(f fs.File, beside []byte, name string, o *Options, fsys fs.FS, dir string) (*Embedder, error) {
	src, err := sourceOf(f)
	if err != nil {
		return nil, err
	}
	digest := newDigest()
	defer digest.end()
	return load(src, beside, name, o, digest, newWeights(fsys, dir, digest))
}

// Load opens a model held in memory.
func Load(data []byte, o *Options) (*Embedder, error) {
	digest := newDigest()
	defer digest.end()
	e, err := load(held(data), nil, "", o, digest, nil)
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	return e, nil
}

func load(src source, beside []byte, name string, o *Options, digest hash.Hash, external onnx.Reader) (_ *Embedder, err error) {
	if o == nil {
		o = &Options{}
	}
	defer func() { // a fault of ours must not end a program that opens files of others
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v: %w", r, cxr.ErrUnsupported)
		}
	}()
	m, err := src.parse(digest, external)
	if err != nil {
		return nil, err
	}
	pre, err := preprocessing(m, beside, o)
	if err != nil {
		return nil, err
	}
	threads := min(max(o.Threads, 1), maxThreads)
	precision, err := o.Precision.effective()
	if err != nil {
		return nil, err
	}
	program, err := network.Compile(m, network.Options{
		Width: pre.Width, Height: pre.Height, Output: pre.Output, Threads: threads, Precision: simd.Precision(precision),
	})
	if err != nil {
		return nil, err
	}
	if need := 4 * int64(program.Memory); o.MaxMemory > 0 && need > o.MaxMemory {
		return nil, fmt.Errorf("%w: %d bytes of memory for a film, at most %d by Options.MaxMemory", cxr.ErrTooLarge, need, o.MaxMemory)
	}
	about := describe(m, program)
	about.Precision = precision
	tokens, dim, err := embeddingShape(program, pre.Pool)
	if err != nil {
		return nil, err
	}
	if pre.Name == "" {
		pre.Name = name
	}
	if err := pre.fit(program.Input); err != nil {
		return nil, err
	}
	e := &Embedder{pool: pre.Pool, pre: *pre, about: about}
	if err := e.engine.open(program, o.Parallel, threads); err != nil {
		return nil, err
	}
	e.space = cxr.Space{Model: pre.Name, Digest: identity(digest, pre, precision), Recipe: pre.Recipe, Tokens: tokens, Dim: dim}
	if o.Name != "" {
		e.space.Model = o.Name
	}
	if e.space.Model == "" {
		e.space.Model = "onnx-" + e.space.Digest[:12]
	}
	if err := e.check(pre.References); err != nil {
		return nil, err
	}
	return e, nil
}

// identity is the digest of a [cxr.Space]: of the weights, which are in digest
// already, and of all else that decides the numbers.
func identity(digest hash.Hash, pre *Preprocess, precision Precision) string {
	numbers := *pre
	numbers.Name, numbers.Recipe, numbers.Output, numbers.Pool = "", "", "", PoolNone // fields of their own
	numbers.References, numbers.Tolerance = nil, 0
	json.NewEncoder(digest).Encode(struct {
		Preprocess Preprocess
		Output     string
		Pool       int
	}{numbers, pre.Output, int(pre.Pool)}) // neither a hash nor these types fail
	if precision != Float32 {
		io.WriteString(digest, precision.String())
	}
	return hex.EncodeToString(digest.Sum(nil))
}

// embeddingShape reads an output as tokens: n x dim; n x tokens x dim; or a
// feature map with a token for each place.
func embeddingShape(p *network.Program, pool Pool) (tokens, dim int, err error) {
	shape := p.Output
	switch {
	case len(shape) == 2:
		tokens, dim = 1, shape[1]
	case len(shape) == 3:
		tokens, dim = shape[1], shape[2]
	case len(shape) == 4 && p.Layout == network.ChannelsLast:
		tokens, dim = shape[1]*shape[2], shape[3]
	case len(shape) == 4 && (p.Layout == network.ChannelsFirst || shape[2]*shape[3] == 1):
		tokens, dim = shape[2]*shape[3], shape[1]
	case len(shape) == 4:
		return 0, 0, fmt.Errorf("%w: output of shape %v as an embedding: which dimension is the channels is not clear; choose another by Options.Output", cxr.ErrUnsupported, shape)
	}
	if tokens < 1 || dim < 1 || shape[0] != 1 {
		return 0, 0, fmt.Errorf("%w: output of shape %v as an embedding", cxr.ErrUnsupported, shape)
	}
	if !p.Type.Floating() {
		return 0, 0, fmt.Errorf("%w: output of %v as an embedding", cxr.ErrUnsupported, p.Type)
	}
	if pool != PoolNone {
		tokens = 1
	}
	return tokens, dim, nil
}

// Space implements [embed.Embedder]. Its digest is of the weights, the
// preprocessing, the output and how it is pooled.
func (e *Embedder) Space() cxr.Space { return e.space }

// Preprocess is what a film becomes before the network, with all that the model
// decides filled in.
func (e *Embedder) Preprocess() Preprocess {
	return e.pre.clone()
}

// String is what the embeddings are.
func (e *Embedder) String() string { return e.space.String() }

// Embed implements [embed.Embedder]. Films of any size are brought to what the
// network looks at.
func (e *Embedder) Embed(ctx context.Context, images ...*cxr.Image) ([]*cxr.Embedding, error) {
	return embed.Each(ctx, e.space, images, func(ctx context.Context, m *cxr.Image) ([]float32, error) {
		return e.values(ctx, m, &e.pre, e.pool)
	})
}

// values are the embedding of a film after any preprocessing to the network's size.
func (e *Embedder) values(ctx context.Context, m *cxr.Image, p *Preprocess, pool Pool) (values []float32, err error) {
	err = e.run(ctx, func(dst []float32) error { return p.fill(dst, m) }, func(src []float32) { values = e.tokens(src, pool) })
	return values, err
}
