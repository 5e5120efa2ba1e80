package abnf

import "github.com/gozre/zre/gen/model"

// Emit returns the grammar of a protocol.
func Emit(p *model.Protocol) []byte { return []byte("; " + p.Name + "\n") }
