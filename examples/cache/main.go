package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/gozre/zre/zre"
)

func main() {
	cfg := zre.Config{}
	if len(os.Args) > 1 {
		cfg.Name = os.Args[1]
	}
	ctx := context.Background()
	t, err := newTable(ctx, cfg, func(e entry) { fmt.Printf("%q = %q\n", e.Key, e.Value) })
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t.run(ctx)
	}()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), " ")
		if err := t.set(ctx, key, value); err != nil {
			log.Print(err) // It names who does not get it.
		}
	}
	err = t.node.Close()
	<-ended
	if err != nil {
		log.Fatal(err)
	}
}
