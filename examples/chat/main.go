package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/gozre/zre/zre"
)

const group = "chat"

func main() {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	if err := chat(context.Background(), name, os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func chat(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	node, err := zre.Start(ctx, zre.Config{Name: name, Groups: []string{group}})
	if err != nil {
		return err
	}
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for ev := range node.Events() { // until the node is closed
			show(out, ev)
		}
	}()
	if err := node.Settle(ctx); err != nil { // so that the first line reaches everybody
		fmt.Fprintln(out, err)
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := node.Shout(ctx, group, lines.Bytes()); err != nil {
			fmt.Fprintln(out, err) // It names who does not get it.
		}
	}
	err = node.Close() // It waits until everybody has everything.
	<-printed
	return err
}

// show prints an event. Names and messages come from the network: %q makes them harmless.
func show(out io.Writer, ev zre.Event) {
	switch ev.Type {
	case zre.EventJoin, zre.EventLeave:
		fmt.Fprintf(out, "%q: %v %q\n", ev.Name, ev.Type, ev.Group)
	case zre.EventExit:
		fmt.Fprintf(out, "%q is gone: %v\n", ev.Name, ev.Reason)
	case zre.EventShout:
		fmt.Fprintf(out, "%q: %q\n", ev.Name, ev.Content)
	}
}
