package vertex

import (
	"errors"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/cxrkit/cxrkit/cxr"
)

func TestScaleOfAnswers(t *testing.T) {
	prediction := func(pairs map[string]any) []byte {
		v, err := structpb.NewStruct(pairs)
		if err != nil {
			t.Fatal(err)
		}
		b, err := proto.Marshal(structpb.NewStructValue(v))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var k scaleKeeper
	if err := k.read(prediction(map[string]any{"embedding": 1, "model_temperature": 4})); err != nil || k.known {
		t.Errorf("half a scale: %v, error %v", k.value, err)
	}
	for _, bad := range []any{"4", nil, math.NaN(), math.Inf(1), []any{4.0}} {
		if err := k.read(prediction(map[string]any{"model_temperature": bad, "model_bias": -12})); !errors.Is(err, cxr.ErrEmbedding) || k.known {
			t.Errorf("temperature %v: error %v", bad, err)
		}
	}
	first := prediction(map[string]any{"model_temperature": 4.5, "model_bias": -12})
	for range 2 {
		if err := k.read(first); err != nil || k.value != (Scale{4.5, -12}) {
			t.Errorf("%v, error %v", k.value, err)
		}
	}
	if err := k.read(prediction(map[string]any{"model_temperature": 4.75, "model_bias": -12})); err != errOtherScale {
		t.Errorf("another model: error %v", err)
	}
}
