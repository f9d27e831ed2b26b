0000  mov rax, rdi
0003  mov r10, [rax+0x38]
0007  mov r11, [rax+0x18]
000b  mov r8, [rax+0x48]
000f  mov r9, [rax+0x50]
0013  vmovdqu32 zmm0, [r10]
0019  vmovdqu32 zmm1, [r10+0x40]
0020  vmovdqu32 zmm2, [r10+0x80]
0027  vmovdqu32 zmm3, [r10+0xC0]
002e  vpbroadcastd zmm4, [r11]
0034  vpmulld zmm8, zmm4, zmm0
003a  prefetchw [r8]
003e  vpmulld zmm9, zmm4, zmm1
0044  prefetchw [r8+0x40]
0049  vpmulld zmm10, zmm4, zmm2
004f  prefetchw [r8+0x80]
0057  vpmulld zmm11, zmm4, zmm3
005d  prefetchw [r8+0xC0]
0065  add r8, r9
0068  vpbroadcastd zmm4, [r11+4]
006f  vpmulld zmm12, zmm4, zmm0
0075  prefetchw [r8]
0079  vpmulld zmm13, zmm4, zmm1
007f  prefetchw [r8+0x40]
0084  vpmulld zmm14, zmm4, zmm2
008a  prefetchw [r8+0x80]
0092  vpmulld zmm15, zmm4, zmm3
0098  prefetchw [r8+0xC0]
00a0  add r8, r9
00a3  vpbroadcastd zmm4, [r11+8]
00aa  vpmulld zmm16, zmm4, zmm0
00b0  prefetchw [r8]
00b4  vpmulld zmm17, zmm4, zmm1
00ba  prefetchw [r8+0x40]
00bf  vpmulld zmm18, zmm4, zmm2
00c5  prefetchw [r8+0x80]
00cd  vpmulld zmm19, zmm4, zmm3
00d3  prefetchw [r8+0xC0]
00db  add r8, r9
00de  vpbroadcastd zmm4, [r11+0xC]
00e5  vpmulld zmm20, zmm4, zmm0
00eb  prefetchw [r8]
00ef  vpmulld zmm21, zmm4, zmm1
00f5  prefetchw [r8+0x40]
00fa  vpmulld zmm22, zmm4, zmm2
0100  prefetchw [r8+0x80]
0108  vpmulld zmm23, zmm4, zmm3
010e  prefetchw [r8+0xC0]
0116  add r8, r9
0119  vpbroadcastd zmm4, [r11+0x10]
0120  vpmulld zmm24, zmm4, zmm0
0126  prefetchw [r8]
012a  vpmulld zmm25, zmm4, zmm1
0130  prefetchw [r8+0x40]
0135  vpmulld zmm26, zmm4, zmm2
013b  prefetchw [r8+0x80]
0143  vpmulld zmm27, zmm4, zmm3
0149  prefetchw [r8+0xC0]
0151  add r8, r9
0154  vpbroadcastd zmm4, [r11+0x14]
015b  vpmulld zmm28, zmm4, zmm0
0161  prefetchw [r8]
0165  vpmulld zmm29, zmm4, zmm1
016b  prefetchw [r8+0x40]
0170  vpmulld zmm30, zmm4, zmm2
0176  prefetchw [r8+0x80]
017e  vpmulld zmm31, zmm4, zmm3
0184  prefetchw [r8+0xC0]
018c  add r8, r9
018f  mov rdx, [rax]
0192  mov r8, [rax+8]
0196  lea rcx, [r8+r8*2]
019a  add rcx, rdx
019d  mov r9, [rax+0x20]
01a1  mov r10, [rax+0x28]
01a5  vmovdqu32 zmm0, [r9]
01ab  vmovdqu32 zmm1, [r9+0x40]
01b2  vmovdqu32 zmm2, [r9+0x80]
01b9  vmovdqu32 zmm3, [r9+0xC0]
01c0  vpbroadcastd zmm4, [rdx]
01c6  vpdpbusd zmm8, zmm4, zmm0
01cc  vpdpbusd zmm9, zmm4, zmm1
01d2  vpdpbusd zmm10, zmm4, zmm2
01d8  vpdpbusd zmm11, zmm4, zmm3
01de  vpbroadcastd zmm5, [rdx+r8]
01e5  vpdpbusd zmm12, zmm5, zmm0
01eb  vpdpbusd zmm13, zmm5, zmm1
01f1  vpdpbusd zmm14, zmm5, zmm2
01f7  vpdpbusd zmm15, zmm5, zmm3
01fd  vpbroadcastd zmm6, [rdx+r8*2]
0204  vpdpbusd zmm16, zmm6, zmm0
020a  vpdpbusd zmm17, zmm6, zmm1
0210  vpdpbusd zmm18, zmm6, zmm2
0216  vpdpbusd zmm19, zmm6, zmm3
021c  vpbroadcastd zmm7, [rcx]
0222  vpdpbusd zmm20, zmm7, zmm0
0228  vpdpbusd zmm21, zmm7, zmm1
022e  vpdpbusd zmm22, zmm7, zmm2
0234  vpdpbusd zmm23, zmm7, zmm3
023a  vpbroadcastd zmm4, [rcx+r8]
0241  vpdpbusd zmm24, zmm4, zmm0
0247  vpdpbusd zmm25, zmm4, zmm1
024d  vpdpbusd zmm26, zmm4, zmm2
0253  vpdpbusd zmm27, zmm4, zmm3
0259  vpbroadcastd zmm5, [rcx+r8*2]
0260  vpdpbusd zmm28, zmm5, zmm0
0266  vpdpbusd zmm29, zmm5, zmm1
026c  vpdpbusd zmm30, zmm5, zmm2
0272  vpdpbusd zmm31, zmm5, zmm3
0278  add r9, 0x100
027f  add rdx, 4
0283  add rcx, 4
0287  dec r10
028a  jne 0x00000000000001A5
0290  mov rdx, [rax+0x10]
0294  mov rcx, [rax+0x30]
0298  mov r8, [rax+0x40]
029c  mov r9, [rax+0x48]
02a0  mov r10, [rax+0x50]
02a4  mov r11, [rax+0x58]
02a8  kmovw k1, r11d
02ad  vmovups zmm0, [rcx]
02b3  vmovups zmm1, [rcx+0x40]
02ba  vmovups zmm2, [rcx+0x80]
02c1  vmovups zmm3, [rcx+0xC0]
02c8  vbroadcastss zmm4, [rdx]
02ce  vmulps zmm5, zmm4, zmm0
02d4  vcvtdq2ps zmm8, zmm8
02da  vmulps zmm8, zmm8, zmm5
02e0  vaddps zmm8, zmm8, [r8]
02e6  vmovups [r9], zmm8
02ec  vmulps zmm5, zmm4, zmm1
02f2  vcvtdq2ps zmm9, zmm9
02f8  vmulps zmm9, zmm9, zmm5
02fe  vaddps zmm9, zmm9, [r8+0x40]
0305  vmovups [r9+0x40], zmm9
030c  vmulps zmm5, zmm4, zmm2
0312  vcvtdq2ps zmm10, zmm10
0318  vmulps zmm10, zmm10, zmm5
031e  vaddps zmm10, zmm10, [r8+0x80]
0325  vmovups [r9+0x80], zmm10
032c  vmulps zmm5, zmm4, zmm3
0332  vcvtdq2ps zmm11, zmm11
0338  vmulps zmm11, zmm11, zmm5
033e  vaddps zmm11{k1}{z}, zmm11, [r8+0xC0]
0345  vmovups [r9+0xC0]{k1}, zmm11
034c  add r9, r10
034f  vbroadcastss zmm4, [rdx+4]
0356  vmulps zmm5, zmm4, zmm0
035c  vcvtdq2ps zmm12, zmm12
0362  vmulps zmm12, zmm12, zmm5
0368  vaddps zmm12, zmm12, [r8]
036e  vmovups [r9], zmm12
0374  vmulps zmm5, zmm4, zmm1
037a  vcvtdq2ps zmm13, zmm13
0380  vmulps zmm13, zmm13, zmm5
0386  vaddps zmm13, zmm13, [r8+0x40]
038d  vmovups [r9+0x40], zmm13
0394  vmulps zmm5, zmm4, zmm2
039a  vcvtdq2ps zmm14, zmm14
03a0  vmulps zmm14, zmm14, zmm5
03a6  vaddps zmm14, zmm14, [r8+0x80]
03ad  vmovups [r9+0x80], zmm14
03b4  vmulps zmm5, zmm4, zmm3
03ba  vcvtdq2ps zmm15, zmm15
03c0  vmulps zmm15, zmm15, zmm5
03c6  vaddps zmm15{k1}{z}, zmm15, [r8+0xC0]
03cd  vmovups [r9+0xC0]{k1}, zmm15
03d4  add r9, r10
03d7  vbroadcastss zmm4, [rdx+8]
03de  vmulps zmm5, zmm4, zmm0
03e4  vcvtdq2ps zmm16, zmm16
03ea  vmulps zmm16, zmm16, zmm5
03f0  vaddps zmm16, zmm16, [r8]
03f6  vmovups [r9], zmm16
03fc  vmulps zmm5, zmm4, zmm1
0402  vcvtdq2ps zmm17, zmm17
0408  vmulps zmm17, zmm17, zmm5
040e  vaddps zmm17, zmm17, [r8+0x40]
0415  vmovups [r9+0x40], zmm17
041c  vmulps zmm5, zmm4, zmm2
0422  vcvtdq2ps zmm18, zmm18
0428  vmulps zmm18, zmm18, zmm5
042e  vaddps zmm18, zmm18, [r8+0x80]
0435  vmovups [r9+0x80], zmm18
043c  vmulps zmm5, zmm4, zmm3
0442  vcvtdq2ps zmm19, zmm19
0448  vmulps zmm19, zmm19, zmm5
044e  vaddps zmm19{k1}{z}, zmm19, [r8+0xC0]
0455  vmovups [r9+0xC0]{k1}, zmm19
045c  add r9, r10
045f  vbroadcastss zmm4, [rdx+0xC]
0466  vmulps zmm5, zmm4, zmm0
046c  vcvtdq2ps zmm20, zmm20
0472  vmulps zmm20, zmm20, zmm5
0478  vaddps zmm20, zmm20, [r8]
047e  vmovups [r9], zmm20
0484  vmulps zmm5, zmm4, zmm1
048a  vcvtdq2ps zmm21, zmm21
0490  vmulps zmm21, zmm21, zmm5
0496  vaddps zmm21, zmm21, [r8+0x40]
049d  vmovups [r9+0x40], zmm21
04a4  vmulps zmm5, zmm4, zmm2
04aa  vcvtdq2ps zmm22, zmm22
04b0  vmulps zmm22, zmm22, zmm5
04b6  vaddps zmm22, zmm22, [r8+0x80]
04bd  vmovups [r9+0x80], zmm22
04c4  vmulps zmm5, zmm4, zmm3
04ca  vcvtdq2ps zmm23, zmm23
04d0  vmulps zmm23, zmm23, zmm5
04d6  vaddps zmm23{k1}{z}, zmm23, [r8+0xC0]
04dd  vmovups [r9+0xC0]{k1}, zmm23
04e4  add r9, r10
04e7  vbroadcastss zmm4, [rdx+0x10]
04ee  vmulps zmm5, zmm4, zmm0
04f4  vcvtdq2ps zmm24, zmm24
04fa  vmulps zmm24, zmm24, zmm5
0500  vaddps zmm24, zmm24, [r8]
0506  vmovups [r9], zmm24
050c  vmulps zmm5, zmm4, zmm1
0512  vcvtdq2ps zmm25, zmm25
0518  vmulps zmm25, zmm25, zmm5
051e  vaddps zmm25, zmm25, [r8+0x40]
0525  vmovups [r9+0x40], zmm25
052c  vmulps zmm5, zmm4, zmm2
0532  vcvtdq2ps zmm26, zmm26
0538  vmulps zmm26, zmm26, zmm5
053e  vaddps zmm26, zmm26, [r8+0x80]
0545  vmovups [r9+0x80], zmm26
054c  vmulps zmm5, zmm4, zmm3
0552  vcvtdq2ps zmm27, zmm27
0558  vmulps zmm27, zmm27, zmm5
055e  vaddps zmm27{k1}{z}, zmm27, [r8+0xC0]
0565  vmovups [r9+0xC0]{k1}, zmm27
056c  add r9, r10
056f  vbroadcastss zmm4, [rdx+0x14]
0576  vmulps zmm5, zmm4, zmm0
057c  vcvtdq2ps zmm28, zmm28
0582  vmulps zmm28, zmm28, zmm5
0588  vaddps zmm28, zmm28, [r8]
058e  vmovups [r9], zmm28
0594  vmulps zmm5, zmm4, zmm1
059a  vcvtdq2ps zmm29, zmm29
05a0  vmulps zmm29, zmm29, zmm5
05a6  vaddps zmm29, zmm29, [r8+0x40]
05ad  vmovups [r9+0x40], zmm29
05b4  vmulps zmm5, zmm4, zmm2
05ba  vcvtdq2ps zmm30, zmm30
05c0  vmulps zmm30, zmm30, zmm5
05c6  vaddps zmm30, zmm30, [r8+0x80]
05cd  vmovups [r9+0x80], zmm30
05d4  vmulps zmm5, zmm4, zmm3
05da  vcvtdq2ps zmm31, zmm31
05e0  vmulps zmm31, zmm31, zmm5
05e6  vaddps zmm31{k1}{z}, zmm31, [r8+0xC0]
05ed  vmovups [r9+0xC0]{k1}, zmm31
05f4  vzeroupper
05f7  ret
