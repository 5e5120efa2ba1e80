#include "textflag.h"

// Sixteen blocks of Salsa20 at once, one in each 32-bit lane of AVX-512's registers.
// The words of the blocks are Z0 to Z15.

DATA sigma<>+0(SB)/4, $0x61707865
DATA sigma<>+4(SB)/4, $0x3320646e
DATA sigma<>+8(SB)/4, $0x79622d32
DATA sigma<>+12(SB)/4, $0x6b206574
GLOBL sigma<>(SB), RODATA|NOPTR, $16

// STEP is c ^= (a + b) <<< n.
#define STEP(a, b, c, n, t) \
	VPADDD a, b, t;  \
	VPROLD $n, t, t; \
	VPXORD t, c, c

// QUARTERS is one step of all four quarter-rounds.
#define QUARTERS(a0, b0, c0, a1, b1, c1, a2, b2, c2, a3, b3, c3, n) \
	STEP(a0, b0, c0, n, Z16); \
	STEP(a1, b1, c1, n, Z17); \
	STEP(a2, b2, c2, n, Z18); \
	STEP(a3, b3, c3, n, Z19)

// FOUR transposes four words in each 128-bit lane.
#define FOUR(a, b, c, d, t0, t1, t2, t3) \
	VPUNPCKLDQ  b, a, t0;   \
	VPUNPCKHDQ  b, a, t1;   \
	VPUNPCKLDQ  d, c, t2;   \
	VPUNPCKHDQ  d, c, t3;   \
	VPUNPCKLQDQ t2, t0, a;  \
	VPUNPCKHQDQ t2, t0, b;  \
	VPUNPCKLQDQ t3, t1, c;  \
	VPUNPCKHQDQ t3, t1, d

// STORE stores every fourth block, from the given offset on.
#define STORE(a, b, c, d, to) \
	VSHUFI32X4 $0x44, b, a, Z16;     \
	VSHUFI32X4 $0xEE, b, a, Z17;     \
	VSHUFI32X4 $0x44, d, c, Z18;     \
	VSHUFI32X4 $0xEE, d, c, Z19;     \
	VSHUFI32X4 $0x88, Z18, Z16, Z20; \
	VSHUFI32X4 $0xDD, Z18, Z16, Z21; \
	VSHUFI32X4 $0x88, Z19, Z17, Z22; \
	VSHUFI32X4 $0xDD, Z19, Z17, Z23; \
	VMOVDQU32  Z20, (to+0)(DI);      \
	VMOVDQU32  Z21, (to+256)(DI);    \
	VMOVDQU32  Z22, (to+512)(DI);    \
	VMOVDQU32  Z23, (to+768)(DI)

// func blocks16(out *[1024]byte, key *Key, in *[4][16]uint32)
TEXT ·blocks16(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ key+8(FP), SI
	MOVQ in+16(FP), DX

	VPBROADCASTD sigma<>+0(SB), Z0
	VPBROADCASTD 0(SI), Z1
	VPBROADCASTD 4(SI), Z2
	VPBROADCASTD 8(SI), Z3
	VPBROADCASTD 12(SI), Z4
	VPBROADCASTD sigma<>+4(SB), Z5
	VMOVDQU32    0(DX), Z6
	VMOVDQU32    64(DX), Z7
	VMOVDQU32    128(DX), Z8
	VMOVDQU32    192(DX), Z9
	VPBROADCASTD sigma<>+8(SB), Z10
	VPBROADCASTD 16(SI), Z11
	VPBROADCASTD 20(SI), Z12
	VPBROADCASTD 24(SI), Z13
	VPBROADCASTD 28(SI), Z14
	VPBROADCASTD sigma<>+12(SB), Z15
	MOVL         $10, CX

loop:
	// Columns.
	QUARTERS(Z0, Z12, Z4, Z5, Z1, Z9, Z10, Z6, Z14, Z15, Z11, Z3, 7)
	QUARTERS(Z4, Z0, Z8, Z9, Z5, Z13, Z14, Z10, Z2, Z3, Z15, Z7, 9)
	QUARTERS(Z8, Z4, Z12, Z13, Z9, Z1, Z2, Z14, Z6, Z7, Z3, Z11, 13)
	QUARTERS(Z12, Z8, Z0, Z1, Z13, Z5, Z6, Z2, Z10, Z11, Z7, Z15, 18)

	// Rows.
	QUARTERS(Z0, Z3, Z1, Z5, Z4, Z6, Z10, Z9, Z11, Z15, Z14, Z12, 7)
	QUARTERS(Z1, Z0, Z2, Z6, Z5, Z7, Z11, Z10, Z8, Z12, Z15, Z13, 9)
	QUARTERS(Z2, Z1, Z3, Z7, Z6, Z4, Z8, Z11, Z9, Z13, Z12, Z14, 13)
	QUARTERS(Z3, Z2, Z0, Z4, Z7, Z5, Z9, Z8, Z10, Z14, Z13, Z15, 18)

	DECL CX
	JNZ  loop

	VPADDD.BCST sigma<>+0(SB), Z0, Z0
	VPADDD.BCST 0(SI), Z1, Z1
	VPADDD.BCST 4(SI), Z2, Z2
	VPADDD.BCST 8(SI), Z3, Z3
	VPADDD.BCST 12(SI), Z4, Z4
	VPADDD.BCST sigma<>+4(SB), Z5, Z5
	VPADDD      0(DX), Z6, Z6
	VPADDD      64(DX), Z7, Z7
	VPADDD      128(DX), Z8, Z8
	VPADDD      192(DX), Z9, Z9
	VPADDD.BCST sigma<>+8(SB), Z10, Z10
	VPADDD.BCST 16(SI), Z11, Z11
	VPADDD.BCST 20(SI), Z12, Z12
	VPADDD.BCST 24(SI), Z13, Z13
	VPADDD.BCST 28(SI), Z14, Z14
	VPADDD.BCST sigma<>+12(SB), Z15, Z15

	FOUR(Z0, Z1, Z2, Z3, Z16, Z17, Z18, Z19)
	FOUR(Z4, Z5, Z6, Z7, Z20, Z21, Z22, Z23)
	FOUR(Z8, Z9, Z10, Z11, Z24, Z25, Z26, Z27)
	FOUR(Z12, Z13, Z14, Z15, Z28, Z29, Z30, Z31)
	STORE(Z0, Z4, Z8, Z12, 0)
	STORE(Z1, Z5, Z9, Z13, 64)
	STORE(Z2, Z6, Z10, Z14, 128)
	STORE(Z3, Z7, Z11, Z15, 192)
	VZEROUPPER
	RET
