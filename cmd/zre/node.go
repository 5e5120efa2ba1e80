package main

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// node is what the shell needs of a *zre.Node.
type node interface {
	ID() uuid.UUID
	Name() string
	Endpoint() string
	Headers() map[string]string
	Join(group string) error
	Leave(group string) error
	Whisper(ctx context.Context, peer uuid.UUID, frames ...[]byte) error
	Shout(ctx context.Context, group string, frames ...[]byte) error
	Flush(ctx context.Context) error
	Ping(ctx context.Context, peer uuid.UUID) (time.Duration, error)
	Peers() []zre.Peer
	PeersByGroup(group string) []zre.Peer
	Groups() []string
	PeerGroups() []string
	Leader(group string) (uuid.UUID, bool)
	Next(ctx context.Context) (zre.Event, error)
	Ack()
	Stats() zre.Stats
	Problems() []zre.Problem
	Close() error
}

var _ node = (*zre.Node)(nil)
