0000  sub rsp, 0xA8
0007  vmovdqu [rsp], xmm6
000c  vmovdqu [rsp+0x10], xmm7
0012  vmovdqu [rsp+0x20], xmm8
0018  vmovdqu [rsp+0x30], xmm9
001e  vmovdqu [rsp+0x40], xmm10
0024  vmovdqu [rsp+0x50], xmm11
002a  vmovdqu [rsp+0x60], xmm12
0030  vmovdqu [rsp+0x70], xmm13
0036  vmovdqu [rsp+0x80], xmm14
003f  vmovdqu [rsp+0x90], xmm15
0048  mov rax, rcx
004b  mov r8, [rax+0x20]
004f  mov r9, [rax+0x28]
0053  vpxord zmm8, zmm8, zmm8
0059  prefetchw [r8]
005d  vpxord zmm9, zmm9, zmm9
0063  prefetchw [r8+0x40]
0068  vpxord zmm10, zmm10, zmm10
006e  prefetchw [r8+0x80]
0076  vpxord zmm11, zmm11, zmm11
007c  prefetchw [r8+0xC0]
0084  add r8, r9
0087  vpxord zmm12, zmm12, zmm12
008d  prefetchw [r8]
0091  vpxord zmm13, zmm13, zmm13
0097  prefetchw [r8+0x40]
009c  vpxord zmm14, zmm14, zmm14
00a2  prefetchw [r8+0x80]
00aa  vpxord zmm15, zmm15, zmm15
00b0  prefetchw [r8+0xC0]
00b8  add r8, r9
00bb  vpxord zmm16, zmm16, zmm16
00c1  prefetchw [r8]
00c5  vpxord zmm17, zmm17, zmm17
00cb  prefetchw [r8+0x40]
00d0  vpxord zmm18, zmm18, zmm18
00d6  prefetchw [r8+0x80]
00de  vpxord zmm19, zmm19, zmm19
00e4  prefetchw [r8+0xC0]
00ec  add r8, r9
00ef  vpxord zmm20, zmm20, zmm20
00f5  prefetchw [r8]
00f9  vpxord zmm21, zmm21, zmm21
00ff  prefetchw [r8+0x40]
0104  vpxord zmm22, zmm22, zmm22
010a  prefetchw [r8+0x80]
0112  vpxord zmm23, zmm23, zmm23
0118  prefetchw [r8+0xC0]
0120  add r8, r9
0123  vpxord zmm24, zmm24, zmm24
0129  prefetchw [r8]
012d  vpxord zmm25, zmm25, zmm25
0133  prefetchw [r8+0x40]
0138  vpxord zmm26, zmm26, zmm26
013e  prefetchw [r8+0x80]
0146  vpxord zmm27, zmm27, zmm27
014c  prefetchw [r8+0xC0]
0154  add r8, r9
0157  vpxord zmm28, zmm28, zmm28
015d  prefetchw [r8]
0161  vpxord zmm29, zmm29, zmm29
0167  prefetchw [r8+0x40]
016c  vpxord zmm30, zmm30, zmm30
0172  prefetchw [r8+0x80]
017a  vpxord zmm31, zmm31, zmm31
0180  prefetchw [r8+0xC0]
0188  add r8, r9
018b  mov rdx, [rax]
018e  mov r8, [rax+8]
0192  lea rcx, [r8+r8*2]
0196  add rcx, rdx
0199  mov r9, [rax+0x10]
019d  mov r10, [rax+0x18]
01a1  mov r11, [rax+0x30]
01a5  vmovdqu32 zmm0, [r9]
01ab  vmovdqu32 zmm1, [r9+0x40]
01b2  vmovdqu32 zmm2, [r9+0x80]
01b9  vmovdqu32 zmm3, [r9+0xC0]
01c0  prefetcht1 [r9+r11]
01c5  vpbroadcastd zmm4, [rdx]
01cb  vdpbf16ps zmm8, zmm4, zmm0
01d1  vdpbf16ps zmm9, zmm4, zmm1
01d7  vdpbf16ps zmm10, zmm4, zmm2
01dd  vdpbf16ps zmm11, zmm4, zmm3
01e3  vpbroadcastd zmm5, [rdx+r8]
01ea  vdpbf16ps zmm12, zmm5, zmm0
01f0  vdpbf16ps zmm13, zmm5, zmm1
01f6  vdpbf16ps zmm14, zmm5, zmm2
01fc  vdpbf16ps zmm15, zmm5, zmm3
0202  vpbroadcastd zmm6, [rdx+r8*2]
0209  vdpbf16ps zmm16, zmm6, zmm0
020f  vdpbf16ps zmm17, zmm6, zmm1
0215  vdpbf16ps zmm18, zmm6, zmm2
021b  vdpbf16ps zmm19, zmm6, zmm3
0221  vpbroadcastd zmm7, [rcx]
0227  vdpbf16ps zmm20, zmm7, zmm0
022d  vdpbf16ps zmm21, zmm7, zmm1
0233  vdpbf16ps zmm22, zmm7, zmm2
0239  vdpbf16ps zmm23, zmm7, zmm3
023f  vpbroadcastd zmm4, [rcx+r8]
0246  vdpbf16ps zmm24, zmm4, zmm0
024c  vdpbf16ps zmm25, zmm4, zmm1
0252  vdpbf16ps zmm26, zmm4, zmm2
0258  vdpbf16ps zmm27, zmm4, zmm3
025e  vpbroadcastd zmm5, [rcx+r8*2]
0265  vdpbf16ps zmm28, zmm5, zmm0
026b  vdpbf16ps zmm29, zmm5, zmm1
0271  vdpbf16ps zmm30, zmm5, zmm2
0277  vdpbf16ps zmm31, zmm5, zmm3
027d  add r9, 0x100
0284  add rdx, 4
0288  add rcx, 4
028c  dec r10
028f  jne 0x00000000000001A5
0295  mov r8, [rax+0x20]
0299  mov r9, [rax+0x28]
029d  mov r11, [rax+0x40]
02a1  kmovw k1, r11d
02a6  cmp qword ptr [rax+0x48], 0
02ab  je 0x0000000000000368
02b1  mov rdx, r8
02b4  vaddps zmm8, zmm8, [rdx]
02ba  vaddps zmm9, zmm9, [rdx+0x40]
02c1  vaddps zmm10, zmm10, [rdx+0x80]
02c8  vaddps zmm11{k1}, zmm11, [rdx+0xC0]
02cf  add rdx, r9
02d2  vaddps zmm12, zmm12, [rdx]
02d8  vaddps zmm13, zmm13, [rdx+0x40]
02df  vaddps zmm14, zmm14, [rdx+0x80]
02e6  vaddps zmm15{k1}, zmm15, [rdx+0xC0]
02ed  add rdx, r9
02f0  vaddps zmm16, zmm16, [rdx]
02f6  vaddps zmm17, zmm17, [rdx+0x40]
02fd  vaddps zmm18, zmm18, [rdx+0x80]
0304  vaddps zmm19{k1}, zmm19, [rdx+0xC0]
030b  add rdx, r9
030e  vaddps zmm20, zmm20, [rdx]
0314  vaddps zmm21, zmm21, [rdx+0x40]
031b  vaddps zmm22, zmm22, [rdx+0x80]
0322  vaddps zmm23{k1}, zmm23, [rdx+0xC0]
0329  add rdx, r9
032c  vaddps zmm24, zmm24, [rdx]
0332  vaddps zmm25, zmm25, [rdx+0x40]
0339  vaddps zmm26, zmm26, [rdx+0x80]
0340  vaddps zmm27{k1}, zmm27, [rdx+0xC0]
0347  add rdx, r9
034a  vaddps zmm28, zmm28, [rdx]
0350  vaddps zmm29, zmm29, [rdx+0x40]
0357  vaddps zmm30, zmm30, [rdx+0x80]
035e  vaddps zmm31{k1}, zmm31, [rdx+0xC0]
0365  add rdx, r9
0368  vmovups [r8], zmm8
036e  vmovups [r8+0x40], zmm9
0375  vmovups [r8+0x80], zmm10
037c  vmovups [r8+0xC0]{k1}, zmm11
0383  add r8, r9
0386  vmovups [r8], zmm12
038c  vmovups [r8+0x40], zmm13
0393  vmovups [r8+0x80], zmm14
039a  vmovups [r8+0xC0]{k1}, zmm15
03a1  add r8, r9
03a4  vmovups [r8], zmm16
03aa  vmovups [r8+0x40], zmm17
03b1  vmovups [r8+0x80], zmm18
03b8  vmovups [r8+0xC0]{k1}, zmm19
03bf  add r8, r9
03c2  vmovups [r8], zmm20
03c8  vmovups [r8+0x40], zmm21
03cf  vmovups [r8+0x80], zmm22
03d6  vmovups [r8+0xC0]{k1}, zmm23
03dd  add r8, r9
03e0  vmovups [r8], zmm24
03e6  vmovups [r8+0x40], zmm25
03ed  vmovups [r8+0x80], zmm26
03f4  vmovups [r8+0xC0]{k1}, zmm27
03fb  add r8, r9
03fe  vmovups [r8], zmm28
0404  vmovups [r8+0x40], zmm29
040b  vmovups [r8+0x80], zmm30
0412  vmovups [r8+0xC0]{k1}, zmm31
0419  add r8, r9
041c  mov [rax+0x20], r8
0420  imul rdx, [rax+8], 6
0425  add [rax], rdx
0428  add qword ptr [rax+0x30], 0x40
042d  dec qword ptr [rax+0x38]
0431  jne 0x000000000000004B
0437  vmovdqu xmm6, [rsp]
043c  vmovdqu xmm7, [rsp+0x10]
0442  vmovdqu xmm8, [rsp+0x20]
0448  vmovdqu xmm9, [rsp+0x30]
044e  vmovdqu xmm10, [rsp+0x40]
0454  vmovdqu xmm11, [rsp+0x50]
045a  vmovdqu xmm12, [rsp+0x60]
0460  vmovdqu xmm13, [rsp+0x70]
0466  vmovdqu xmm14, [rsp+0x80]
046f  vmovdqu xmm15, [rsp+0x90]
0478  add rsp, 0xA8
047f  vzeroupper
0482  ret
