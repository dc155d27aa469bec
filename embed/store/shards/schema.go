package shards

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/cxrkit/cxrkit/cxr"
)

// version of the schema, in its metadata.
const version = "1"

// An about is what all vectors of a folder have in common.
type about struct {
	cxr.Space
	Float16 bool
}

// match reports in what another folder or file differs.
func (a about) match(other about) error {
	if err := a.Space.Match(other.Space); err != nil {
		return err
	}
	if a.Float16 != other.Float16 {
		return fmt.Errorf("%w: values of float%d, want float%d", cxr.ErrMismatch, 8*other.width()/other.size(), 8*a.width()/a.size())
	}
	return nil
}

// size is how many values a vector has.
func (a about) size() int { return a.Tokens * a.Dim }

// width is the bytes of a vector in a shard.
func (a about) width() int {
	if a.Float16 {
		return 2 * a.size()
	}
	return 4 * a.size()
}

// Columns of a shard, in order.
const (
	columnID = iota
	columnContent
	columnModel
	columnRecipe
	columnEmbedding
)

// constant is the type of a column that has one value.
var constant = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}

// schema is that of a shard.
func (a about) schema() *arrow.Schema {
	var element arrow.DataType = arrow.PrimitiveTypes.Float32
	if a.Float16 {
		element = arrow.FixedWidthTypes.Float16
	}
	md := arrow.NewMetadata(
		[]string{"cxrkit", "model", "digest", "recipe", "tokens", "dim"},
		[]string{version, a.Model, a.Digest, a.Recipe, strconv.Itoa(a.Tokens), strconv.Itoa(a.Dim)})
	return arrow.NewSchema([]arrow.Field{
		columnID:        {Name: "id", Type: arrow.BinaryTypes.String},
		columnContent:   {Name: "content", Type: &arrow.FixedSizeBinaryType{ByteWidth: contentBytes}},
		columnModel:     {Name: "model", Type: constant},
		columnRecipe:    {Name: "recipe", Type: constant},
		columnEmbedding: {Name: "embedding", Type: arrow.FixedSizeListOfNonNullable(int32(a.size()), element)},
	}, &md)
}
