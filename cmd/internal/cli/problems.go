package cli

import (
	"fmt"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// maxProblems bounds the problems that a program lists when it ends without a peer.
const maxProblems = 5

// ProblemLine is a problem in words, safe on a terminal.
func ProblemLine(p zre.Problem) string {
	var about string
	switch p.Kind {
	case zre.ProblemPeer:
		about = "the node at " + p.Where + " announces itself and is not reached"
	case zre.ProblemStatic:
		about = "the configured peer " + p.Where + " is not reached"
	case zre.ProblemRefused:
		about = "the node at " + p.Where + " is left out"
	case zre.ProblemGossip:
		about = "the gossip server " + p.Where + " cannot be used"
	case zre.ProblemBeacon:
		about = "beacons do not work at " + p.Where
	case zre.ProblemInterface:
		about = "a chosen interface (" + p.Where + ") cannot be used"
	default:
		about = "this node finds nobody by itself"
	}
	return visible.String(about + ": " + p.Cause + ". What to do: " + p.Advice)
}

// ProblemLines is what a program says when it ends because nobody came: the first few
// problems of its node. It is nothing if there are none.
func ProblemLines(problems []zre.Problem) (lines []string) {
	for _, p := range problems[:min(len(problems), maxProblems)] {
		lines = append(lines, ProblemLine(p))
	}
	if more := len(problems) - maxProblems; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more; zre doctor lists them", more))
	}
	return lines
}
