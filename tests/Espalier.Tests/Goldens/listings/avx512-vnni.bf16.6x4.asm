0000  mov rax, rdi
0003  mov r8, [rax+0x20]
0007  mov r9, [rax+0x28]
000b  vpxord zmm8, zmm8, zmm8
0011  prefetchw [r8]
0015  vpxord zmm9, zmm9, zmm9
001b  prefetchw [r8+0x40]
0020  vpxord zmm10, zmm10, zmm10
0026  prefetchw [r8+0x80]
002e  vpxord zmm11, zmm11, zmm11
0034  prefetchw [r8+0xC0]
003c  add r8, r9
003f  vpxord zmm12, zmm12, zmm12
0045  prefetchw [r8]
0049  vpxord zmm13, zmm13, zmm13
004f  prefetchw [r8+0x40]
0054  vpxord zmm14, zmm14, zmm14
005a  prefetchw [r8+0x80]
0062  vpxord zmm15, zmm15, zmm15
0068  prefetchw [r8+0xC0]
0070  add r8, r9
0073  vpxord zmm16, zmm16, zmm16
0079  prefetchw [r8]
007d  vpxord zmm17, zmm17, zmm17
0083  prefetchw [r8+0x40]
0088  vpxord zmm18, zmm18, zmm18
008e  prefetchw [r8+0x80]
0096  vpxord zmm19, zmm19, zmm19
009c  prefetchw [r8+0xC0]
00a4  add r8, r9
00a7  vpxord zmm20, zmm20, zmm20
00ad  prefetchw [r8]
00b1  vpxord zmm21, zmm21, zmm21
00b7  prefetchw [r8+0x40]
00bc  vpxord zmm22, zmm22, zmm22
00c2  prefetchw [r8+0x80]
00ca  vpxord zmm23, zmm23, zmm23
00d0  prefetchw [r8+0xC0]
00d8  add r8, r9
00db  vpxord zmm24, zmm24, zmm24
00e1  prefetchw [r8]
00e5  vpxord zmm25, zmm25, zmm25
00eb  prefetchw [r8+0x40]
00f0  vpxord zmm26, zmm26, zmm26
00f6  prefetchw [r8+0x80]
00fe  vpxord zmm27, zmm27, zmm27
0104  prefetchw [r8+0xC0]
010c  add r8, r9
010f  vpxord zmm28, zmm28, zmm28
0115  prefetchw [r8]
0119  vpxord zmm29, zmm29, zmm29
011f  prefetchw [r8+0x40]
0124  vpxord zmm30, zmm30, zmm30
012a  prefetchw [r8+0x80]
0132  vpxord zmm31, zmm31, zmm31
0138  prefetchw [r8+0xC0]
0140  add r8, r9
0143  mov rdx, [rax]
0146  mov r8, [rax+8]
014a  lea rcx, [r8+r8*2]
014e  add rcx, rdx
0151  mov r9, [rax+0x10]
0155  mov r10, [rax+0x18]
0159  vmovdqu32 zmm0, [r9]
015f  vmovdqu32 zmm1, [r9+0x40]
0166  vmovdqu32 zmm2, [r9+0x80]
016d  vmovdqu32 zmm3, [r9+0xC0]
0174  vpbroadcastd zmm4, [rdx]
017a  vdpbf16ps zmm8, zmm4, zmm0
0180  vdpbf16ps zmm9, zmm4, zmm1
0186  vdpbf16ps zmm10, zmm4, zmm2
018c  vdpbf16ps zmm11, zmm4, zmm3
0192  vpbroadcastd zmm5, [rdx+r8]
0199  vdpbf16ps zmm12, zmm5, zmm0
019f  vdpbf16ps zmm13, zmm5, zmm1
01a5  vdpbf16ps zmm14, zmm5, zmm2
01ab  vdpbf16ps zmm15, zmm5, zmm3
01b1  vpbroadcastd zmm6, [rdx+r8*2]
01b8  vdpbf16ps zmm16, zmm6, zmm0
01be  vdpbf16ps zmm17, zmm6, zmm1
01c4  vdpbf16ps zmm18, zmm6, zmm2
01ca  vdpbf16ps zmm19, zmm6, zmm3
01d0  vpbroadcastd zmm7, [rcx]
01d6  vdpbf16ps zmm20, zmm7, zmm0
01dc  vdpbf16ps zmm21, zmm7, zmm1
01e2  vdpbf16ps zmm22, zmm7, zmm2
01e8  vdpbf16ps zmm23, zmm7, zmm3
01ee  vpbroadcastd zmm4, [rcx+r8]
01f5  vdpbf16ps zmm24, zmm4, zmm0
01fb  vdpbf16ps zmm25, zmm4, zmm1
0201  vdpbf16ps zmm26, zmm4, zmm2
0207  vdpbf16ps zmm27, zmm4, zmm3
020d  vpbroadcastd zmm5, [rcx+r8*2]
0214  vdpbf16ps zmm28, zmm5, zmm0
021a  vdpbf16ps zmm29, zmm5, zmm1
0220  vdpbf16ps zmm30, zmm5, zmm2
0226  vdpbf16ps zmm31, zmm5, zmm3
022c  add r9, 0x100
0233  add rdx, 4
0237  add rcx, 4
023b  dec r10
023e  jne 0x0000000000000159
0244  mov r8, [rax+0x20]
0248  mov r9, [rax+0x28]
024c  mov r11, [rax+0x30]
0250  kmovw k1, r11d
0255  cmp qword ptr [rax+0x38], 0
025a  je 0x0000000000000317
0260  mov rdx, r8
0263  vaddps zmm8, zmm8, [rdx]
0269  vaddps zmm9, zmm9, [rdx+0x40]
0270  vaddps zmm10, zmm10, [rdx+0x80]
0277  vaddps zmm11{k1}, zmm11, [rdx+0xC0]
027e  add rdx, r9
0281  vaddps zmm12, zmm12, [rdx]
0287  vaddps zmm13, zmm13, [rdx+0x40]
028e  vaddps zmm14, zmm14, [rdx+0x80]
0295  vaddps zmm15{k1}, zmm15, [rdx+0xC0]
029c  add rdx, r9
029f  vaddps zmm16, zmm16, [rdx]
02a5  vaddps zmm17, zmm17, [rdx+0x40]
02ac  vaddps zmm18, zmm18, [rdx+0x80]
02b3  vaddps zmm19{k1}, zmm19, [rdx+0xC0]
02ba  add rdx, r9
02bd  vaddps zmm20, zmm20, [rdx]
02c3  vaddps zmm21, zmm21, [rdx+0x40]
02ca  vaddps zmm22, zmm22, [rdx+0x80]
02d1  vaddps zmm23{k1}, zmm23, [rdx+0xC0]
02d8  add rdx, r9
02db  vaddps zmm24, zmm24, [rdx]
02e1  vaddps zmm25, zmm25, [rdx+0x40]
02e8  vaddps zmm26, zmm26, [rdx+0x80]
02ef  vaddps zmm27{k1}, zmm27, [rdx+0xC0]
02f6  add rdx, r9
02f9  vaddps zmm28, zmm28, [rdx]
02ff  vaddps zmm29, zmm29, [rdx+0x40]
0306  vaddps zmm30, zmm30, [rdx+0x80]
030d  vaddps zmm31{k1}, zmm31, [rdx+0xC0]
0314  add rdx, r9
0317  vmovups [r8], zmm8
031d  vmovups [r8+0x40], zmm9
0324  vmovups [r8+0x80], zmm10
032b  vmovups [r8+0xC0]{k1}, zmm11
0332  add r8, r9
0335  vmovups [r8], zmm12
033b  vmovups [r8+0x40], zmm13
0342  vmovups [r8+0x80], zmm14
0349  vmovups [r8+0xC0]{k1}, zmm15
0350  add r8, r9
0353  vmovups [r8], zmm16
0359  vmovups [r8+0x40], zmm17
0360  vmovups [r8+0x80], zmm18
0367  vmovups [r8+0xC0]{k1}, zmm19
036e  add r8, r9
0371  vmovups [r8], zmm20
0377  vmovups [r8+0x40], zmm21
037e  vmovups [r8+0x80], zmm22
0385  vmovups [r8+0xC0]{k1}, zmm23
038c  add r8, r9
038f  vmovups [r8], zmm24
0395  vmovups [r8+0x40], zmm25
039c  vmovups [r8+0x80], zmm26
03a3  vmovups [r8+0xC0]{k1}, zmm27
03aa  add r8, r9
03ad  vmovups [r8], zmm28
03b3  vmovups [r8+0x40], zmm29
03ba  vmovups [r8+0x80], zmm30
03c1  vmovups [r8+0xC0]{k1}, zmm31
03c8  add r8, r9
03cb  vzeroupper
03ce  ret
