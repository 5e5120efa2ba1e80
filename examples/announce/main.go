package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/gozre/zre/zre"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: announce GROUP TEXT")
	}
	if err := announce(context.Background(), os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func announce(ctx context.Context, group, text string) error {
	node, err := zre.Start(ctx, zre.Config{Name: "announcer", DiscardEvents: true})
	if err != nil {
		return err
	}
	settling, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	missing := node.Settle(settling) // who is there, and cannot be reached?
	if len(node.PeersByGroup(group)) == 0 {
		return errors.Join(missing, fmt.Errorf("nobody is in %s", group), node.Close())
	}
	err = node.Shout(ctx, group, []byte(text))
	return errors.Join(missing, err, node.Close()) // Close waits for the acknowledgements
}
