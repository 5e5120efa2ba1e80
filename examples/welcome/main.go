package main

import (
	"bytes"
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
	node, err := zre.Start(ctx, zre.Config{Name: "host"}) // it closes when ctx ends
	if err != nil {
		log.Fatal(err)
	}
	if err := node.Join("test"); err != nil {
		log.Fatal(err)
	}
	for ev := range node.Events() {
		switch ev.Type {
		case zre.EventJoin:
			if err := node.Whisper(ctx, ev.Peer, []byte("welcome to "+ev.Group)); err != nil {
				log.Print(err)
			}
		case zre.EventShout:
			fmt.Printf("%s: %s\n", ev.Name, bytes.Join(ev.Content, nil))
		}
	}
	if err := node.Close(); err != nil { // who did not get everything?
		log.Fatal(err)
	}
}
