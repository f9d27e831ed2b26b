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
01a1  vmovdqu32 zmm0, [r9]
01a7  vmovdqu32 zmm1, [r9+0x40]
01ae  vmovdqu32 zmm2, [r9+0x80]
01b5  vmovdqu32 zmm3, [r9+0xC0]
01bc  vpbroadcastd zmm4, [rdx]
01c2  vdpbf16ps zmm8, zmm4, zmm0
01c8  vdpbf16ps zmm9, zmm4, zmm1
01ce  vdpbf16ps zmm10, zmm4, zmm2
01d4  vdpbf16ps zmm11, zmm4, zmm3
01da  vpbroadcastd zmm5, [rdx+r8]
01e1  vdpbf16ps zmm12, zmm5, zmm0
01e7  vdpbf16ps zmm13, zmm5, zmm1
01ed  vdpbf16ps zmm14, zmm5, zmm2
01f3  vdpbf16ps zmm15, zmm5, zmm3
01f9  vpbroadcastd zmm6, [rdx+r8*2]
0200  vdpbf16ps zmm16, zmm6, zmm0
0206  vdpbf16ps zmm17, zmm6, zmm1
020c  vdpbf16ps zmm18, zmm6, zmm2
0212  vdpbf16ps zmm19, zmm6, zmm3
0218  vpbroadcastd zmm7, [rcx]
021e  vdpbf16ps zmm20, zmm7, zmm0
0224  vdpbf16ps zmm21, zmm7, zmm1
022a  vdpbf16ps zmm22, zmm7, zmm2
0230  vdpbf16ps zmm23, zmm7, zmm3
0236  vpbroadcastd zmm4, [rcx+r8]
023d  vdpbf16ps zmm24, zmm4, zmm0
0243  vdpbf16ps zmm25, zmm4, zmm1
0249  vdpbf16ps zmm26, zmm4, zmm2
024f  vdpbf16ps zmm27, zmm4, zmm3
0255  vpbroadcastd zmm5, [rcx+r8*2]
025c  vdpbf16ps zmm28, zmm5, zmm0
0262  vdpbf16ps zmm29, zmm5, zmm1
0268  vdpbf16ps zmm30, zmm5, zmm2
026e  vdpbf16ps zmm31, zmm5, zmm3
0274  add r9, 0x100
027b  add rdx, 4
027f  add rcx, 4
0283  dec r10
0286  jne 0x00000000000001A1
028c  mov r8, [rax+0x20]
0290  mov r9, [rax+0x28]
0294  mov r11, [rax+0x30]
0298  kmovw k1, r11d
029d  cmp qword ptr [rax+0x38], 0
02a2  je 0x000000000000035F
02a8  mov rdx, r8
02ab  vaddps zmm8, zmm8, [rdx]
02b1  vaddps zmm9, zmm9, [rdx+0x40]
02b8  vaddps zmm10, zmm10, [rdx+0x80]
02bf  vaddps zmm11{k1}, zmm11, [rdx+0xC0]
02c6  add rdx, r9
02c9  vaddps zmm12, zmm12, [rdx]
02cf  vaddps zmm13, zmm13, [rdx+0x40]
02d6  vaddps zmm14, zmm14, [rdx+0x80]
02dd  vaddps zmm15{k1}, zmm15, [rdx+0xC0]
02e4  add rdx, r9
02e7  vaddps zmm16, zmm16, [rdx]
02ed  vaddps zmm17, zmm17, [rdx+0x40]
02f4  vaddps zmm18, zmm18, [rdx+0x80]
02fb  vaddps zmm19{k1}, zmm19, [rdx+0xC0]
0302  add rdx, r9
0305  vaddps zmm20, zmm20, [rdx]
030b  vaddps zmm21, zmm21, [rdx+0x40]
0312  vaddps zmm22, zmm22, [rdx+0x80]
0319  vaddps zmm23{k1}, zmm23, [rdx+0xC0]
0320  add rdx, r9
0323  vaddps zmm24, zmm24, [rdx]
0329  vaddps zmm25, zmm25, [rdx+0x40]
0330  vaddps zmm26, zmm26, [rdx+0x80]
0337  vaddps zmm27{k1}, zmm27, [rdx+0xC0]
033e  add rdx, r9
0341  vaddps zmm28, zmm28, [rdx]
0347  vaddps zmm29, zmm29, [rdx+0x40]
034e  vaddps zmm30, zmm30, [rdx+0x80]
0355  vaddps zmm31{k1}, zmm31, [rdx+0xC0]
035c  add rdx, r9
035f  vmovups [r8], zmm8
0365  vmovups [r8+0x40], zmm9
036c  vmovups [r8+0x80], zmm10
0373  vmovups [r8+0xC0]{k1}, zmm11
037a  add r8, r9
037d  vmovups [r8], zmm12
0383  vmovups [r8+0x40], zmm13
038a  vmovups [r8+0x80], zmm14
0391  vmovups [r8+0xC0]{k1}, zmm15
0398  add r8, r9
039b  vmovups [r8], zmm16
03a1  vmovups [r8+0x40], zmm17
03a8  vmovups [r8+0x80], zmm18
03af  vmovups [r8+0xC0]{k1}, zmm19
03b6  add r8, r9
03b9  vmovups [r8], zmm20
03bf  vmovups [r8+0x40], zmm21
03c6  vmovups [r8+0x80], zmm22
03cd  vmovups [r8+0xC0]{k1}, zmm23
03d4  add r8, r9
03d7  vmovups [r8], zmm24
03dd  vmovups [r8+0x40], zmm25
03e4  vmovups [r8+0x80], zmm26
03eb  vmovups [r8+0xC0]{k1}, zmm27
03f2  add r8, r9
03f5  vmovups [r8], zmm28
03fb  vmovups [r8+0x40], zmm29
0402  vmovups [r8+0x80], zmm30
0409  vmovups [r8+0xC0]{k1}, zmm31
0410  add r8, r9
0413  vmovdqu xmm6, [rsp]
0418  vmovdqu xmm7, [rsp+0x10]
041e  vmovdqu xmm8, [rsp+0x20]
0424  vmovdqu xmm9, [rsp+0x30]
042a  vmovdqu xmm10, [rsp+0x40]
0430  vmovdqu xmm11, [rsp+0x50]
0436  vmovdqu xmm12, [rsp+0x60]
043c  vmovdqu xmm13, [rsp+0x70]
0442  vmovdqu xmm14, [rsp+0x80]
044b  vmovdqu xmm15, [rsp+0x90]
0454  add rsp, 0xA8
045b  vzeroupper
045e  ret
