// Package poly1305 computes the authenticator of CURVE's messages: Poly1305 (RFC 8439,
// section 2.5).
//
// golang.org/x/crypto works on one block of 16 octets after the other, and each block needs
// the result of the one before. For a large frame that is half of what CURVE costs. Here a
// frame is taken as several interleaved sequences of blocks, one in each lane of the
// processor's vector registers:
//
//	lane 0    (m0 * R + m16) * R + m32 ...      R = r^16
//	lane 1    (m1 * R + m17) * R + m33 ...
//
// At the end each lane is multiplied with the power of r that it lacks, and the sum of all
// lanes is what one sequence would have given. AVX-512 with IFMA does sixteen blocks at a
// time, AVX2 does eight. Where the processor has neither, and for short messages, for which
// the powers of r cost more than they save, golang.org/x/crypto does the work.
//
// No branch and no address depends on the key or on what is authenticated, only on lengths.
package poly1305
