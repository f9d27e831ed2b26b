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
0159  mov r11, [rax+0x30]
015d  vmovdqu32 zmm0, [r9]
0163  vmovdqu32 zmm1, [r9+0x40]
016a  vmovdqu32 zmm2, [r9+0x80]
0171  vmovdqu32 zmm3, [r9+0xC0]
0178  prefetcht1 [r9+r11]
017d  vpbroadcastd zmm4, [rdx]
0183  vdpbf16ps zmm8, zmm4, zmm0
0189  vdpbf16ps zmm9, zmm4, zmm1
018f  vdpbf16ps zmm10, zmm4, zmm2
0195  vdpbf16ps zmm11, zmm4, zmm3
019b  vpbroadcastd zmm5, [rdx+r8]
01a2  vdpbf16ps zmm12, zmm5, zmm0
01a8  vdpbf16ps zmm13, zmm5, zmm1
01ae  vdpbf16ps zmm14, zmm5, zmm2
01b4  vdpbf16ps zmm15, zmm5, zmm3
01ba  vpbroadcastd zmm6, [rdx+r8*2]
01c1  vdpbf16ps zmm16, zmm6, zmm0
01c7  vdpbf16ps zmm17, zmm6, zmm1
01cd  vdpbf16ps zmm18, zmm6, zmm2
01d3  vdpbf16ps zmm19, zmm6, zmm3
01d9  vpbroadcastd zmm7, [rcx]
01df  vdpbf16ps zmm20, zmm7, zmm0
01e5  vdpbf16ps zmm21, zmm7, zmm1
01eb  vdpbf16ps zmm22, zmm7, zmm2
01f1  vdpbf16ps zmm23, zmm7, zmm3
01f7  vpbroadcastd zmm4, [rcx+r8]
01fe  vdpbf16ps zmm24, zmm4, zmm0
0204  vdpbf16ps zmm25, zmm4, zmm1
020a  vdpbf16ps zmm26, zmm4, zmm2
0210  vdpbf16ps zmm27, zmm4, zmm3
0216  vpbroadcastd zmm5, [rcx+r8*2]
021d  vdpbf16ps zmm28, zmm5, zmm0
0223  vdpbf16ps zmm29, zmm5, zmm1
0229  vdpbf16ps zmm30, zmm5, zmm2
022f  vdpbf16ps zmm31, zmm5, zmm3
0235  add r9, 0x100
023c  add rdx, 4
0240  add rcx, 4
0244  dec r10
0247  jne 0x000000000000015D
024d  mov r8, [rax+0x20]
0251  mov r9, [rax+0x28]
0255  mov r11, [rax+0x40]
0259  kmovw k1, r11d
025e  cmp qword ptr [rax+0x48], 0
0263  je 0x0000000000000320
0269  mov rdx, r8
026c  vaddps zmm8, zmm8, [rdx]
0272  vaddps zmm9, zmm9, [rdx+0x40]
0279  vaddps zmm10, zmm10, [rdx+0x80]
0280  vaddps zmm11{k1}, zmm11, [rdx+0xC0]
0287  add rdx, r9
028a  vaddps zmm12, zmm12, [rdx]
0290  vaddps zmm13, zmm13, [rdx+0x40]
0297  vaddps zmm14, zmm14, [rdx+0x80]
029e  vaddps zmm15{k1}, zmm15, [rdx+0xC0]
02a5  add rdx, r9
02a8  vaddps zmm16, zmm16, [rdx]
02ae  vaddps zmm17, zmm17, [rdx+0x40]
02b5  vaddps zmm18, zmm18, [rdx+0x80]
02bc  vaddps zmm19{k1}, zmm19, [rdx+0xC0]
02c3  add rdx, r9
02c6  vaddps zmm20, zmm20, [rdx]
02cc  vaddps zmm21, zmm21, [rdx+0x40]
02d3  vaddps zmm22, zmm22, [rdx+0x80]
02da  vaddps zmm23{k1}, zmm23, [rdx+0xC0]
02e1  add rdx, r9
02e4  vaddps zmm24, zmm24, [rdx]
02ea  vaddps zmm25, zmm25, [rdx+0x40]
02f1  vaddps zmm26, zmm26, [rdx+0x80]
02f8  vaddps zmm27{k1}, zmm27, [rdx+0xC0]
02ff  add rdx, r9
0302  vaddps zmm28, zmm28, [rdx]
0308  vaddps zmm29, zmm29, [rdx+0x40]
030f  vaddps zmm30, zmm30, [rdx+0x80]
0316  vaddps zmm31{k1}, zmm31, [rdx+0xC0]
031d  add rdx, r9
0320  vmovups [r8], zmm8
0326  vmovups [r8+0x40], zmm9
032d  vmovups [r8+0x80], zmm10
0334  vmovups [r8+0xC0]{k1}, zmm11
033b  add r8, r9
033e  vmovups [r8], zmm12
0344  vmovups [r8+0x40], zmm13
034b  vmovups [r8+0x80], zmm14
0352  vmovups [r8+0xC0]{k1}, zmm15
0359  add r8, r9
035c  vmovups [r8], zmm16
0362  vmovups [r8+0x40], zmm17
0369  vmovups [r8+0x80], zmm18
0370  vmovups [r8+0xC0]{k1}, zmm19
0377  add r8, r9
037a  vmovups [r8], zmm20
0380  vmovups [r8+0x40], zmm21
0387  vmovups [r8+0x80], zmm22
038e  vmovups [r8+0xC0]{k1}, zmm23
0395  add r8, r9
0398  vmovups [r8], zmm24
039e  vmovups [r8+0x40], zmm25
03a5  vmovups [r8+0x80], zmm26
03ac  vmovups [r8+0xC0]{k1}, zmm27
03b3  add r8, r9
03b6  vmovups [r8], zmm28
03bc  vmovups [r8+0x40], zmm29
03c3  vmovups [r8+0x80], zmm30
03ca  vmovups [r8+0xC0]{k1}, zmm31
03d1  add r8, r9
03d4  mov [rax+0x20], r8
03d8  imul rdx, [rax+8], 6
03dd  add [rax], rdx
03e0  add qword ptr [rax+0x30], 0x40
03e5  dec qword ptr [rax+0x38]
03e9  jne 3
03ef  vzeroupper
03f2  ret
