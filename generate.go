//go:build generate

// Package zre is the top of the module. It holds nothing but the orders to
// generate: the codecs and grammars from the specs, and the codecs that the
// tests of the generator use.
package zre

//go:generate go run ./gen/zregen -strict -out internal/codec specs/zre_msg.xml specs/zgossip_msg.xml specs/zre_beacon.yaml
//go:generate go run ./gen/zregen -strict -no-abnf -out gen/testdata/codec gen/testdata/everything.xml gen/testdata/pubsub.xml gen/testdata/clash.yaml
