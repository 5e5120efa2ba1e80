#include "textflag.h"

// Eight blocks at once, in two sets of four lanes. Numbers are in pieces of 26 bits, each in a
// lane of 64 bits.

// The products, at 2^0, 2^26 and so on.
#define D0 Y0
#define D1 Y1
#define D2 Y2
#define D3 Y3
#define D4 Y4

// The number so far.
#define H0 Y5
#define H1 Y6
#define H2 Y7
#define H3 Y8
#define H4 Y9

#define T0   Y10
#define LOW  Y11 // the lower halves of four blocks
#define HIGH Y12
#define M    Y13
#define ONE  Y14 // the bit after a block, 2^128
#define MASK Y15

// The pieces of the powers of r are at DX, each for four lanes: R0 to R4, and then S1 to S4, five
// times the pieces, for what is above 2^130. The second set of them follows.
#define R0 0
#define R1 32
#define R2 64
#define R3 96
#define R4 128
#define S1 160
#define S2 192
#define S3 224
#define S4 256
#define SECOND 288

#define PRODUCT(p, d) \
	VPMULUDQ p(DX), M, T0; \
	VPADDQ   T0, d, d

// MULTIPLY adds a piece M times a power of r, of which these are the pieces that go to each place.
#define MULTIPLY(p0, p1, p2, p3, p4) \
	PRODUCT(p0, D0); \
	PRODUCT(p1, D1); \
	PRODUCT(p2, D2); \
	PRODUCT(p3, D3); \
	PRODUCT(p4, D4)

// LOAD gets the halves of four blocks.
#define LOAD(at) \
	VMOVDQU     (at+0)(SI), M;    \
	VMOVDQU     (at+32)(SI), T0;  \
	VPUNPCKLQDQ T0, M, LOW;       \
	VPUNPCKHQDQ T0, M, HIGH

// PIECE0 to PIECE4 put a piece of the blocks into M.
#define PIECE0 \
	VPAND MASK, LOW, M

#define PIECE1 \
	VPSRLQ $26, LOW, M; \
	VPAND  MASK, M, M

#define PIECE2 \
	VPSRLQ $52, LOW, M;   \
	VPSLLQ $12, HIGH, T0; \
	VPOR   T0, M, M;      \
	VPAND  MASK, M, M

#define PIECE3 \
	VPSRLQ $14, HIGH, M; \
	VPAND  MASK, M, M

#define PIECE4 \
	VPSRLQ $40, HIGH, M; \
	VPOR   ONE, M, M

// CARRY moves what a piece has too much to the next one.
#define CARRY(from, to) \
	VPSRLQ $26, from, T0;   \
	VPAND  MASK, from, from; \
	VPADDQ T0, to, to

// GROUP adds H and a group, each block times its power of r, and makes pieces of the products.
#define GROUP \
	VPXOR  D0, D0, D0;                                                             \
	VPXOR  D1, D1, D1;                                                             \
	VPXOR  D2, D2, D2;                                                             \
	VPXOR  D3, D3, D3;                                                             \
	VPXOR  D4, D4, D4;                                                             \
	LOAD(64);                                                                      \
	PIECE0;                                                                        \
	MULTIPLY(SECOND+R0, SECOND+R1, SECOND+R2, SECOND+R3, SECOND+R4);               \
	PIECE1;                                                                        \
	MULTIPLY(SECOND+S4, SECOND+R0, SECOND+R1, SECOND+R2, SECOND+R3);               \
	PIECE2;                                                                        \
	MULTIPLY(SECOND+S3, SECOND+S4, SECOND+R0, SECOND+R1, SECOND+R2);               \
	PIECE3;                                                                        \
	MULTIPLY(SECOND+S2, SECOND+S3, SECOND+S4, SECOND+R0, SECOND+R1);               \
	PIECE4;                                                                        \
	MULTIPLY(SECOND+S1, SECOND+S2, SECOND+S3, SECOND+S4, SECOND+R0);               \
	LOAD(0);                                                                       \
	PIECE2;                                                                        \
	VPADDQ H2, M, M;                                                               \
	MULTIPLY(S3, S4, R0, R1, R2);                                                  \
	PIECE3;                                                                        \
	VPADDQ H3, M, M;                                                               \
	MULTIPLY(S2, S3, S4, R0, R1);                                                  \
	PIECE0;                                                                        \
	VPADDQ H0, M, M;                                                               \
	MULTIPLY(R0, R1, R2, R3, R4);                                                  \
	PIECE1;                                                                        \
	VPADDQ H1, M, M;                                                               \
	MULTIPLY(S4, R0, R1, R2, R3);                                                  \
	PIECE4;                                                                        \
	VPADDQ H4, M, M;                                                               \
	MULTIPLY(S1, S2, S3, S4, R0);                                                  \
	CARRY(D3, D4);                                                                 \
	CARRY(D0, D1);                                                                 \
	VPSRLQ $26, D4, T0;                                                            \
	VPAND  MASK, D4, D4;                                                           \
	VPADDQ T0, D0, D0;                                                             \
	VPSLLQ $2, T0, T0;                                                             \
	VPADDQ T0, D0, D0;                                                             \
	CARRY(D1, D2);                                                                 \
	CARRY(D2, D3);                                                                 \
	CARRY(D0, D1);                                                                 \
	CARRY(D3, D4);                                                                 \
	VMOVDQA D0, H0;                                                                \
	VMOVDQA D1, H1;                                                                \
	VMOVDQA D2, H2;                                                                \
	VMOVDQA D3, H3;                                                                \
	VMOVDQA D4, H4;                                                                \
	ADDQ   $128, SI

// SPREAD puts lane 0 of a piece of a power of r into all lanes, at SP.
#define SPREAD(at) \
	VPBROADCASTQ at(DX), T0; \
	VMOVDQU      T0, at(SP)

// SUM adds the lanes of a piece and stores it.
#define SUM(y, x, to) \
	VEXTRACTI128 $1, y, X10;     \
	VPADDQ       x, X10, X10;    \
	VPSRLDQ      $8, X10, X11;   \
	VPADDQ       X11, X10, X10;  \
	VMOVQ        X10, to(DI)

// func groups8(pieces *[5]uint64, t *[2][9][4]uint64, message *byte, groups int)
TEXT ·groups8(SB), 0, $576-32
	MOVQ pieces+0(FP), DI
	MOVQ t+8(FP), DX
	MOVQ message+16(FP), SI
	MOVQ groups+24(FP), CX

	MOVQ         $0x3ffffff, AX
	VMOVQ        AX, X15
	VPBROADCASTQ X15, MASK
	MOVQ         $0x1000000, AX
	VMOVQ        AX, X14
	VPBROADCASTQ X14, ONE

	// The number so far is in lane 0, where the first block is.
	VMOVQ 0(DI), X5
	VMOVQ 8(DI), X6
	VMOVQ 16(DI), X7
	VMOVQ 24(DI), X8
	VMOVQ 32(DI), X9

	DECQ CX
	JZ   last

	SPREAD(0)
	SPREAD(32)
	SPREAD(64)
	SPREAD(96)
	SPREAD(128)
	SPREAD(160)
	SPREAD(192)
	SPREAD(224)
	SPREAD(256)
	SPREAD(288)
	SPREAD(320)
	SPREAD(352)
	SPREAD(384)
	SPREAD(416)
	SPREAD(448)
	SPREAD(480)
	SPREAD(512)
	SPREAD(544)
	MOVQ DX, BX
	LEAQ 0(SP), DX

loop:
	GROUP
	DECQ CX
	JNZ  loop
	MOVQ BX, DX

last:
	GROUP
	SUM(Y5, X5, 0)
	SUM(Y6, X6, 8)
	SUM(Y7, X7, 16)
	SUM(Y8, X8, 24)
	SUM(Y9, X9, 32)
	VZEROUPPER
	RET
