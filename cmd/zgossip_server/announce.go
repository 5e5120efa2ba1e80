package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/gozre/zre/zgossip"
	"github.com/gozre/zre/zre/keys"
)

// announce is the first line of the log: how the server listens, whom it trusts, and what it
// will not do.
func announce(log *slog.Logger, server *zgossip.Server, cfg zgossip.ServerConfig, o *options) {
	log.Info("gossip server is up", "listens", server.Endpoints(), "connects", slices.Clip(cfg.Connect),
		"trusts", trusts(cfg), "will_not", willNot(cfg, o))
}

// phrases are an array in the JSON log, and one text with semicolons in the other one.
type phrases []string

func (p phrases) MarshalText() ([]byte, error) { return []byte(strings.Join(p, "; ")), nil }
func (p phrases) MarshalJSON() ([]byte, error) { return json.Marshal([]string(p)) }

// trusts says who may connect.
func trusts(cfg zgossip.ServerConfig) string {
	switch n := len(cfg.TrustedKeys); {
	case cfg.SecretKey == "":
		return "everybody who reaches it; there is no --key, so all is in plain text"
	case slices.Contains(cfg.TrustedKeys, keys.Any):
		return "everybody who has a key, over CURVE"
	case n == 0:
		return "clients with its own key, over CURVE"
	case n == 1:
		return "1 key, over CURVE"
	default:
		return fmt.Sprintf("%d keys, over CURVE", n)
	}
}

// willNot says what the server refuses, and what was not asked for.
func willNot(cfg zgossip.ServerConfig, o *options) phrases {
	list := phrases{
		"pass on messages between nodes",
		fmt.Sprintf("serve more than %d clients", cfg.MaxClients),
		fmt.Sprintf("keep more than %d tuples, or %d of one client", cfg.MaxTuples, cfg.MaxTuplesPerClient),
		fmt.Sprintf("read messages above %s", o.message.String()),
	}
	if cfg.SecretKey == "" {
		list = append(list, "encrypt or authenticate")
	} else {
		list = append(list, "serve clients without a trusted key")
	}
	if o.metrics == "" {
		list = append(list, "serve metrics")
	}
	return list
}
