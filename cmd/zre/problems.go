package main

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
)

// listProblems says what keeps this node from others.
func (s *shell) listProblems(ctx context.Context, _ []string) error {
	s.settling.wait(ctx)
	problems := s.node.Problems()
	if s.format.json {
		type object struct {
			Kind   string     `json:"kind"`
			Where  string     `json:"where"`
			Peer   *uuid.UUID `json:"peer,omitempty"`
			Cause  string     `json:"cause"`
			Advice string     `json:"advice"`
			Since  string     `json:"since"`
		}
		list := make([]object, len(problems))
		for i, p := range problems {
			list[i] = object{string(p.Kind), p.Where, nil, p.Cause, p.Advice, p.Since.UTC().Format(time.RFC3339)}
			if p.Peer != uuid.Nil {
				list[i].Peer = &p.Peer
			}
		}
		s.print(eventjson.Line(struct {
			Event    string   `json:"event"`
			Problems []object `json:"problems"`
		}{"PROBLEMS", list}))
		return nil
	}
	if len(problems) == 0 {
		s.print("no problem is known; zre doctor looks further")
	}
	for _, p := range problems {
		s.print(cli.ProblemLine(p))
	}
	return nil
}

// explainAbsence says why somebody may not have come, once.
func (s *shell) explainAbsence() {
	s.explained.Do(func() {
		for _, l := range cli.ProblemLines(s.node.Problems()) {
			s.hint("zre: " + l)
		}
	})
}
