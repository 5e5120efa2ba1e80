package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/gozre/zre/zre"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	node, err := zre.Start(ctx, zre.Config{Name: "host", Groups: []string{"test"}})
	if err != nil {
		log.Fatal(err)
	}
	for ev := range node.Events() { // until ctx ends, which closes the node
		switch ev.Type {
		case zre.EventJoin:
			if err := node.Whisper(ctx, ev.Peer, []byte("welcome to "+ev.Group)); err != nil {
				log.Print(err)
			}
		case zre.EventShout:
			fmt.Printf("%q says %q\n", ev.Name, ev.Content)
		}
	}
	if err := node.Close(); err != nil { // who did not get everything?
		log.Fatal(err)
	}
}
