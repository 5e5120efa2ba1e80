package zre_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/keys"
)

// onThisHost keeps an example away from the real network: it has a beacon port of its own,
// on the loopback interface. Your program leaves Discovery as it is.
func onThisHost(beaconPort int) zre.Discovery {
	interfaces, err := net.Interfaces()
	if err != nil {
		log.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 {
			return zre.Discovery{Interfaces: []string{i.Name}, BeaconPort: beaconPort}
		}
	}
	log.Fatal("this host has no loopback interface")
	return zre.Discovery{}
}

// examplePort returns a port for the beacons of one example.
func examplePort() int { return 45000 + rand.IntN(10000) }

// start starts a node, or ends the program.
func start(ctx context.Context, cfg zre.Config) *zre.Node {
	cfg.Transport = os.Getenv("ZRE_TRANSPORT")                  // The tests run with each transport,
	cfg.Limits.Ports = zre.PortRange{First: 20000, Last: 30000} // and on hosts with many nodes.
	node, err := zre.Start(ctx, cfg)
	if err != nil {
		log.Fatal(err)
	}
	return node
}

// next returns the next event of a type.
func next(ctx context.Context, node *zre.Node, want zre.EventType) zre.Event {
	for {
		ev, err := node.Next(ctx)
		if err != nil {
			log.Fatalf("%s waits for %s: %v", node.Name(), want, err)
		}
		if ev.Type == want {
			return ev
		}
	}
}

// Two nodes in one group. What one of them shouts, all others in the group get.
func Example_chat() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	here := onThisHost(examplePort())

	alice := start(ctx, zre.Config{Name: "alice", Discovery: here})
	defer alice.Close()
	bob := start(ctx, zre.Config{Name: "bob", Discovery: here})
	defer bob.Close()
	for _, node := range []*zre.Node{alice, bob} {
		if err := node.Join("chat"); err != nil {
			log.Fatal(err)
		}
	}

	// A message goes to the members that are in the group now, so alice waits for bob.
	joined := next(ctx, alice, zre.EventJoin)
	fmt.Println(joined.Name, "joined", joined.Group)
	if err := alice.Shout(ctx, "chat", []byte("hello, everybody")); err != nil {
		log.Fatal(err)
	}
	// Close waits until everybody has acknowledged it, while bob takes his events.
	left := make(chan error)
	go func() { left <- alice.Close() }()

	for ev := range bob.Events() {
		switch ev.Type {
		case zre.EventShout:
			fmt.Printf("%s says in %s: %s\n", ev.Name, ev.Group, ev.Content[0])
		case zre.EventExit:
			fmt.Println(ev.Name, "left:", ev.Reason)
			fmt.Println("not acknowledged:", <-left)
			return
		}
	}
	// Output:
	// bob joined chat
	// alice says in chat: hello, everybody
	// alice left: goodbye
	// not acknowledged: <nil>
}

// One node asks, another one answers. A message has any number of frames: here the first
// one is the number of the request, which the answer repeats.
func Example_requestAndAnswer() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	here := onThisHost(examplePort())

	// The server answers in the loop that takes its events.
	server := start(ctx, zre.Config{Name: "server", Discovery: here, Headers: map[string]string{"service": "double"}})
	served := make(chan struct{})
	go func() {
		defer close(served)
		for ev := range server.Events() {
			if ev.Type != zre.EventWhisper || len(ev.Content) != 2 {
				continue
			}
			text := ev.Content[1]
			if err := server.Whisper(ctx, ev.Peer, ev.Content[0], append(text, text...)); err != nil {
				log.Print(err) // The client is gone.
			}
		}
	}()
	defer func() { server.Close(); <-served }()

	// The client knows the server by a header.
	client := start(ctx, zre.Config{Name: "client", Discovery: here})
	defer client.Close()
	enter := next(ctx, client, zre.EventEnter)
	if enter.Headers["service"] != "double" {
		log.Fatalf("%s has the headers %v", enter.Name, enter.Headers)
	}
	for number, text := range []string{"tom", "cha"} {
		if err := client.Whisper(ctx, enter.Peer, fmt.Append(nil, number), []byte(text)); err != nil {
			log.Fatal(err)
		}
	}
	for range 2 {
		answer := next(ctx, client, zre.EventWhisper)
		fmt.Printf("answer %s of %s: %s\n", answer.Content[0], answer.Name, answer.Content[1])
	}
	// Output:
	// answer 0 of server: tomtom
	// answer 1 of server: chacha
}

// Whisper needs the UUID of the peer, because a name need not be unique. Peers and ENTER
// events have both.
func ExampleNode_Whisper_byName() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	here := onThisHost(examplePort())

	alice := start(ctx, zre.Config{Name: "alice", Discovery: here})
	defer alice.Close()
	bob := start(ctx, zre.Config{Name: "bob", Discovery: here})
	defer bob.Close()

	// find returns the peer with a name, and waits until it is there.
	find := func(name string) (uuid.UUID, error) {
		for _, p := range alice.Peers() {
			if p.Name == name {
				return p.ID, nil
			}
		}
		for {
			ev, err := alice.Next(ctx)
			if err != nil {
				return uuid.Nil, fmt.Errorf("%s is not there: %w", name, err)
			}
			if ev.Type == zre.EventEnter && ev.Name == name {
				return ev.Peer, nil
			}
		}
	}
	peer, err := find("bob")
	if err != nil {
		log.Fatal(err)
	}
	if err := alice.Whisper(ctx, peer, []byte("for you alone")); err != nil {
		log.Fatal(err)
	}
	ev := next(ctx, bob, zre.EventWhisper)
	fmt.Printf("%s whispers: %s\n", ev.Name, ev.Content[0])
	// Flush returns when bob's application has taken it.
	fmt.Println(alice.Flush(ctx))
	// Output:
	// alice whispers: for you alone
	// <nil>
}

// Nodes with keys of their own. Each trusts the public keys that it is given; a node with
// another key, or with none, is left out.
func Example_secureNodes() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	here := onThisHost(examplePort())

	// Certificate.Save and keys.Load keep keys in files.
	var certificates [3]keys.Certificate
	for i := range certificates {
		var err error
		if certificates[i], err = keys.New(); err != nil {
			log.Fatal(err)
		}
	}
	trusted := []string{certificates[0].PublicKey, certificates[1].PublicKey}
	node := func(name string, c keys.Certificate) *zre.Node {
		return start(ctx, zre.Config{
			Name: name, Discovery: here,
			Security: zre.Security{SecretKey: c.SecretKey, TrustedKeys: trusted},
		})
	}
	mallory := node("mallory", certificates[2]) // No node trusts this key.
	defer mallory.Close()
	alice := node("alice", certificates[0])
	defer alice.Close()
	bob := node("bob", certificates[1])
	defer bob.Close()

	enter := next(ctx, bob, zre.EventEnter)
	if err := bob.Whisper(ctx, enter.Peer, []byte("over CURVE")); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n", enter.Name, next(ctx, alice, zre.EventWhisper).Content[0])
	peer, there := bob.Peer(enter.Peer)
	fmt.Println(there, peer.PublicKey == alice.PublicKey())
	fmt.Println(len(mallory.Peers()), "peers of mallory")
	// Output:
	// alice: over CURVE
	// true true
	// 0 peers of mallory
}

// A program that sends and leaves waits until it is known who is there, and says who has not
// got the message.
func ExampleNode_Settle() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	port := examplePort()
	bob := start(ctx, zre.Config{Name: "bob", Groups: []string{"time"}, Discovery: onThisHost(port)})

	node := start(ctx, zre.Config{Discovery: onThisHost(port), DiscardEvents: true})
	if err := node.Settle(ctx); err != nil {
		log.Print(err) // It names who is there and cannot be reached.
	}
	if err := node.Shout(ctx, "time", []byte("test!")); err != nil {
		log.Print(err)
	}
	ev := next(ctx, bob, zre.EventShout)
	if err := node.Close(); err != nil {
		log.Print(err) // It names who has not acknowledged everything.
	}
	fmt.Printf("%s: %s\n", ev.Group, ev.Content[0])
	if err := bob.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: time: test!
}
