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
0053  mov r8, [rax+0x48]
0057  mov r9, [rax+0x50]
005b  vmovdqu32 zmm0, [r10]
0061  vmovdqu32 zmm1, [r10+0x40]
0068  vmovdqu32 zmm2, [r10+0x80]
006f  vmovdqu32 zmm3, [r10+0xC0]
0076  vpbroadcastd zmm4, [r11]
007c  vpmulld zmm8, zmm4, zmm0
0082  prefetchw [r8]
0086  vpmulld zmm9, zmm4, zmm1
008c  prefetchw [r8+0x40]
0091  vpmulld zmm10, zmm4, zmm2
0097  prefetchw [r8+0x80]
009f  vpmulld zmm11, zmm4, zmm3
00a5  prefetchw [r8+0xC0]
00ad  add r8, r9
00b0  vpbroadcastd zmm4, [r11+4]
00b7  vpmulld zmm12, zmm4, zmm0
00bd  prefetchw [r8]
00c1  vpmulld zmm13, zmm4, zmm1
00c7  prefetchw [r8+0x40]
00cc  vpmulld zmm14, zmm4, zmm2
00d2  prefetchw [r8+0x80]
00da  vpmulld zmm15, zmm4, zmm3
00e0  prefetchw [r8+0xC0]
00e8  add r8, r9
00eb  vpbroadcastd zmm4, [r11+8]
00f2  vpmulld zmm16, zmm4, zmm0
00f8  prefetchw [r8]
00fc  vpmulld zmm17, zmm4, zmm1
0102  prefetchw [r8+0x40]
0107  vpmulld zmm18, zmm4, zmm2
010d  prefetchw [r8+0x80]
0115  vpmulld zmm19, zmm4, zmm3
011b  prefetchw [r8+0xC0]
0123  add r8, r9
0126  vpbroadcastd zmm4, [r11+0xC]
012d  vpmulld zmm20, zmm4, zmm0
0133  prefetchw [r8]
0137  vpmulld zmm21, zmm4, zmm1
013d  prefetchw [r8+0x40]
0142  vpmulld zmm22, zmm4, zmm2
0148  prefetchw [r8+0x80]
0150  vpmulld zmm23, zmm4, zmm3
0156  prefetchw [r8+0xC0]
015e  add r8, r9
0161  vpbroadcastd zmm4, [r11+0x10]
0168  vpmulld zmm24, zmm4, zmm0
016e  prefetchw [r8]
0172  vpmulld zmm25, zmm4, zmm1
0178  prefetchw [r8+0x40]
017d  vpmulld zmm26, zmm4, zmm2
0183  prefetchw [r8+0x80]
018b  vpmulld zmm27, zmm4, zmm3
0191  prefetchw [r8+0xC0]
0199  add r8, r9
019c  vpbroadcastd zmm4, [r11+0x14]
01a3  vpmulld zmm28, zmm4, zmm0
01a9  prefetchw [r8]
01ad  vpmulld zmm29, zmm4, zmm1
01b3  prefetchw [r8+0x40]
01b8  vpmulld zmm30, zmm4, zmm2
01be  prefetchw [r8+0x80]
01c6  vpmulld zmm31, zmm4, zmm3
01cc  prefetchw [r8+0xC0]
01d4  add r8, r9
01d7  mov rdx, [rax]
01da  mov r8, [rax+8]
01de  lea rcx, [r8+r8*2]
01e2  add rcx, rdx
01e5  mov r9, [rax+0x20]
01e9  mov r10, [rax+0x28]
01ed  vmovdqu32 zmm0, [r9]
01f3  vmovdqu32 zmm1, [r9+0x40]
01fa  vmovdqu32 zmm2, [r9+0x80]
0201  vmovdqu32 zmm3, [r9+0xC0]
0208  vpbroadcastd zmm4, [rdx]
020e  vpdpbusd zmm8, zmm4, zmm0
0214  vpdpbusd zmm9, zmm4, zmm1
021a  vpdpbusd zmm10, zmm4, zmm2
0220  vpdpbusd zmm11, zmm4, zmm3
0226  vpbroadcastd zmm5, [rdx+r8]
022d  vpdpbusd zmm12, zmm5, zmm0
0233  vpdpbusd zmm13, zmm5, zmm1
0239  vpdpbusd zmm14, zmm5, zmm2
023f  vpdpbusd zmm15, zmm5, zmm3
0245  vpbroadcastd zmm6, [rdx+r8*2]
024c  vpdpbusd zmm16, zmm6, zmm0
0252  vpdpbusd zmm17, zmm6, zmm1
0258  vpdpbusd zmm18, zmm6, zmm2
025e  vpdpbusd zmm19, zmm6, zmm3
0264  vpbroadcastd zmm7, [rcx]
026a  vpdpbusd zmm20, zmm7, zmm0
0270  vpdpbusd zmm21, zmm7, zmm1
0276  vpdpbusd zmm22, zmm7, zmm2
027c  vpdpbusd zmm23, zmm7, zmm3
0282  vpbroadcastd zmm4, [rcx+r8]
0289  vpdpbusd zmm24, zmm4, zmm0
028f  vpdpbusd zmm25, zmm4, zmm1
0295  vpdpbusd zmm26, zmm4, zmm2
029b  vpdpbusd zmm27, zmm4, zmm3
02a1  vpbroadcastd zmm5, [rcx+r8*2]
02a8  vpdpbusd zmm28, zmm5, zmm0
02ae  vpdpbusd zmm29, zmm5, zmm1
02b4  vpdpbusd zmm30, zmm5, zmm2
02ba  vpdpbusd zmm31, zmm5, zmm3
02c0  add r9, 0x100
02c7  add rdx, 4
02cb  add rcx, 4
02cf  dec r10
02d2  jne 0x00000000000001ED
02d8  mov rdx, [rax+0x10]
02dc  mov rcx, [rax+0x30]
02e0  mov r8, [rax+0x40]
02e4  mov r9, [rax+0x48]
02e8  mov r10, [rax+0x50]
02ec  mov r11, [rax+0x58]
02f0  kmovw k1, r11d
02f5  vmovups zmm0, [rcx]
02fb  vmovups zmm1, [rcx+0x40]
0302  vmovups zmm2, [rcx+0x80]
0309  vmovups zmm3, [rcx+0xC0]
0310  vbroadcastss zmm4, [rdx]
0316  vmulps zmm5, zmm4, zmm0
031c  vcvtdq2ps zmm8, zmm8
0322  vmulps zmm8, zmm8, zmm5
0328  vaddps zmm8, zmm8, [r8]
032e  vmovups [r9], zmm8
0334  vmulps zmm5, zmm4, zmm1
033a  vcvtdq2ps zmm9, zmm9
0340  vmulps zmm9, zmm9, zmm5
0346  vaddps zmm9, zmm9, [r8+0x40]
034d  vmovups [r9+0x40], zmm9
0354  vmulps zmm5, zmm4, zmm2
035a  vcvtdq2ps zmm10, zmm10
0360  vmulps zmm10, zmm10, zmm5
0366  vaddps zmm10, zmm10, [r8+0x80]
036d  vmovups [r9+0x80], zmm10
0374  vmulps zmm5, zmm4, zmm3
037a  vcvtdq2ps zmm11, zmm11
0380  vmulps zmm11, zmm11, zmm5
0386  vaddps zmm11{k1}{z}, zmm11, [r8+0xC0]
038d  vmovups [r9+0xC0]{k1}, zmm11
0394  add r9, r10
0397  vbroadcastss zmm4, [rdx+4]
039e  vmulps zmm5, zmm4, zmm0
03a4  vcvtdq2ps zmm12, zmm12
03aa  vmulps zmm12, zmm12, zmm5
03b0  vaddps zmm12, zmm12, [r8]
03b6  vmovups [r9], zmm12
03bc  vmulps zmm5, zmm4, zmm1
03c2  vcvtdq2ps zmm13, zmm13
03c8  vmulps zmm13, zmm13, zmm5
03ce  vaddps zmm13, zmm13, [r8+0x40]
03d5  vmovups [r9+0x40], zmm13
03dc  vmulps zmm5, zmm4, zmm2
03e2  vcvtdq2ps zmm14, zmm14
03e8  vmulps zmm14, zmm14, zmm5
03ee  vaddps zmm14, zmm14, [r8+0x80]
03f5  vmovups [r9+0x80], zmm14
03fc  vmulps zmm5, zmm4, zmm3
0402  vcvtdq2ps zmm15, zmm15
0408  vmulps zmm15, zmm15, zmm5
040e  vaddps zmm15{k1}{z}, zmm15, [r8+0xC0]
0415  vmovups [r9+0xC0]{k1}, zmm15
041c  add r9, r10
041f  vbroadcastss zmm4, [rdx+8]
0426  vmulps zmm5, zmm4, zmm0
042c  vcvtdq2ps zmm16, zmm16
0432  vmulps zmm16, zmm16, zmm5
0438  vaddps zmm16, zmm16, [r8]
043e  vmovups [r9], zmm16
0444  vmulps zmm5, zmm4, zmm1
044a  vcvtdq2ps zmm17, zmm17
0450  vmulps zmm17, zmm17, zmm5
0456  vaddps zmm17, zmm17, [r8+0x40]
045d  vmovups [r9+0x40], zmm17
0464  vmulps zmm5, zmm4, zmm2
046a  vcvtdq2ps zmm18, zmm18
0470  vmulps zmm18, zmm18, zmm5
0476  vaddps zmm18, zmm18, [r8+0x80]
047d  vmovups [r9+0x80], zmm18
0484  vmulps zmm5, zmm4, zmm3
048a  vcvtdq2ps zmm19, zmm19
0490  vmulps zmm19, zmm19, zmm5
0496  vaddps zmm19{k1}{z}, zmm19, [r8+0xC0]
049d  vmovups [r9+0xC0]{k1}, zmm19
04a4  add r9, r10
04a7  vbroadcastss zmm4, [rdx+0xC]
04ae  vmulps zmm5, zmm4, zmm0
04b4  vcvtdq2ps zmm20, zmm20
04ba  vmulps zmm20, zmm20, zmm5
04c0  vaddps zmm20, zmm20, [r8]
04c6  vmovups [r9], zmm20
04cc  vmulps zmm5, zmm4, zmm1
04d2  vcvtdq2ps zmm21, zmm21
04d8  vmulps zmm21, zmm21, zmm5
04de  vaddps zmm21, zmm21, [r8+0x40]
04e5  vmovups [r9+0x40], zmm21
04ec  vmulps zmm5, zmm4, zmm2
04f2  vcvtdq2ps zmm22, zmm22
04f8  vmulps zmm22, zmm22, zmm5
04fe  vaddps zmm22, zmm22, [r8+0x80]
0505  vmovups [r9+0x80], zmm22
050c  vmulps zmm5, zmm4, zmm3
0512  vcvtdq2ps zmm23, zmm23
0518  vmulps zmm23, zmm23, zmm5
051e  vaddps zmm23{k1}{z}, zmm23, [r8+0xC0]
0525  vmovups [r9+0xC0]{k1}, zmm23
052c  add r9, r10
052f  vbroadcastss zmm4, [rdx+0x10]
0536  vmulps zmm5, zmm4, zmm0
053c  vcvtdq2ps zmm24, zmm24
0542  vmulps zmm24, zmm24, zmm5
0548  vaddps zmm24, zmm24, [r8]
054e  vmovups [r9], zmm24
0554  vmulps zmm5, zmm4, zmm1
055a  vcvtdq2ps zmm25, zmm25
0560  vmulps zmm25, zmm25, zmm5
0566  vaddps zmm25, zmm25, [r8+0x40]
056d  vmovups [r9+0x40], zmm25
0574  vmulps zmm5, zmm4, zmm2
057a  vcvtdq2ps zmm26, zmm26
0580  vmulps zmm26, zmm26, zmm5
0586  vaddps zmm26, zmm26, [r8+0x80]
058d  vmovups [r9+0x80], zmm26
0594  vmulps zmm5, zmm4, zmm3
059a  vcvtdq2ps zmm27, zmm27
05a0  vmulps zmm27, zmm27, zmm5
05a6  vaddps zmm27{k1}{z}, zmm27, [r8+0xC0]
05ad  vmovups [r9+0xC0]{k1}, zmm27
05b4  add r9, r10
05b7  vbroadcastss zmm4, [rdx+0x14]
05be  vmulps zmm5, zmm4, zmm0
05c4  vcvtdq2ps zmm28, zmm28
05ca  vmulps zmm28, zmm28, zmm5
05d0  vaddps zmm28, zmm28, [r8]
05d6  vmovups [r9], zmm28
05dc  vmulps zmm5, zmm4, zmm1
05e2  vcvtdq2ps zmm29, zmm29
05e8  vmulps zmm29, zmm29, zmm5
05ee  vaddps zmm29, zmm29, [r8+0x40]
05f5  vmovups [r9+0x40], zmm29
05fc  vmulps zmm5, zmm4, zmm2
0602  vcvtdq2ps zmm30, zmm30
0608  vmulps zmm30, zmm30, zmm5
060e  vaddps zmm30, zmm30, [r8+0x80]
0615  vmovups [r9+0x80], zmm30
061c  vmulps zmm5, zmm4, zmm3
0622  vcvtdq2ps zmm31, zmm31
0628  vmulps zmm31, zmm31, zmm5
062e  vaddps zmm31{k1}{z}, zmm31, [r8+0xC0]
0635  vmovups [r9+0xC0]{k1}, zmm31
063c  vmovdqu xmm6, [rsp]
0641  vmovdqu xmm7, [rsp+0x10]
0647  vmovdqu xmm8, [rsp+0x20]
064d  vmovdqu xmm9, [rsp+0x30]
0653  vmovdqu xmm10, [rsp+0x40]
0659  vmovdqu xmm11, [rsp+0x50]
065f  vmovdqu xmm12, [rsp+0x60]
0665  vmovdqu xmm13, [rsp+0x70]
066b  vmovdqu xmm14, [rsp+0x80]
0674  vmovdqu xmm15, [rsp+0x90]
067d  add rsp, 0xA8
0684  vzeroupper
0687  ret
