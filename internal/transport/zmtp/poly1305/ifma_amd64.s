#include "textflag.h"

// Sixteen blocks at once, in two sets of eight lanes, with the 52-bit multiplications of AVX-512.
// Numbers are in pieces of 44 bits: the last one has 42 bits, and some more until it is reduced.

#define H0 Z0
#define H1 Z1
#define H2 Z2

// The products, at 2^0, 2^44, 2^88: what the lower and the upper half of the multiplications give.
// The upper halves are at 2^52 above those, which is 2^8 above the next piece.
#define D0 Z3
#define D1 Z4
#define D2 Z5
#define U0 Z6
#define U1 Z7
#define U2 Z8

#define M0 Z9
#define M1 Z10
#define M2 Z11
#define T0 Z12
#define T1 Z13

#define MASK44 Z14
#define MASK42 Z15
#define ONE    Z16 // the bit after a block, 2^128

// The powers of r of both sets. S is 20 times R: a product of pieces at 2^132 counts 20 times.
#define RA0 Z17
#define RA1 Z18
#define RA2 Z19
#define SA1 Z20
#define SA2 Z21
#define RB0 Z22
#define RB1 Z23
#define RB2 Z24
#define SB1 Z25
#define SB2 Z26

// LOAD takes eight blocks apart.
#define LOAD(at) \
	VMOVDQU64   (at+0)(SI), T0;  \
	VMOVDQU64   (at+64)(SI), T1; \
	VPUNPCKLQDQ T1, T0, M0;      \
	VPUNPCKHQDQ T1, T0, M2;      \
	VPSRLQ      $44, M0, M1;     \
	VPSLLQ      $20, M2, T0;     \
	VPORQ       T0, M1, M1;      \
	VPANDQ      MASK44, M0, M0;  \
	VPANDQ      MASK44, M1, M1;  \
	VPSRLQ      $24, M2, M2;     \
	VPORQ       ONE, M2, M2

#define MADD(a, b, lower, upper) \
	VPMADD52LUQ a, b, lower; \
	VPMADD52HUQ a, b, upper

// MULTIPLY adds M times R to the products.
#define MULTIPLY(R0, R1, R2, S1, S2) \
	MADD(R0, M2, D2, U2); \
	MADD(S1, M2, D0, U0); \
	MADD(S2, M2, D1, U1); \
	MADD(R2, M0, D2, U2); \
	MADD(R0, M0, D0, U0); \
	MADD(R1, M0, D1, U1); \
	MADD(R1, M1, D2, U2); \
	MADD(S2, M1, D0, U0); \
	MADD(R0, M1, D1, U1)

// GROUP adds H and a group, each block times its power of r.
#define GROUP \
	VPXORQ D0, D0, D0;                 \
	VPXORQ D1, D1, D1;                 \
	VPXORQ D2, D2, D2;                 \
	VPXORQ U0, U0, U0;                 \
	VPXORQ U1, U1, U1;                 \
	VPXORQ U2, U2, U2;                 \
	LOAD(128);                         \
	MULTIPLY(RB0, RB1, RB2, SB1, SB2); \
	LOAD(0);                           \
	VPADDQ H2, M2, M2;                 \
	VPADDQ H0, M0, M0;                 \
	VPADDQ H1, M1, M1;                 \
	MULTIPLY(RA0, RA1, RA2, SA1, SA2); \
	ADDQ   $256, SI

// REDUCE makes pieces of the products. What is above 2^130 counts five times.
#define REDUCE \
	VPSRLQ $44, D0, T0;    \
	VPSLLQ $8, U0, U0;     \
	VPANDQ MASK44, D0, H0; \
	VPADDQ T0, U0, U0;     \
	VPADDQ U0, D1, D1;     \
	VPSRLQ $44, D1, T0;    \
	VPSLLQ $8, U1, U1;     \
	VPANDQ MASK44, D1, H1; \
	VPADDQ T0, U1, U1;     \
	VPADDQ U1, D2, D2;     \
	VPSRLQ $42, D2, T0;    \
	VPSLLQ $10, U2, U2;    \
	VPANDQ MASK42, D2, H2; \
	VPADDQ T0, U2, U2;     \
	VPSLLQ $2, U2, T0;     \
	VPADDQ U2, H0, H0;     \
	VPADDQ T0, H0, H0;     \
	VPSRLQ $44, H0, T0;    \
	VPANDQ MASK44, H0, H0; \
	VPADDQ T0, H1, H1

// FILL puts one octet string of eight octets into all lanes.
#define FILL(value, z) \
	MOVQ         $value, AX; \
	VPBROADCASTQ AX, z

// SUM adds the lanes of a piece and stores it.
#define SUM(z, y, x, to) \
	VEXTRACTI64X4 $1, z, Y12;     \
	VPADDQ        Y12, y, Y12;    \
	VEXTRACTI128  $1, Y12, X13;   \
	VPADDQ        X13, X12, X12;  \
	VPSRLDQ       $8, X12, X13;   \
	VPADDQ        X13, X12, X12;  \
	VMOVQ         X12, to(DI)

// func groups16(pieces *[3]uint64, t *[2][5][8]uint64, message *byte, groups int)
TEXT ·groups16(SB), NOSPLIT, $0-32
	MOVQ pieces+0(FP), DI
	MOVQ t+8(FP), DX
	MOVQ message+16(FP), SI
	MOVQ groups+24(FP), CX

	FILL(0xfffffffffff, MASK44)
	FILL(0x3ffffffffff, MASK42)
	FILL(0x10000000000, ONE)

	// The number so far is in lane 0, where the first block is.
	VMOVQ 0(DI), X0
	VMOVQ 8(DI), X1
	VMOVQ 16(DI), X2

	DECQ CX
	JZ   last

	VPBROADCASTQ 0(DX), RA0
	VPBROADCASTQ 64(DX), RA1
	VPBROADCASTQ 128(DX), RA2
	VPBROADCASTQ 192(DX), SA1
	VPBROADCASTQ 256(DX), SA2
	VPBROADCASTQ 320(DX), RB0
	VPBROADCASTQ 384(DX), RB1
	VPBROADCASTQ 448(DX), RB2
	VPBROADCASTQ 512(DX), SB1
	VPBROADCASTQ 576(DX), SB2

loop:
	GROUP
	REDUCE
	DECQ CX
	JNZ  loop

last:
	VMOVDQU64 0(DX), RA0
	VMOVDQU64 64(DX), RA1
	VMOVDQU64 128(DX), RA2
	VMOVDQU64 192(DX), SA1
	VMOVDQU64 256(DX), SA2
	VMOVDQU64 320(DX), RB0
	VMOVDQU64 384(DX), RB1
	VMOVDQU64 448(DX), RB2
	VMOVDQU64 512(DX), SB1
	VMOVDQU64 576(DX), SB2
	GROUP
	REDUCE
	SUM(Z0, Y0, X0, 0)
	SUM(Z1, Y1, X1, 8)
	SUM(Z2, Y2, X2, 16)
	VZEROUPPER
	RET
