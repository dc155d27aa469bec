package vertex

import (
	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that ours rests on
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// A rawCodec leaves replies as they come: a PredictResponse keeps its bytes as
// fields that it does not know. Decoded, each number would be an allocation or
// two, 58,000 for one ELIXR embedding.
type rawCodec struct{ encoding.CodecV2 }

func newRawCodec() rawCodec { return rawCodec{encoding.GetCodecV2("proto")} }

func (c rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	if r, ok := v.(*aiplatformpb.PredictResponse); ok {
		proto.Reset(r)
		r.ProtoReflect().SetUnknown(data.Materialize())
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}

// wire is the bytes of a reply, also of one that a caller's own client decoded.
func wire(r *aiplatformpb.PredictResponse) ([]byte, error) {
	if raw := r.ProtoReflect().GetUnknown(); len(r.GetPredictions()) == 0 {
		return raw, nil
	}
	return proto.Marshal(r)
}
