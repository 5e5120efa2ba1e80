#include "textflag.h"

// Eight blocks of Salsa20 at once, one in each 32-bit lane of AVX2's registers.
//
// The words of the blocks are W0 to W15. W0 and W5 are in memory, so that two
// registers are left to compute with; no step adds the two.

#define W0  512(SP)
#define W1  Y0
#define W2  Y1
#define W3  Y2
#define W4  Y3
#define W5  544(SP)
#define W6  Y4
#define W7  Y5
#define W8  Y6
#define W9  Y7
#define W10 Y8
#define W11 Y9
#define W12 Y10
#define W13 Y11
#define W14 Y12
#define W15 Y13

// STEP is c ^= (a + b) <<< n, with m = 32 - n. Only a may be in memory.
#define STEP(a, b, c, n, m) \
	VPADDD a, b, Y14;    \
	VPSLLD $n, Y14, Y15; \
	VPSRLD $m, Y14, Y14; \
	VPXOR  Y15, c, c;    \
	VPXOR  Y14, c, c

// STEPM is STEP for c in memory.
#define STEPM(a, b, c, n, m) \
	VPADDD  a, b, Y14;     \
	VPSLLD  $n, Y14, Y15;  \
	VPSRLD  $m, Y14, Y14;  \
	VPXOR   Y15, Y14, Y14; \
	VPXOR   c, Y14, Y14;   \
	VMOVDQU Y14, c

// The words of the initial blocks are at 32*i(SP).

#define CONSTANT(value, at) \
	MOVL         $value, AX; \
	VMOVD        AX, X0;     \
	VPBROADCASTD X0, Y0;     \
	VMOVDQU      Y0, at(SP)

#define KEY(from, at) \
	VPBROADCASTD from(SI), Y0; \
	VMOVDQU      Y0, at(SP)

#define INPUT(from, at) \
	VMOVDQU from(DX), Y0; \
	VMOVDQU Y0, at(SP)

#define ADD(at, w) \
	VPADDD  at(SP), w, w; \
	VMOVDQU w, at(SP)

// ROWS stores the eight words from at(SP) on as parts of the eight blocks.
#define ROWS(at, to) \
	VMOVDQU     (at+0)(SP), Y0;        \
	VMOVDQU     (at+64)(SP), Y1;       \
	VMOVDQU     (at+128)(SP), Y2;      \
	VMOVDQU     (at+192)(SP), Y3;      \
	VPUNPCKLDQ  (at+32)(SP), Y0, Y4;   \
	VPUNPCKHDQ  (at+32)(SP), Y0, Y5;   \
	VPUNPCKLDQ  (at+96)(SP), Y1, Y6;   \
	VPUNPCKHDQ  (at+96)(SP), Y1, Y7;   \
	VPUNPCKLDQ  (at+160)(SP), Y2, Y8;  \
	VPUNPCKHDQ  (at+160)(SP), Y2, Y9;  \
	VPUNPCKLDQ  (at+224)(SP), Y3, Y10; \
	VPUNPCKHDQ  (at+224)(SP), Y3, Y11; \
	VPUNPCKLQDQ Y6, Y4, Y0;            \
	VPUNPCKHQDQ Y6, Y4, Y1;            \
	VPUNPCKLQDQ Y7, Y5, Y2;            \
	VPUNPCKHQDQ Y7, Y5, Y3;            \
	VPUNPCKLQDQ Y10, Y8, Y12;          \
	VPUNPCKHQDQ Y10, Y8, Y13;          \
	VPUNPCKLQDQ Y11, Y9, Y14;          \
	VPUNPCKHQDQ Y11, Y9, Y15;          \
	VPERM2I128  $0x20, Y12, Y0, Y4;    \
	VPERM2I128  $0x20, Y13, Y1, Y5;    \
	VPERM2I128  $0x20, Y14, Y2, Y6;    \
	VPERM2I128  $0x20, Y15, Y3, Y7;    \
	VPERM2I128  $0x31, Y12, Y0, Y8;    \
	VPERM2I128  $0x31, Y13, Y1, Y9;    \
	VPERM2I128  $0x31, Y14, Y2, Y10;   \
	VPERM2I128  $0x31, Y15, Y3, Y11;   \
	VMOVDQU     Y4, (to+0)(DI);        \
	VMOVDQU     Y5, (to+64)(DI);       \
	VMOVDQU     Y6, (to+128)(DI);      \
	VMOVDQU     Y7, (to+192)(DI);      \
	VMOVDQU     Y8, (to+256)(DI);      \
	VMOVDQU     Y9, (to+320)(DI);      \
	VMOVDQU     Y10, (to+384)(DI);     \
	VMOVDQU     Y11, (to+448)(DI)

// func blocks8(out *[512]byte, key *Key, in *[4][8]uint32)
TEXT ·blocks8(SB), 0, $576-24
	MOVQ out+0(FP), DI
	MOVQ key+8(FP), SI
	MOVQ in+16(FP), DX

	CONSTANT(0x61707865, 0)
	KEY(0, 32)
	KEY(4, 64)
	KEY(8, 96)
	KEY(12, 128)
	CONSTANT(0x3320646e, 160)
	INPUT(0, 192)
	INPUT(32, 224)
	INPUT(64, 256)
	INPUT(96, 288)
	CONSTANT(0x79622d32, 320)
	KEY(16, 352)
	KEY(20, 384)
	KEY(24, 416)
	KEY(28, 448)
	CONSTANT(0x6b206574, 480)

	VMOVDQU 0(SP), Y0
	VMOVDQU Y0, W0
	VMOVDQU 160(SP), Y0
	VMOVDQU Y0, W5
	VMOVDQU 32(SP), W1
	VMOVDQU 64(SP), W2
	VMOVDQU 96(SP), W3
	VMOVDQU 128(SP), W4
	VMOVDQU 192(SP), W6
	VMOVDQU 224(SP), W7
	VMOVDQU 256(SP), W8
	VMOVDQU 288(SP), W9
	VMOVDQU 320(SP), W10
	VMOVDQU 352(SP), W11
	VMOVDQU 384(SP), W12
	VMOVDQU 416(SP), W13
	VMOVDQU 448(SP), W14
	VMOVDQU 480(SP), W15
	MOVL    $10, CX

loop:
	// Columns.
	STEP(W0, W12, W4, 7, 25)
	STEP(W5, W1, W9, 7, 25)
	STEP(W10, W6, W14, 7, 25)
	STEP(W15, W11, W3, 7, 25)
	STEP(W0, W4, W8, 9, 23)
	STEP(W5, W9, W13, 9, 23)
	STEP(W14, W10, W2, 9, 23)
	STEP(W3, W15, W7, 9, 23)
	STEP(W8, W4, W12, 13, 19)
	STEP(W13, W9, W1, 13, 19)
	STEP(W2, W14, W6, 13, 19)
	STEP(W7, W3, W11, 13, 19)
	STEPM(W12, W8, W0, 18, 14)
	STEPM(W1, W13, W5, 18, 14)
	STEP(W6, W2, W10, 18, 14)
	STEP(W11, W7, W15, 18, 14)

	// Rows.
	STEP(W0, W3, W1, 7, 25)
	STEP(W5, W4, W6, 7, 25)
	STEP(W10, W9, W11, 7, 25)
	STEP(W15, W14, W12, 7, 25)
	STEP(W0, W1, W2, 9, 23)
	STEP(W5, W6, W7, 9, 23)
	STEP(W11, W10, W8, 9, 23)
	STEP(W12, W15, W13, 9, 23)
	STEP(W2, W1, W3, 13, 19)
	STEP(W7, W6, W4, 13, 19)
	STEP(W8, W11, W9, 13, 19)
	STEP(W13, W12, W14, 13, 19)
	STEPM(W3, W2, W0, 18, 14)
	STEPM(W4, W7, W5, 18, 14)
	STEP(W9, W8, W10, 18, 14)
	STEP(W14, W13, W15, 18, 14)

	DECL CX
	JNZ  loop

	ADD(32, W1)
	ADD(64, W2)
	ADD(96, W3)
	ADD(128, W4)
	ADD(192, W6)
	ADD(224, W7)
	ADD(256, W8)
	ADD(288, W9)
	ADD(320, W10)
	ADD(352, W11)
	ADD(384, W12)
	ADD(416, W13)
	ADD(448, W14)
	ADD(480, W15)
	VMOVDQU W0, Y0
	ADD(0, Y0)
	VMOVDQU W5, Y0
	ADD(160, Y0)

	ROWS(0, 0)
	ROWS(256, 32)
	VZEROUPPER
	RET
