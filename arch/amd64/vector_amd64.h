// XMM0 to XMM15 and MXCSR of the program whose UserContext is at AX.
#define X(n) (UserContext_x+16*n)(AX)

#define LOAD_VECTOR \
	MOVUPS	X(0), X0 \
	MOVUPS	X(1), X1 \
	MOVUPS	X(2), X2 \
	MOVUPS	X(3), X3 \
	MOVUPS	X(4), X4 \
	MOVUPS	X(5), X5 \
	MOVUPS	X(6), X6 \
	MOVUPS	X(7), X7 \
	MOVUPS	X(8), X8 \
	MOVUPS	X(9), X9 \
	MOVUPS	X(10), X10 \
	MOVUPS	X(11), X11 \
	MOVUPS	X(12), X12 \
	MOVUPS	X(13), X13 \
	MOVUPS	X(14), X14 \
	MOVUPS	X(15), X15 \
	LDMXCSR	UserContext_mxcsr(AX)

#define SAVE_VECTOR \
	MOVUPS	X0, X(0) \
	MOVUPS	X1, X(1) \
	MOVUPS	X2, X(2) \
	MOVUPS	X3, X(3) \
	MOVUPS	X4, X(4) \
	MOVUPS	X5, X(5) \
	MOVUPS	X6, X(6) \
	MOVUPS	X7, X(7) \
	MOVUPS	X8, X(8) \
	MOVUPS	X9, X(9) \
	MOVUPS	X10, X(10) \
	MOVUPS	X11, X(11) \
	MOVUPS	X12, X(12) \
	MOVUPS	X13, X(13) \
	MOVUPS	X14, X(14) \
	MOVUPS	X15, X(15) \
	STMXCSR	UserContext_mxcsr(AX) \
	LDMXCSR	·kernelMXCSR(SB)
