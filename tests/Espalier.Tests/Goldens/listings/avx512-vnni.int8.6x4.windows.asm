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
004b  mov r10, [rax+0x38]
004f  mov r11, [rax+0x18]
0053  vmovdqu32 zmm0, [r10]
0059  vmovdqu32 zmm1, [r10+0x40]
0060  vmovdqu32 zmm2, [r10+0x80]
0067  vmovdqu32 zmm3, [r10+0xC0]
006e  vpbroadcastd zmm4, [r11]
0074  vpmulld zmm8, zmm4, zmm0
007a  vpmulld zmm9, zmm4, zmm1
0080  vpmulld zmm10, zmm4, zmm2
0086  vpmulld zmm11, zmm4, zmm3
008c  vpbroadcastd zmm4, [r11+4]
0093  vpmulld zmm12, zmm4, zmm0
0099  vpmulld zmm13, zmm4, zmm1
009f  vpmulld zmm14, zmm4, zmm2
00a5  vpmulld zmm15, zmm4, zmm3
00ab  vpbroadcastd zmm4, [r11+8]
00b2  vpmulld zmm16, zmm4, zmm0
00b8  vpmulld zmm17, zmm4, zmm1
00be  vpmulld zmm18, zmm4, zmm2
00c4  vpmulld zmm19, zmm4, zmm3
00ca  vpbroadcastd zmm4, [r11+0xC]
00d1  vpmulld zmm20, zmm4, zmm0
00d7  vpmulld zmm21, zmm4, zmm1
00dd  vpmulld zmm22, zmm4, zmm2
00e3  vpmulld zmm23, zmm4, zmm3
00e9  vpbroadcastd zmm4, [r11+0x10]
00f0  vpmulld zmm24, zmm4, zmm0
00f6  vpmulld zmm25, zmm4, zmm1
00fc  vpmulld zmm26, zmm4, zmm2
0102  vpmulld zmm27, zmm4, zmm3
0108  vpbroadcastd zmm4, [r11+0x14]
010f  vpmulld zmm28, zmm4, zmm0
0115  vpmulld zmm29, zmm4, zmm1
011b  vpmulld zmm30, zmm4, zmm2
0121  vpmulld zmm31, zmm4, zmm3
0127  mov rdx, [rax]
012a  mov r8, [rax+8]
012e  lea rcx, [r8+r8*2]
0132  add rcx, rdx
0135  mov r9, [rax+0x20]
0139  mov r10, [rax+0x28]
013d  vmovdqu32 zmm0, [r9]
0143  vmovdqu32 zmm1, [r9+0x40]
014a  vmovdqu32 zmm2, [r9+0x80]
0151  vmovdqu32 zmm3, [r9+0xC0]
0158  vpbroadcastd zmm4, [rdx]
015e  vpdpbusd zmm8, zmm4, zmm0
0164  vpdpbusd zmm9, zmm4, zmm1
016a  vpdpbusd zmm10, zmm4, zmm2
0170  vpdpbusd zmm11, zmm4, zmm3
0176  vpbroadcastd zmm5, [rdx+r8]
017d  vpdpbusd zmm12, zmm5, zmm0
0183  vpdpbusd zmm13, zmm5, zmm1
0189  vpdpbusd zmm14, zmm5, zmm2
018f  vpdpbusd zmm15, zmm5, zmm3
0195  vpbroadcastd zmm6, [rdx+r8*2]
019c  vpdpbusd zmm16, zmm6, zmm0
01a2  vpdpbusd zmm17, zmm6, zmm1
01a8  vpdpbusd zmm18, zmm6, zmm2
01ae  vpdpbusd zmm19, zmm6, zmm3
01b4  vpbroadcastd zmm7, [rcx]
01ba  vpdpbusd zmm20, zmm7, zmm0
01c0  vpdpbusd zmm21, zmm7, zmm1
01c6  vpdpbusd zmm22, zmm7, zmm2
01cc  vpdpbusd zmm23, zmm7, zmm3
01d2  vpbroadcastd zmm4, [rcx+r8]
01d9  vpdpbusd zmm24, zmm4, zmm0
01df  vpdpbusd zmm25, zmm4, zmm1
01e5  vpdpbusd zmm26, zmm4, zmm2
01eb  vpdpbusd zmm27, zmm4, zmm3
01f1  vpbroadcastd zmm5, [rcx+r8*2]
01f8  vpdpbusd zmm28, zmm5, zmm0
01fe  vpdpbusd zmm29, zmm5, zmm1
0204  vpdpbusd zmm30, zmm5, zmm2
020a  vpdpbusd zmm31, zmm5, zmm3
0210  add r9, 0x100
0217  add rdx, 4
021b  add rcx, 4
021f  dec r10
0222  jne 0x000000000000013D
0228  mov rdx, [rax+0x10]
022c  mov rcx, [rax+0x30]
0230  mov r8, [rax+0x40]
0234  mov r9, [rax+0x48]
0238  mov r10, [rax+0x50]
023c  mov r11, [rax+0x58]
0240  kmovw k1, r11d
0245  vmovups zmm0, [rcx]
024b  vmovups zmm1, [rcx+0x40]
0252  vmovups zmm2, [rcx+0x80]
0259  vmovups zmm3, [rcx+0xC0]
0260  vbroadcastss zmm4, [rdx]
0266  vmulps zmm5, zmm4, zmm0
026c  vcvtdq2ps zmm8, zmm8
0272  vmulps zmm8, zmm8, zmm5
0278  vaddps zmm8, zmm8, [r8]
027e  vmovups [r9], zmm8
0284  vmulps zmm5, zmm4, zmm1
028a  vcvtdq2ps zmm9, zmm9
0290  vmulps zmm9, zmm9, zmm5
0296  vaddps zmm9, zmm9, [r8+0x40]
029d  vmovups [r9+0x40], zmm9
02a4  vmulps zmm5, zmm4, zmm2
02aa  vcvtdq2ps zmm10, zmm10
02b0  vmulps zmm10, zmm10, zmm5
02b6  vaddps zmm10, zmm10, [r8+0x80]
02bd  vmovups [r9+0x80], zmm10
02c4  vmulps zmm5, zmm4, zmm3
02ca  vcvtdq2ps zmm11, zmm11
02d0  vmulps zmm11, zmm11, zmm5
02d6  vaddps zmm11{k1}{z}, zmm11, [r8+0xC0]
02dd  vmovups [r9+0xC0]{k1}, zmm11
02e4  add r9, r10
02e7  vbroadcastss zmm4, [rdx+4]
02ee  vmulps zmm5, zmm4, zmm0
02f4  vcvtdq2ps zmm12, zmm12
02fa  vmulps zmm12, zmm12, zmm5
0300  vaddps zmm12, zmm12, [r8]
0306  vmovups [r9], zmm12
030c  vmulps zmm5, zmm4, zmm1
0312  vcvtdq2ps zmm13, zmm13
0318  vmulps zmm13, zmm13, zmm5
031e  vaddps zmm13, zmm13, [r8+0x40]
0325  vmovups [r9+0x40], zmm13
032c  vmulps zmm5, zmm4, zmm2
0332  vcvtdq2ps zmm14, zmm14
0338  vmulps zmm14, zmm14, zmm5
033e  vaddps zmm14, zmm14, [r8+0x80]
0345  vmovups [r9+0x80], zmm14
034c  vmulps zmm5, zmm4, zmm3
0352  vcvtdq2ps zmm15, zmm15
0358  vmulps zmm15, zmm15, zmm5
035e  vaddps zmm15{k1}{z}, zmm15, [r8+0xC0]
0365  vmovups [r9+0xC0]{k1}, zmm15
036c  add r9, r10
036f  vbroadcastss zmm4, [rdx+8]
0376  vmulps zmm5, zmm4, zmm0
037c  vcvtdq2ps zmm16, zmm16
0382  vmulps zmm16, zmm16, zmm5
0388  vaddps zmm16, zmm16, [r8]
038e  vmovups [r9], zmm16
0394  vmulps zmm5, zmm4, zmm1
039a  vcvtdq2ps zmm17, zmm17
03a0  vmulps zmm17, zmm17, zmm5
03a6  vaddps zmm17, zmm17, [r8+0x40]
03ad  vmovups [r9+0x40], zmm17
03b4  vmulps zmm5, zmm4, zmm2
03ba  vcvtdq2ps zmm18, zmm18
03c0  vmulps zmm18, zmm18, zmm5
03c6  vaddps zmm18, zmm18, [r8+0x80]
03cd  vmovups [r9+0x80], zmm18
03d4  vmulps zmm5, zmm4, zmm3
03da  vcvtdq2ps zmm19, zmm19
03e0  vmulps zmm19, zmm19, zmm5
03e6  vaddps zmm19{k1}{z}, zmm19, [r8+0xC0]
03ed  vmovups [r9+0xC0]{k1}, zmm19
03f4  add r9, r10
03f7  vbroadcastss zmm4, [rdx+0xC]
03fe  vmulps zmm5, zmm4, zmm0
0404  vcvtdq2ps zmm20, zmm20
040a  vmulps zmm20, zmm20, zmm5
0410  vaddps zmm20, zmm20, [r8]
0416  vmovups [r9], zmm20
041c  vmulps zmm5, zmm4, zmm1
0422  vcvtdq2ps zmm21, zmm21
0428  vmulps zmm21, zmm21, zmm5
042e  vaddps zmm21, zmm21, [r8+0x40]
0435  vmovups [r9+0x40], zmm21
043c  vmulps zmm5, zmm4, zmm2
0442  vcvtdq2ps zmm22, zmm22
0448  vmulps zmm22, zmm22, zmm5
044e  vaddps zmm22, zmm22, [r8+0x80]
0455  vmovups [r9+0x80], zmm22
045c  vmulps zmm5, zmm4, zmm3
0462  vcvtdq2ps zmm23, zmm23
0468  vmulps zmm23, zmm23, zmm5
046e  vaddps zmm23{k1}{z}, zmm23, [r8+0xC0]
0475  vmovups [r9+0xC0]{k1}, zmm23
047c  add r9, r10
047f  vbroadcastss zmm4, [rdx+0x10]
0486  vmulps zmm5, zmm4, zmm0
048c  vcvtdq2ps zmm24, zmm24
0492  vmulps zmm24, zmm24, zmm5
0498  vaddps zmm24, zmm24, [r8]
049e  vmovups [r9], zmm24
04a4  vmulps zmm5, zmm4, zmm1
04aa  vcvtdq2ps zmm25, zmm25
04b0  vmulps zmm25, zmm25, zmm5
04b6  vaddps zmm25, zmm25, [r8+0x40]
04bd  vmovups [r9+0x40], zmm25
04c4  vmulps zmm5, zmm4, zmm2
04ca  vcvtdq2ps zmm26, zmm26
04d0  vmulps zmm26, zmm26, zmm5
04d6  vaddps zmm26, zmm26, [r8+0x80]
04dd  vmovups [r9+0x80], zmm26
04e4  vmulps zmm5, zmm4, zmm3
04ea  vcvtdq2ps zmm27, zmm27
04f0  vmulps zmm27, zmm27, zmm5
04f6  vaddps zmm27{k1}{z}, zmm27, [r8+0xC0]
04fd  vmovups [r9+0xC0]{k1}, zmm27
0504  add r9, r10
0507  vbroadcastss zmm4, [rdx+0x14]
050e  vmulps zmm5, zmm4, zmm0
0514  vcvtdq2ps zmm28, zmm28
051a  vmulps zmm28, zmm28, zmm5
0520  vaddps zmm28, zmm28, [r8]
0526  vmovups [r9], zmm28
052c  vmulps zmm5, zmm4, zmm1
0532  vcvtdq2ps zmm29, zmm29
0538  vmulps zmm29, zmm29, zmm5
053e  vaddps zmm29, zmm29, [r8+0x40]
0545  vmovups [r9+0x40], zmm29
054c  vmulps zmm5, zmm4, zmm2
0552  vcvtdq2ps zmm30, zmm30
0558  vmulps zmm30, zmm30, zmm5
055e  vaddps zmm30, zmm30, [r8+0x80]
0565  vmovups [r9+0x80], zmm30
056c  vmulps zmm5, zmm4, zmm3
0572  vcvtdq2ps zmm31, zmm31
0578  vmulps zmm31, zmm31, zmm5
057e  vaddps zmm31{k1}{z}, zmm31, [r8+0xC0]
0585  vmovups [r9+0xC0]{k1}, zmm31
058c  vmovdqu xmm6, [rsp]
0591  vmovdqu xmm7, [rsp+0x10]
0597  vmovdqu xmm8, [rsp+0x20]
059d  vmovdqu xmm9, [rsp+0x30]
05a3  vmovdqu xmm10, [rsp+0x40]
05a9  vmovdqu xmm11, [rsp+0x50]
05af  vmovdqu xmm12, [rsp+0x60]
05b5  vmovdqu xmm13, [rsp+0x70]
05bb  vmovdqu xmm14, [rsp+0x80]
05c4  vmovdqu xmm15, [rsp+0x90]
05cd  add rsp, 0xA8
05d4  vzeroupper
05d7  ret
