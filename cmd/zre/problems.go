package main

import (
	"context"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
)

// listProblems says what keeps this node from others.
func (s *shell) listProblems(ctx context.Context, _ []string) error {
	s.settling.wait(ctx)
	problems := s.node.Problems()
	if s.format.json {
		s.print(eventjson.Line(eventjson.ProblemsOf(problems, time.Now())))
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
