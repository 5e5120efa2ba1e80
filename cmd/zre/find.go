package main

import (
	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/peername"
	"github.com/gozre/zre/zre"
)

// errNoSuchPeer says that no peer matches what was typed. It may still come.
var errNoSuchPeer = peername.ErrNoPeer

// find returns the peer that the user means.
func find(peers []zre.Peer, who string) (zre.Peer, error) {
	return peername.Find(peers, who, "/peers lists those there are")
}

func hexDigits(id uuid.UUID) string { return peername.Digits(id) }
