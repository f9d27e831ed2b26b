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
01a5  mov r11, [rax+0x60]
01a9  vmovdqu32 zmm0, [r9]
01af  vmovdqu32 zmm1, [r9+0x40]
01b6  vmovdqu32 zmm2, [r9+0x80]
01bd  vmovdqu32 zmm3, [r9+0xC0]
01c4  prefetcht1 [r9+r11]
01c9  vpbroadcastd zmm4, [rdx]
01cf  vpdpbusd zmm8, zmm4, zmm0
01d5  vpdpbusd zmm9, zmm4, zmm1
01db  vpdpbusd zmm10, zmm4, zmm2
01e1  vpdpbusd zmm11, zmm4, zmm3
01e7  vpbroadcastd zmm5, [rdx+r8]
01ee  vpdpbusd zmm12, zmm5, zmm0
01f4  vpdpbusd zmm13, zmm5, zmm1
01fa  vpdpbusd zmm14, zmm5, zmm2
0200  vpdpbusd zmm15, zmm5, zmm3
0206  vpbroadcastd zmm6, [rdx+r8*2]
020d  vpdpbusd zmm16, zmm6, zmm0
0213  vpdpbusd zmm17, zmm6, zmm1
0219  vpdpbusd zmm18, zmm6, zmm2
021f  vpdpbusd zmm19, zmm6, zmm3
0225  vpbroadcastd zmm7, [rcx]
022b  vpdpbusd zmm20, zmm7, zmm0
0231  vpdpbusd zmm21, zmm7, zmm1
0237  vpdpbusd zmm22, zmm7, zmm2
023d  vpdpbusd zmm23, zmm7, zmm3
0243  vpbroadcastd zmm4, [rcx+r8]
024a  vpdpbusd zmm24, zmm4, zmm0
0250  vpdpbusd zmm25, zmm4, zmm1
0256  vpdpbusd zmm26, zmm4, zmm2
025c  vpdpbusd zmm27, zmm4, zmm3
0262  vpbroadcastd zmm5, [rcx+r8*2]
0269  vpdpbusd zmm28, zmm5, zmm0
026f  vpdpbusd zmm29, zmm5, zmm1
0275  vpdpbusd zmm30, zmm5, zmm2
027b  vpdpbusd zmm31, zmm5, zmm3
0281  add r9, 0x100
0288  add rdx, 4
028c  add rcx, 4
0290  dec r10
0293  jne 0x00000000000001A9
0299  mov rdx, [rax+0x10]
029d  mov rcx, [rax+0x30]
02a1  mov r8, [rax+0x40]
02a5  mov r9, [rax+0x48]
02a9  mov r10, [rax+0x50]
02ad  mov r11, [rax+0x58]
02b1  kmovw k1, r11d
02b6  vmovups zmm0, [rcx]
02bc  vmovups zmm1, [rcx+0x40]
02c3  vmovups zmm2, [rcx+0x80]
02ca  vmovups zmm3, [rcx+0xC0]
02d1  vbroadcastss zmm4, [rdx]
02d7  vmulps zmm5, zmm4, zmm0
02dd  vcvtdq2ps zmm8, zmm8
02e3  vmulps zmm8, zmm8, zmm5
02e9  vaddps zmm8, zmm8, [r8]
02ef  vmovups [r9], zmm8
02f5  vmulps zmm5, zmm4, zmm1
02fb  vcvtdq2ps zmm9, zmm9
0301  vmulps zmm9, zmm9, zmm5
0307  vaddps zmm9, zmm9, [r8+0x40]
030e  vmovups [r9+0x40], zmm9
0315  vmulps zmm5, zmm4, zmm2
031b  vcvtdq2ps zmm10, zmm10
0321  vmulps zmm10, zmm10, zmm5
0327  vaddps zmm10, zmm10, [r8+0x80]
032e  vmovups [r9+0x80], zmm10
0335  vmulps zmm5, zmm4, zmm3
033b  vcvtdq2ps zmm11, zmm11
0341  vmulps zmm11, zmm11, zmm5
0347  vaddps zmm11{k1}{z}, zmm11, [r8+0xC0]
034e  vmovups [r9+0xC0]{k1}, zmm11
0355  add r9, r10
0358  vbroadcastss zmm4, [rdx+4]
035f  vmulps zmm5, zmm4, zmm0
0365  vcvtdq2ps zmm12, zmm12
036b  vmulps zmm12, zmm12, zmm5
0371  vaddps zmm12, zmm12, [r8]
0377  vmovups [r9], zmm12
037d  vmulps zmm5, zmm4, zmm1
0383  vcvtdq2ps zmm13, zmm13
0389  vmulps zmm13, zmm13, zmm5
038f  vaddps zmm13, zmm13, [r8+0x40]
0396  vmovups [r9+0x40], zmm13
039d  vmulps zmm5, zmm4, zmm2
03a3  vcvtdq2ps zmm14, zmm14
03a9  vmulps zmm14, zmm14, zmm5
03af  vaddps zmm14, zmm14, [r8+0x80]
03b6  vmovups [r9+0x80], zmm14
03bd  vmulps zmm5, zmm4, zmm3
03c3  vcvtdq2ps zmm15, zmm15
03c9  vmulps zmm15, zmm15, zmm5
03cf  vaddps zmm15{k1}{z}, zmm15, [r8+0xC0]
03d6  vmovups [r9+0xC0]{k1}, zmm15
03dd  add r9, r10
03e0  vbroadcastss zmm4, [rdx+8]
03e7  vmulps zmm5, zmm4, zmm0
03ed  vcvtdq2ps zmm16, zmm16
03f3  vmulps zmm16, zmm16, zmm5
03f9  vaddps zmm16, zmm16, [r8]
03ff  vmovups [r9], zmm16
0405  vmulps zmm5, zmm4, zmm1
040b  vcvtdq2ps zmm17, zmm17
0411  vmulps zmm17, zmm17, zmm5
0417  vaddps zmm17, zmm17, [r8+0x40]
041e  vmovups [r9+0x40], zmm17
0425  vmulps zmm5, zmm4, zmm2
042b  vcvtdq2ps zmm18, zmm18
0431  vmulps zmm18, zmm18, zmm5
0437  vaddps zmm18, zmm18, [r8+0x80]
043e  vmovups [r9+0x80], zmm18
0445  vmulps zmm5, zmm4, zmm3
044b  vcvtdq2ps zmm19, zmm19
0451  vmulps zmm19, zmm19, zmm5
0457  vaddps zmm19{k1}{z}, zmm19, [r8+0xC0]
045e  vmovups [r9+0xC0]{k1}, zmm19
0465  add r9, r10
0468  vbroadcastss zmm4, [rdx+0xC]
046f  vmulps zmm5, zmm4, zmm0
0475  vcvtdq2ps zmm20, zmm20
047b  vmulps zmm20, zmm20, zmm5
0481  vaddps zmm20, zmm20, [r8]
0487  vmovups [r9], zmm20
048d  vmulps zmm5, zmm4, zmm1
0493  vcvtdq2ps zmm21, zmm21
0499  vmulps zmm21, zmm21, zmm5
049f  vaddps zmm21, zmm21, [r8+0x40]
04a6  vmovups [r9+0x40], zmm21
04ad  vmulps zmm5, zmm4, zmm2
04b3  vcvtdq2ps zmm22, zmm22
04b9  vmulps zmm22, zmm22, zmm5
04bf  vaddps zmm22, zmm22, [r8+0x80]
04c6  vmovups [r9+0x80], zmm22
04cd  vmulps zmm5, zmm4, zmm3
04d3  vcvtdq2ps zmm23, zmm23
04d9  vmulps zmm23, zmm23, zmm5
04df  vaddps zmm23{k1}{z}, zmm23, [r8+0xC0]
04e6  vmovups [r9+0xC0]{k1}, zmm23
04ed  add r9, r10
04f0  vbroadcastss zmm4, [rdx+0x10]
04f7  vmulps zmm5, zmm4, zmm0
04fd  vcvtdq2ps zmm24, zmm24
0503  vmulps zmm24, zmm24, zmm5
0509  vaddps zmm24, zmm24, [r8]
050f  vmovups [r9], zmm24
0515  vmulps zmm5, zmm4, zmm1
051b  vcvtdq2ps zmm25, zmm25
0521  vmulps zmm25, zmm25, zmm5
0527  vaddps zmm25, zmm25, [r8+0x40]
052e  vmovups [r9+0x40], zmm25
0535  vmulps zmm5, zmm4, zmm2
053b  vcvtdq2ps zmm26, zmm26
0541  vmulps zmm26, zmm26, zmm5
0547  vaddps zmm26, zmm26, [r8+0x80]
054e  vmovups [r9+0x80], zmm26
0555  vmulps zmm5, zmm4, zmm3
055b  vcvtdq2ps zmm27, zmm27
0561  vmulps zmm27, zmm27, zmm5
0567  vaddps zmm27{k1}{z}, zmm27, [r8+0xC0]
056e  vmovups [r9+0xC0]{k1}, zmm27
0575  add r9, r10
0578  vbroadcastss zmm4, [rdx+0x14]
057f  vmulps zmm5, zmm4, zmm0
0585  vcvtdq2ps zmm28, zmm28
058b  vmulps zmm28, zmm28, zmm5
0591  vaddps zmm28, zmm28, [r8]
0597  vmovups [r9], zmm28
059d  vmulps zmm5, zmm4, zmm1
05a3  vcvtdq2ps zmm29, zmm29
05a9  vmulps zmm29, zmm29, zmm5
05af  vaddps zmm29, zmm29, [r8+0x40]
05b6  vmovups [r9+0x40], zmm29
05bd  vmulps zmm5, zmm4, zmm2
05c3  vcvtdq2ps zmm30, zmm30
05c9  vmulps zmm30, zmm30, zmm5
05cf  vaddps zmm30, zmm30, [r8+0x80]
05d6  vmovups [r9+0x80], zmm30
05dd  vmulps zmm5, zmm4, zmm3
05e3  vcvtdq2ps zmm31, zmm31
05e9  vmulps zmm31, zmm31, zmm5
05ef  vaddps zmm31{k1}{z}, zmm31, [r8+0xC0]
05f6  vmovups [r9+0xC0]{k1}, zmm31
05fd  imul rdx, [rax+8], 6
0602  add [rax], rdx
0605  imul r10, 6
0609  add [rax+0x48], r10
060d  add qword ptr [rax+0x10], 0x18
0612  add qword ptr [rax+0x18], 0x18
0617  add qword ptr [rax+0x60], 0x40
061c  dec qword ptr [rax+0x68]
0620  jne 3
0626  vzeroupper
0629  ret
