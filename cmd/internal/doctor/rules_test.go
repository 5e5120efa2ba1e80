package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gozre/zre/zre"
)

var (
	beacons = packet{"udp", 5670, 5670}
	nodes   = packet{"tcp", 41000, 41100}
)

// ufwRules is what iptables -S prints of a host with ufw, in short.
const ufwRules = `-P INPUT DROP
-P FORWARD DROP
-P OUTPUT ACCEPT
-N ufw-before-input
-N ufw-user-input
-A INPUT -j ufw-before-input
-A INPUT -j ufw-user-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -p icmp -j ACCEPT
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
`

func TestIptables(t *testing.T) {
	for name, c := range map[string]struct {
		rules          string
		beacons, nodes string // the beginning of the verdict
	}{
		"none":           {"-P INPUT ACCEPT\n", "let in by the policy", "let in by the policy"},
		"policy":         {"-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n", "dropped by the policy of INPUT", "dropped by the policy of INPUT"},
		"ufw":            {ufwRules, "dropped by the policy", "dropped by the policy"},
		"ufw, beacons":   {ufwRules + "-A ufw-user-input -p udp -m udp --dport 5670 -j ACCEPT\n", "let in by -A ufw-user-input", "dropped by the policy"},
		"ufw, both":      {ufwRules + "-A ufw-user-input -p udp --dport 5670 -j ACCEPT\n-A ufw-user-input -p tcp -m multiport --dports 22,41000:41100 -j ACCEPT\n", "let in by -A", "let in by -A"},
		"one rule":       {"-P INPUT ACCEPT\n-A INPUT -p udp -m udp --dport 5670 -j REJECT --reject-with icmp-port-unreachable\n", "dropped by -A INPUT -p udp", "let in"},
		"some ports":     {"-P INPUT ACCEPT\n-A INPUT -p tcp --dport 41050 -j DROP\n", "let in", "let in"},
		"from somewhere": {"-P INPUT DROP\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n", "dropped for some senders", "dropped for some senders"},
		"not from there": {"-P INPUT ACCEPT\n-A INPUT ! -s 10.0.0.0/8 -j DROP\n", "let in", "let in"},
		"only logged":    {"-P INPUT ACCEPT\n-A INPUT -j LOG --log-prefix x\n", "let in", "let in"},
		"return":         {"-P INPUT DROP\n-N a\n-A INPUT -j a\n-A INPUT -j ACCEPT\n-A a -p udp -j RETURN\n-A a -j DROP\n", "let in", "dropped by -A a"},
		"in a circle":    {"-P INPUT ACCEPT\n-N a\n-A INPUT -j a\n-A a -j a\n", "let in", "let in"},
	} {
		rules, err := readIptables(c.rules)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for p, want := range map[packet]string{beacons: c.beacons, nodes: c.nodes} {
			if got := rules.verdict(p).String(); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %v: %q, want %q", name, p, got, want)
			}
		}
	}
	if _, err := readIptables("nonsense"); err == nil {
		t.Error("nonsense is read")
	}
}

// nftRuleset makes what nft -j prints of one chain with these rules.
func nftRuleset(policy string, rules ...string) string {
	text := `{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "filter", "handle": 1}},
		{"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "` + policy + `"}},
		{"chain": {"family": "inet", "table": "filter", "name": "allowed", "handle": 2}}`
	for _, r := range rules {
		chain, expr, _ := strings.Cut(r, " ")
		text += `, {"rule": {"family": "inet", "table": "filter", "chain": "` + chain + `", "handle": 3, "expr": [` + expr + `]}}`
	}
	return text + "]}"
}

func TestNft(t *testing.T) {
	const (
		lo          = `input {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, {"accept": null}`
		established = `input {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}`
		udp         = `input {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 5670}}, {"counter": {"packets": 0, "bytes": 0}}, `
		tcp         = `allowed {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, {"range": [41000, 41100]}]}}}, {"accept": null}`
		jump        = `input {"jump": {"target": "allowed"}}`
		from        = `input {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "10.0.0.1"}}, {"accept": null}`
	)
	for name, c := range map[string]struct {
		text           string
		beacons, nodes string
	}{
		"none":           {`{"nftables": []}`, "let in", "let in"},
		"policy":         {nftRuleset("drop", lo, established), "dropped by the policy of inet filter input", "dropped by the policy"},
		"one rule":       {nftRuleset("accept", lo, udp+`{"drop": null}`), "dropped by a rule in inet filter input", "let in"},
		"rejected":       {nftRuleset("accept", udp+`{"reject": {"type": "icmpx"}}`), "dropped by a rule", "let in"},
		"both allowed":   {nftRuleset("drop", lo, udp+`{"accept": null}`, jump, tcp), "let in by a rule", "let in by a rule"},
		"from somewhere": {nftRuleset("drop", from), "dropped for some senders", "dropped for some senders"},
	} {
		rules, err := readNft(c.text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for p, want := range map[packet]string{beacons: c.beacons, nodes: c.nodes} {
			if got := rules.verdict(p).String(); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %v: %q, want %q", name, p, got, want)
			}
		}
	}
	if _, err := readNft("table inet filter"); err == nil {
		t.Error("text that is not JSON is read")
	}
}

// The advice is in the words of the front that the host has.
func TestFirewallAdvice(t *testing.T) {
	var cfg Config
	cfg.Node.Discovery.BeaconPort, cfg.Node.Limits.Ports = 5670, zre.PortRange{First: 41000, Last: 41100}
	for front, want := range map[string][2]string{
		"ufw":          {"ufw allow 41000:41100/tcp", "ufw allow 5670/udp"},
		"firewall-cmd": {"firewall-cmd --add-port=41000-41100/tcp", "firewall-cmd --add-port=5670/udp"},
		"none":         {"iptables -I INPUT -p tcp --dport 41000:41100", "iptables -I INPUT -p udp --dport 5670"},
	} {
		var r Report
		r.firewall(t.Context(), cfg, func(_ context.Context, name string, _ ...string) (string, error) {
			switch {
			case name == "iptables":
				return ufwRules, nil
			case name == front && front == "ufw":
				return "Status: active\n", nil
			case name == front:
				return "running\n", nil
			}
			return "", errors.New("not found")
		})
		if len(r.Findings) != 2 || r.Findings[0].ID != "firewall-tcp" || r.Findings[1].ID != "firewall-udp" {
			t.Fatalf("%s: %+v", front, r.Findings)
		}
		for i, f := range r.Findings {
			if !strings.HasPrefix(f.Type, want[i]) || !strings.Contains(f.What, "the policy of INPUT") {
				t.Errorf("%s: %+v", front, f)
			}
		}
	}
	var r Report
	r.firewall(t.Context(), cfg, func(context.Context, string, ...string) (string, error) { return "", errors.New("not permitted") })
	if len(r.Findings) != 0 || !strings.Contains(r.Facts[len(r.Facts)-1].What, "not known") {
		t.Errorf("of rules that cannot be read: %+v, %+v", r.Findings, r.Facts)
	}
}
