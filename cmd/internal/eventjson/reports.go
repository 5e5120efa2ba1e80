package eventjson

import (
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// The objects that are about this node, this host or this program. The order of the fields is
// the order in the line.
type (
	// Start is the first object of the shell: its node.
	Start struct {
		Event    string            `json:"event"`
		UUID     uuid.UUID         `json:"uuid"`
		Name     string            `json:"name"`
		Endpoint string            `json:"endpoint"`
		Headers  map[string]string `json:"headers,omitempty"`
	}

	// Problem is what keeps a node from others.
	Problem struct {
		Kind   string     `json:"kind"`
		Where  string     `json:"where"`
		Peer   *uuid.UUID `json:"peer,omitempty"`
		Cause  string     `json:"cause"`
		Advice string     `json:"advice"`
		Since  string     `json:"since"`
	}

	// Problems is all that keeps a node from others.
	Problems struct {
		Event    string    `json:"event"`
		Time     string    `json:"time"`
		Problems []Problem `json:"problems"`
	}

	// Map is where the page of zre map is.
	Map struct {
		Event string `json:"event"`
		Time  string `json:"time"`
		URL   string `json:"url"`
	}

	// Finding is something that is wrong, in the report of the doctor.
	Finding struct {
		ID    string `json:"id"`
		What  string `json:"what"`
		Means string `json:"means"`
		Type  string `json:"type"`
	}

	// Fact is something that is so, in the report of the doctor.
	Fact struct {
		About string `json:"about"`
		What  string `json:"what"`
	}

	// Doctor is the report of the doctor.
	Doctor struct {
		Event    string    `json:"event"`
		Time     string    `json:"time"`
		Version  string    `json:"version"`
		OK       bool      `json:"ok"`
		Findings []Finding `json:"findings"`
		Facts    []Fact    `json:"facts"`
	}

	// Key is a new key.
	Key struct {
		Event     string `json:"event"`
		Time      string `json:"time"`
		PublicKey string `json:"public_key"`
		Public    string `json:"public_file"`
		Secret    string `json:"secret_file"`
	}

	// Version is what a program was built of.
	Version struct {
		Event   string `json:"event"`
		Version string `json:"version"`
		Go      string `json:"go"`
		System  string `json:"system"`
		Commit  string `json:"commit,omitempty"`
		Date    string `json:"date,omitempty"`
	}

	// Tuple is what a gossip server knows of a node.
	Tuple struct {
		Event     string        `json:"event"`
		Time      string        `json:"time"`
		UUID      string        `json:"uuid,omitempty"`
		Key       string        `json:"key,omitempty"` // only where it is no UUID
		Endpoint  string        `json:"endpoint"`
		PublicKey string        `json:"public_key,omitempty"`
		TTL       *Milliseconds `json:"ttl_ms,omitempty"` // none means no end
	}
)

// ProblemsOf is what keeps a node from others, as an object.
func ProblemsOf(problems []zre.Problem, at time.Time) Problems {
	o := Problems{Event: "PROBLEMS", Time: Time(at), Problems: make([]Problem, len(problems))}
	for i, p := range problems {
		o.Problems[i] = Problem{string(p.Kind), p.Where, nil, p.Cause, p.Advice, Time(p.Since)}
		if p.Peer != uuid.Nil {
			o.Problems[i].Peer = &p.Peer
		}
	}
	return o
}
