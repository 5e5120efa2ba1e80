//go:build generate

// Package zre is the top of the module. It holds nothing but the order to
// generate: the codecs and the grammars are written from the specs.
package zre

//go:generate go run ./gen -out internal/codec specs/zre_msg.xml specs/zgossip_msg.xml specs/zre_beacon.yaml
