package cli

import (
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/metrics"
	"github.com/gozre/zre/zre"
)

// MetricsFlag adds --metrics.
func MetricsFlag(fs *pflag.FlagSet, address *string) {
	fs.StringVar(address, "metrics", "", "serve /metrics (Prometheus) and /healthz at this `IP:PORT`")
}

// serveMetrics serves the counters of a node until it is closed.
func (f *NodeFlags) serveMetrics(env *Env, node *zre.Node) error {
	if f.metrics == "" {
		return nil
	}
	healthy := func() error {
		select {
		case <-node.Done():
			return zre.ErrClosed
		default:
			return nil
		}
	}
	stop, err := metrics.Serve(f.metrics, metrics.Node(node.Stats), healthy, env.Log)
	if err != nil {
		return env.Refuse("metrics", f.metrics, err.Error())
	}
	go func() {
		<-node.Done()
		if err := stop(); err != nil {
			env.Log.Warn("metrics were not served until the end", "error", err)
		}
	}()
	return nil
}
