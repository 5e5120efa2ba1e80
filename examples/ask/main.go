package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/gozre/zre/zre"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: ask GROUP TEXT, or ask -serve GROUP")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, first, second string) error {
	if first == "-serve" {
		node, err := zre.Start(ctx, zre.Config{Groups: []string{second}})
		if err != nil {
			return err
		}
		serve(ctx, node, strings.ToUpper)
		return node.Close()
	}
	node, err := zre.Start(ctx, zre.Config{})
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answer, err := ask(asking, node, first, second)
	if err == nil {
		fmt.Printf("%q\n", answer)
	}
	return errors.Join(err, node.Close())
}
