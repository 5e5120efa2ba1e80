// Package keystream makes the key stream of Salsa20, which CURVE encrypts with.
//
// A stream of small messages needs one or two blocks of 64 octets for each frame, all
// under one key, each frame with another nonce. golang.org/x/crypto makes such blocks
// one by one, as it knows nothing of the other frames. Fill gets the work of many
// frames at once, and makes eight blocks at a time with AVX2 and sixteen with AVX-512.
// With that, CURVE costs less than libzmq's, which uses libsodium; without, more.
package keystream
