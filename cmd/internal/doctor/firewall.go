package doctor

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/gozre/zre/zre"
)

// tool runs a program that only reads, and returns what it prints.
type tool func(ctx context.Context, name string, args ...string) (string, error)

// toolTime bounds one program.
const toolTime = 5 * time.Second

func runTool(ctx context.Context, name string, args ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, toolTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).Output()
	return string(out), err
}

// packet is what a rule is asked about.
type packet struct {
	protocol    string // "udp" or "tcp"
	first, last int    // ports at this host
}

func (p packet) String() string {
	if p.first == p.last {
		return fmt.Sprintf("%s port %d", strings.ToUpper(p.protocol), p.first)
	}
	return fmt.Sprintf("%s ports %d to %d", strings.ToUpper(p.protocol), p.first, p.last)
}

// firewall reads the rules of this host, and says which one drops what nodes need.
func (r *Report) firewall(ctx context.Context, cfg Config, run tool) {
	ports := cfg.Node.Limits.Ports
	if ports.First == 0 {
		ports = zre.PortRange{First: zre.DefaultFirstPort, Last: zre.DefaultLastPort}
	}
	needed := []packet{{"tcp", ports.First, ports.Last}}
	if !cfg.Node.Discovery.NoBeacon {
		needed = append(needed, packet{"udp", cfg.Node.Discovery.BeaconPort, cfg.Node.Discovery.BeaconPort})
	}
	open := opener(ctx, run)
	read := false
	for _, source := range []struct {
		name string
		args []string
		read func(string) (ruleset, error)
	}{
		{"nft", []string{"-j", "list", "ruleset"}, readNft},
		{"iptables", []string{"-S"}, readIptables},
	} {
		text, err := run(ctx, source.name, source.args...)
		if err != nil {
			r.fact("firewall", "%s: not read: %v", source.name, err)
			continue
		}
		rules, err := source.read(text)
		if err != nil {
			r.fact("firewall", "%s: not understood: %v", source.name, err)
			continue
		}
		read = true
		blocked := false
		for _, p := range needed {
			verdict := rules.verdict(p)
			r.fact("firewall", "%s: %v: %s", source.name, p, verdict)
			if verdict.drops && verdict.sure {
				blocked = true
				r.find(Finding{
					ID: "firewall-" + p.protocol, What: fmt.Sprintf("this host's firewall drops %v: %s", p, verdict.rule),
					Means: meansOf(p), Type: open(p),
				})
			}
		}
		if blocked {
			break // iptables shows the same rules again, where it is a front of nft.
		}
	}
	if !read {
		r.fact("firewall", "the rules of this host are not known: neither nft nor iptables can read them here (they need root)")
	}
}

func meansOf(p packet) string {
	if p.protocol == "udp" {
		return "the beacons of other hosts do not arrive"
	}
	return "other nodes cannot connect to the nodes on this host"
}

// opener returns what says how a packet is let in, by the front that the host has.
func opener(ctx context.Context, run tool) func(packet) string {
	if out, err := run(ctx, "ufw", "status"); err == nil && strings.Contains(out, "Status: active") {
		return func(p packet) string { return "ufw allow " + p.ports(":") + "/" + p.protocol }
	}
	if out, err := run(ctx, "firewall-cmd", "--state"); err == nil && strings.Contains(out, "running") {
		return func(p packet) string {
			spec := p.ports("-") + "/" + p.protocol
			return "firewall-cmd --add-port=" + spec + " && firewall-cmd --permanent --add-port=" + spec
		}
	}
	return func(p packet) string {
		return fmt.Sprintf("iptables -I INPUT -p %s --dport %s -j ACCEPT, or the same in nft; and keep it as the rules of this host are kept",
			p.protocol, p.ports(":"))
	}
}

func (p packet) ports(between string) string {
	if p.first == p.last {
		return fmt.Sprint(p.first)
	}
	return fmt.Sprintf("%d%s%d", p.first, between, p.last)
}
