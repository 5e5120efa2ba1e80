package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := error(nil)
	if len(os.Args) == 1 {
		err = work(ctx, zre.Config{}, bytes.ToUpper)
	} else {
		var results []string
		results, err = handIn(ctx, os.Args[1:])
		for _, r := range results {
			fmt.Printf("%q\n", r)
		}
	}
	if err != nil {
		log.Fatal(err)
	}
}

// handIn hands in jobs, waits for all results, and returns them in the order of the jobs.
func handIn(ctx context.Context, texts []string) ([]string, error) {
	node, err := zre.Start(ctx, zre.Config{
		Groups: []string{group}, Headers: map[string]string{"role": "client"},
	})
	if err != nil {
		return nil, err
	}
	defer node.Close()
	missing := node.Settle(ctx)
	if len(node.PeersByGroup(group)) == 0 {
		return nil, errors.Join(missing, errors.New("no worker is there"))
	}
	number := make(map[string]int)
	for i, text := range texts {
		id := uuid.NewString()
		number[id] = i
		if err := node.Shout(ctx, group, []byte(submit), []byte(id), []byte(text)); err != nil {
			return nil, err
		}
	}
	results := make([]string, len(texts))
	for len(number) > 0 {
		ev, err := node.Next(ctx)
		if err != nil {
			return nil, fmt.Errorf("%d jobs are not done: %w", len(number), err)
		}
		if ev.Type != zre.EventShout || len(ev.Content) != 3 || string(ev.Content[0]) != done {
			continue
		}
		if i, ours := number[string(ev.Content[1])]; ours {
			results[i] = string(ev.Content[2])
			delete(number, string(ev.Content[1]))
		}
	}
	return results, nil
}
