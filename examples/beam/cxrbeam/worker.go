package cxrbeam

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/apache/beam/sdks/v2/go/container/tools"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness/init" // whose flags these are
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
)

// Work is a worker process of a job, as runners start one with
// --environment_type=PROCESS: they hand the program an id and the address to ask
// for all else. It does not return unless it fails.
func Work(id, provision string) error {
	id = strings.Trim(id, "'") // Prism quotes it for a shell that there is not
	ctx := grpcx.WriteWorkerID(context.Background(), id)
	info, err := tools.ProvisionInfo(ctx, provision)
	if err != nil {
		return fmt.Errorf("the runner does not say what to do: %w", err)
	}
	options, err := tools.ProtoToJSON(info.GetPipelineOptions())
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"worker": "true", "id": id, "options": options,
		"logging_endpoint": info.GetLoggingEndpoint().GetUrl(), "control_endpoint": info.GetControlEndpoint().GetUrl(),
	} {
		if err := flag.Set(name, value); err != nil {
			return err
		}
	}
	beam.Init()
	return fmt.Errorf("worker %s: the harness did not start", id)
}
