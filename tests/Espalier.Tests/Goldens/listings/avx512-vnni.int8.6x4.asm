0000  mov rax, rdi
0003  mov r10, [rax+0x38]
0007  mov r11, [rax+0x18]
000b  vmovdqu32 zmm0, [r10]
0011  vmovdqu32 zmm1, [r10+0x40]
0018  vmovdqu32 zmm2, [r10+0x80]
001f  vmovdqu32 zmm3, [r10+0xC0]
0026  vpbroadcastd zmm4, [r11]
002c  vpmulld zmm8, zmm4, zmm0
0032  vpmulld zmm9, zmm4, zmm1
0038  vpmulld zmm10, zmm4, zmm2
003e  vpmulld zmm11, zmm4, zmm3
0044  vpbroadcastd zmm4, [r11+4]
004b  vpmulld zmm12, zmm4, zmm0
0051  vpmulld zmm13, zmm4, zmm1
0057  vpmulld zmm14, zmm4, zmm2
005d  vpmulld zmm15, zmm4, zmm3
0063  vpbroadcastd zmm4, [r11+8]
006a  vpmulld zmm16, zmm4, zmm0
0070  vpmulld zmm17, zmm4, zmm1
0076  vpmulld zmm18, zmm4, zmm2
007c  vpmulld zmm19, zmm4, zmm3
0082  vpbroadcastd zmm4, [r11+0xC]
0089  vpmulld zmm20, zmm4, zmm0
008f  vpmulld zmm21, zmm4, zmm1
0095  vpmulld zmm22, zmm4, zmm2
009b  vpmulld zmm23, zmm4, zmm3
00a1  vpbroadcastd zmm4, [r11+0x10]
00a8  vpmulld zmm24, zmm4, zmm0
00ae  vpmulld zmm25, zmm4, zmm1
00b4  vpmulld zmm26, zmm4, zmm2
00ba  vpmulld zmm27, zmm4, zmm3
00c0  vpbroadcastd zmm4, [r11+0x14]
00c7  vpmulld zmm28, zmm4, zmm0
00cd  vpmulld zmm29, zmm4, zmm1
00d3  vpmulld zmm30, zmm4, zmm2
00d9  vpmulld zmm31, zmm4, zmm3
00df  mov rdx, [rax]
00e2  mov r8, [rax+8]
00e6  lea rcx, [r8+r8*2]
00ea  add rcx, rdx
00ed  mov r9, [rax+0x20]
00f1  mov r10, [rax+0x28]
00f5  vmovdqu32 zmm0, [r9]
00fb  vmovdqu32 zmm1, [r9+0x40]
0102  vmovdqu32 zmm2, [r9+0x80]
0109  vmovdqu32 zmm3, [r9+0xC0]
0110  vpbroadcastd zmm4, [rdx]
0116  vpdpbusd zmm8, zmm4, zmm0
011c  vpdpbusd zmm9, zmm4, zmm1
0122  vpdpbusd zmm10, zmm4, zmm2
0128  vpdpbusd zmm11, zmm4, zmm3
012e  vpbroadcastd zmm5, [rdx+r8]
0135  vpdpbusd zmm12, zmm5, zmm0
013b  vpdpbusd zmm13, zmm5, zmm1
0141  vpdpbusd zmm14, zmm5, zmm2
0147  vpdpbusd zmm15, zmm5, zmm3
014d  vpbroadcastd zmm6, [rdx+r8*2]
0154  vpdpbusd zmm16, zmm6, zmm0
015a  vpdpbusd zmm17, zmm6, zmm1
0160  vpdpbusd zmm18, zmm6, zmm2
0166  vpdpbusd zmm19, zmm6, zmm3
016c  vpbroadcastd zmm7, [rcx]
0172  vpdpbusd zmm20, zmm7, zmm0
0178  vpdpbusd zmm21, zmm7, zmm1
017e  vpdpbusd zmm22, zmm7, zmm2
0184  vpdpbusd zmm23, zmm7, zmm3
018a  vpbroadcastd zmm4, [rcx+r8]
0191  vpdpbusd zmm24, zmm4, zmm0
0197  vpdpbusd zmm25, zmm4, zmm1
019d  vpdpbusd zmm26, zmm4, zmm2
01a3  vpdpbusd zmm27, zmm4, zmm3
01a9  vpbroadcastd zmm5, [rcx+r8*2]
01b0  vpdpbusd zmm28, zmm5, zmm0
01b6  vpdpbusd zmm29, zmm5, zmm1
01bc  vpdpbusd zmm30, zmm5, zmm2
01c2  vpdpbusd zmm31, zmm5, zmm3
01c8  add r9, 0x100
01cf  add rdx, 4
01d3  add rcx, 4
01d7  dec r10
01da  jne 0x00000000000000F5
01e0  mov rdx, [rax+0x10]
01e4  mov rcx, [rax+0x30]
01e8  mov r8, [rax+0x40]
01ec  mov r9, [rax+0x48]
01f0  mov r10, [rax+0x50]
01f4  mov r11, [rax+0x58]
01f8  kmovw k1, r11d
01fd  vmovups zmm0, [rcx]
0203  vmovups zmm1, [rcx+0x40]
020a  vmovups zmm2, [rcx+0x80]
0211  vmovups zmm3, [rcx+0xC0]
0218  vbroadcastss zmm4, [rdx]
021e  vmulps zmm5, zmm4, zmm0
0224  vcvtdq2ps zmm8, zmm8
022a  vmulps zmm8, zmm8, zmm5
0230  vaddps zmm8, zmm8, [r8]
0236  vmovups [r9], zmm8
023c  vmulps zmm5, zmm4, zmm1
0242  vcvtdq2ps zmm9, zmm9
0248  vmulps zmm9, zmm9, zmm5
024e  vaddps zmm9, zmm9, [r8+0x40]
0255  vmovups [r9+0x40], zmm9
025c  vmulps zmm5, zmm4, zmm2
0262  vcvtdq2ps zmm10, zmm10
0268  vmulps zmm10, zmm10, zmm5
026e  vaddps zmm10, zmm10, [r8+0x80]
0275  vmovups [r9+0x80], zmm10
027c  vmulps zmm5, zmm4, zmm3
0282  vcvtdq2ps zmm11, zmm11
0288  vmulps zmm11, zmm11, zmm5
028e  vaddps zmm11{k1}{z}, zmm11, [r8+0xC0]
0295  vmovups [r9+0xC0]{k1}, zmm11
029c  add r9, r10
029f  vbroadcastss zmm4, [rdx+4]
02a6  vmulps zmm5, zmm4, zmm0
02ac  vcvtdq2ps zmm12, zmm12
02b2  vmulps zmm12, zmm12, zmm5
02b8  vaddps zmm12, zmm12, [r8]
02be  vmovups [r9], zmm12
02c4  vmulps zmm5, zmm4, zmm1
02ca  vcvtdq2ps zmm13, zmm13
02d0  vmulps zmm13, zmm13, zmm5
02d6  vaddps zmm13, zmm13, [r8+0x40]
02dd  vmovups [r9+0x40], zmm13
02e4  vmulps zmm5, zmm4, zmm2
02ea  vcvtdq2ps zmm14, zmm14
02f0  vmulps zmm14, zmm14, zmm5
02f6  vaddps zmm14, zmm14, [r8+0x80]
02fd  vmovups [r9+0x80], zmm14
0304  vmulps zmm5, zmm4, zmm3
030a  vcvtdq2ps zmm15, zmm15
0310  vmulps zmm15, zmm15, zmm5
0316  vaddps zmm15{k1}{z}, zmm15, [r8+0xC0]
031d  vmovups [r9+0xC0]{k1}, zmm15
0324  add r9, r10
0327  vbroadcastss zmm4, [rdx+8]
032e  vmulps zmm5, zmm4, zmm0
0334  vcvtdq2ps zmm16, zmm16
033a  vmulps zmm16, zmm16, zmm5
0340  vaddps zmm16, zmm16, [r8]
0346  vmovups [r9], zmm16
034c  vmulps zmm5, zmm4, zmm1
0352  vcvtdq2ps zmm17, zmm17
0358  vmulps zmm17, zmm17, zmm5
035e  vaddps zmm17, zmm17, [r8+0x40]
0365  vmovups [r9+0x40], zmm17
036c  vmulps zmm5, zmm4, zmm2
0372  vcvtdq2ps zmm18, zmm18
0378  vmulps zmm18, zmm18, zmm5
037e  vaddps zmm18, zmm18, [r8+0x80]
0385  vmovups [r9+0x80], zmm18
038c  vmulps zmm5, zmm4, zmm3
0392  vcvtdq2ps zmm19, zmm19
0398  vmulps zmm19, zmm19, zmm5
039e  vaddps zmm19{k1}{z}, zmm19, [r8+0xC0]
03a5  vmovups [r9+0xC0]{k1}, zmm19
03ac  add r9, r10
03af  vbroadcastss zmm4, [rdx+0xC]
03b6  vmulps zmm5, zmm4, zmm0
03bc  vcvtdq2ps zmm20, zmm20
03c2  vmulps zmm20, zmm20, zmm5
03c8  vaddps zmm20, zmm20, [r8]
03ce  vmovups [r9], zmm20
03d4  vmulps zmm5, zmm4, zmm1
03da  vcvtdq2ps zmm21, zmm21
03e0  vmulps zmm21, zmm21, zmm5
03e6  vaddps zmm21, zmm21, [r8+0x40]
03ed  vmovups [r9+0x40], zmm21
03f4  vmulps zmm5, zmm4, zmm2
03fa  vcvtdq2ps zmm22, zmm22
0400  vmulps zmm22, zmm22, zmm5
0406  vaddps zmm22, zmm22, [r8+0x80]
040d  vmovups [r9+0x80], zmm22
0414  vmulps zmm5, zmm4, zmm3
041a  vcvtdq2ps zmm23, zmm23
0420  vmulps zmm23, zmm23, zmm5
0426  vaddps zmm23{k1}{z}, zmm23, [r8+0xC0]
042d  vmovups [r9+0xC0]{k1}, zmm23
0434  add r9, r10
0437  vbroadcastss zmm4, [rdx+0x10]
043e  vmulps zmm5, zmm4, zmm0
0444  vcvtdq2ps zmm24, zmm24
044a  vmulps zmm24, zmm24, zmm5
0450  vaddps zmm24, zmm24, [r8]
0456  vmovups [r9], zmm24
045c  vmulps zmm5, zmm4, zmm1
0462  vcvtdq2ps zmm25, zmm25
0468  vmulps zmm25, zmm25, zmm5
046e  vaddps zmm25, zmm25, [r8+0x40]
0475  vmovups [r9+0x40], zmm25
047c  vmulps zmm5, zmm4, zmm2
0482  vcvtdq2ps zmm26, zmm26
0488  vmulps zmm26, zmm26, zmm5
048e  vaddps zmm26, zmm26, [r8+0x80]
0495  vmovups [r9+0x80], zmm26
049c  vmulps zmm5, zmm4, zmm3
04a2  vcvtdq2ps zmm27, zmm27
04a8  vmulps zmm27, zmm27, zmm5
04ae  vaddps zmm27{k1}{z}, zmm27, [r8+0xC0]
04b5  vmovups [r9+0xC0]{k1}, zmm27
04bc  add r9, r10
04bf  vbroadcastss zmm4, [rdx+0x14]
04c6  vmulps zmm5, zmm4, zmm0
04cc  vcvtdq2ps zmm28, zmm28
04d2  vmulps zmm28, zmm28, zmm5
04d8  vaddps zmm28, zmm28, [r8]
04de  vmovups [r9], zmm28
04e4  vmulps zmm5, zmm4, zmm1
04ea  vcvtdq2ps zmm29, zmm29
04f0  vmulps zmm29, zmm29, zmm5
04f6  vaddps zmm29, zmm29, [r8+0x40]
04fd  vmovups [r9+0x40], zmm29
0504  vmulps zmm5, zmm4, zmm2
050a  vcvtdq2ps zmm30, zmm30
0510  vmulps zmm30, zmm30, zmm5
0516  vaddps zmm30, zmm30, [r8+0x80]
051d  vmovups [r9+0x80], zmm30
0524  vmulps zmm5, zmm4, zmm3
052a  vcvtdq2ps zmm31, zmm31
0530  vmulps zmm31, zmm31, zmm5
0536  vaddps zmm31{k1}{z}, zmm31, [r8+0xC0]
053d  vmovups [r9+0xC0]{k1}, zmm31
0544  vzeroupper
0547  ret
