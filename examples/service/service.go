package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/gozre/zre/zre"
)

// maxBody is the size of the largest message, in octets.
const maxBody = 1 << 20

// service answers for a node.
type service struct {
	node *zre.Node
	log  *slog.Logger
}

// handler returns the paths of the service.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /peers", s.peers)
	mux.HandleFunc("POST /groups/{group}", s.shout)
	mux.HandleFunc("GET /healthz", s.health)
	return mux
}

// watch logs who comes and goes, until the node is closed. A node whose events are not taken
// lets its senders wait: take them, or set Config.DiscardEvents.
func (s *service) watch() {
	for ev := range s.node.Events() {
		switch ev.Type {
		case zre.EventEnter:
			s.log.Info("peer is there", "peer", ev.Peer, "name", ev.Name)
		case zre.EventExit:
			s.log.Info("peer is gone", "peer", ev.Peer, "name", ev.Name, "reason", ev.Reason)
		}
	}
}

func (s *service) peers(w http.ResponseWriter, _ *http.Request) {
	type peer struct{ ID, Name string }
	all := []peer{}
	for _, p := range s.node.Peers() {
		all = append(all, peer{p.ID.String(), p.Name})
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(all); err != nil {
		s.log.Debug("answer not sent", "error", err)
	}
}

func (s *service) shout(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	// The request's context bounds the time that slow members may take.
	err = s.node.Shout(r.Context(), r.PathValue("group"), text)
	if err == nil {
		err = s.node.Flush(r.Context()) // everybody has it
	}
	if missed, ok := errors.AsType[*zre.DeliveryError](err); ok {
		http.Error(w, fmt.Sprintf("%d members did not get it", len(missed.Missed)), http.StatusBadGateway)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *service) health(w http.ResponseWriter, _ *http.Request) {
	select {
	case <-s.node.Done():
		http.Error(w, "the node is closed", http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusOK)
	}
}
