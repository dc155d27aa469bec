package vertex

import (
	"context"
	"errors"

	aiplatform "cloud.google.com/go/aiplatform/apiv1"
	"cloud.google.com/go/aiplatform/apiv1/aiplatformpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// A caller is what of a PredictionClient is used.
type caller interface {
	Predict(context.Context, *aiplatformpb.PredictRequest, ...gax.CallOption) (*aiplatformpb.PredictResponse, error)
}

// connect makes a client of one host.
func connect(ctx context.Context, o Options, host string, more ...option.ClientOption) (*aiplatform.PredictionClient, error) {
	options := []option.ClientOption{option.WithEndpoint(host), option.WithGRPCDialOption(grpc.WithDefaultCallOptions(grpc.ForceCodecV2(newRawCodec())))}
	switch {
	case o.Insecure:
		options = append(options, option.WithoutAuthentication(), option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	case o.TokenSource != nil:
		options = append(options, option.WithTokenSource(o.TokenSource))
	}
	if o.QuotaProject != "" && !o.Insecure {
		options = append(options, option.WithQuotaProject(o.QuotaProject))
	}
	api, err := aiplatform.NewPredictionClient(ctx, append(options, more...)...)
	if err != nil {
		// The cause may hold a path or a key's content.
		return nil, errors.New("vertex: no connection: credentials not found or not valid; run \"gcloud auth application-default login\" or give a TokenSource")
	}
	return api, nil
}
