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
01ed  mov r11, [rax+0x60]
01f1  vmovdqu32 zmm0, [r9]
01f7  vmovdqu32 zmm1, [r9+0x40]
01fe  vmovdqu32 zmm2, [r9+0x80]
0205  vmovdqu32 zmm3, [r9+0xC0]
020c  prefetcht1 [r9+r11]
0211  vpbroadcastd zmm4, [rdx]
0217  vpdpbusd zmm8, zmm4, zmm0
021d  vpdpbusd zmm9, zmm4, zmm1
0223  vpdpbusd zmm10, zmm4, zmm2
0229  vpdpbusd zmm11, zmm4, zmm3
022f  vpbroadcastd zmm5, [rdx+r8]
0236  vpdpbusd zmm12, zmm5, zmm0
023c  vpdpbusd zmm13, zmm5, zmm1
0242  vpdpbusd zmm14, zmm5, zmm2
0248  vpdpbusd zmm15, zmm5, zmm3
024e  vpbroadcastd zmm6, [rdx+r8*2]
0255  vpdpbusd zmm16, zmm6, zmm0
025b  vpdpbusd zmm17, zmm6, zmm1
0261  vpdpbusd zmm18, zmm6, zmm2
0267  vpdpbusd zmm19, zmm6, zmm3
026d  vpbroadcastd zmm7, [rcx]
0273  vpdpbusd zmm20, zmm7, zmm0
0279  vpdpbusd zmm21, zmm7, zmm1
027f  vpdpbusd zmm22, zmm7, zmm2
0285  vpdpbusd zmm23, zmm7, zmm3
028b  vpbroadcastd zmm4, [rcx+r8]
0292  vpdpbusd zmm24, zmm4, zmm0
0298  vpdpbusd zmm25, zmm4, zmm1
029e  vpdpbusd zmm26, zmm4, zmm2
02a4  vpdpbusd zmm27, zmm4, zmm3
02aa  vpbroadcastd zmm5, [rcx+r8*2]
02b1  vpdpbusd zmm28, zmm5, zmm0
02b7  vpdpbusd zmm29, zmm5, zmm1
02bd  vpdpbusd zmm30, zmm5, zmm2
02c3  vpdpbusd zmm31, zmm5, zmm3
02c9  add r9, 0x100
02d0  add rdx, 4
02d4  add rcx, 4
02d8  dec r10
02db  jne 0x00000000000001F1
02e1  mov rdx, [rax+0x10]
02e5  mov rcx, [rax+0x30]
02e9  mov r8, [rax+0x40]
02ed  mov r9, [rax+0x48]
02f1  mov r10, [rax+0x50]
02f5  mov r11, [rax+0x58]
02f9  kmovw k1, r11d
02fe  vmovups zmm0, [rcx]
0304  vmovups zmm1, [rcx+0x40]
030b  vmovups zmm2, [rcx+0x80]
0312  vmovups zmm3, [rcx+0xC0]
0319  vbroadcastss zmm4, [rdx]
031f  vmulps zmm5, zmm4, zmm0
0325  vcvtdq2ps zmm8, zmm8
032b  vmulps zmm8, zmm8, zmm5
0331  vaddps zmm8, zmm8, [r8]
0337  vmovups [r9], zmm8
033d  vmulps zmm5, zmm4, zmm1
0343  vcvtdq2ps zmm9, zmm9
0349  vmulps zmm9, zmm9, zmm5
034f  vaddps zmm9, zmm9, [r8+0x40]
0356  vmovups [r9+0x40], zmm9
035d  vmulps zmm5, zmm4, zmm2
0363  vcvtdq2ps zmm10, zmm10
0369  vmulps zmm10, zmm10, zmm5
036f  vaddps zmm10, zmm10, [r8+0x80]
0376  vmovups [r9+0x80], zmm10
037d  vmulps zmm5, zmm4, zmm3
0383  vcvtdq2ps zmm11, zmm11
0389  vmulps zmm11, zmm11, zmm5
038f  vaddps zmm11{k1}{z}, zmm11, [r8+0xC0]
0396  vmovups [r9+0xC0]{k1}, zmm11
039d  add r9, r10
03a0  vbroadcastss zmm4, [rdx+4]
03a7  vmulps zmm5, zmm4, zmm0
03ad  vcvtdq2ps zmm12, zmm12
03b3  vmulps zmm12, zmm12, zmm5
03b9  vaddps zmm12, zmm12, [r8]
03bf  vmovups [r9], zmm12
03c5  vmulps zmm5, zmm4, zmm1
03cb  vcvtdq2ps zmm13, zmm13
03d1  vmulps zmm13, zmm13, zmm5
03d7  vaddps zmm13, zmm13, [r8+0x40]
03de  vmovups [r9+0x40], zmm13
03e5  vmulps zmm5, zmm4, zmm2
03eb  vcvtdq2ps zmm14, zmm14
03f1  vmulps zmm14, zmm14, zmm5
03f7  vaddps zmm14, zmm14, [r8+0x80]
03fe  vmovups [r9+0x80], zmm14
0405  vmulps zmm5, zmm4, zmm3
040b  vcvtdq2ps zmm15, zmm15
0411  vmulps zmm15, zmm15, zmm5
0417  vaddps zmm15{k1}{z}, zmm15, [r8+0xC0]
041e  vmovups [r9+0xC0]{k1}, zmm15
0425  add r9, r10
0428  vbroadcastss zmm4, [rdx+8]
042f  vmulps zmm5, zmm4, zmm0
0435  vcvtdq2ps zmm16, zmm16
043b  vmulps zmm16, zmm16, zmm5
0441  vaddps zmm16, zmm16, [r8]
0447  vmovups [r9], zmm16
044d  vmulps zmm5, zmm4, zmm1
0453  vcvtdq2ps zmm17, zmm17
0459  vmulps zmm17, zmm17, zmm5
045f  vaddps zmm17, zmm17, [r8+0x40]
0466  vmovups [r9+0x40], zmm17
046d  vmulps zmm5, zmm4, zmm2
0473  vcvtdq2ps zmm18, zmm18
0479  vmulps zmm18, zmm18, zmm5
047f  vaddps zmm18, zmm18, [r8+0x80]
0486  vmovups [r9+0x80], zmm18
048d  vmulps zmm5, zmm4, zmm3
0493  vcvtdq2ps zmm19, zmm19
0499  vmulps zmm19, zmm19, zmm5
049f  vaddps zmm19{k1}{z}, zmm19, [r8+0xC0]
04a6  vmovups [r9+0xC0]{k1}, zmm19
04ad  add r9, r10
04b0  vbroadcastss zmm4, [rdx+0xC]
04b7  vmulps zmm5, zmm4, zmm0
04bd  vcvtdq2ps zmm20, zmm20
04c3  vmulps zmm20, zmm20, zmm5
04c9  vaddps zmm20, zmm20, [r8]
04cf  vmovups [r9], zmm20
04d5  vmulps zmm5, zmm4, zmm1
04db  vcvtdq2ps zmm21, zmm21
04e1  vmulps zmm21, zmm21, zmm5
04e7  vaddps zmm21, zmm21, [r8+0x40]
04ee  vmovups [r9+0x40], zmm21
04f5  vmulps zmm5, zmm4, zmm2
04fb  vcvtdq2ps zmm22, zmm22
0501  vmulps zmm22, zmm22, zmm5
0507  vaddps zmm22, zmm22, [r8+0x80]
050e  vmovups [r9+0x80], zmm22
0515  vmulps zmm5, zmm4, zmm3
051b  vcvtdq2ps zmm23, zmm23
0521  vmulps zmm23, zmm23, zmm5
0527  vaddps zmm23{k1}{z}, zmm23, [r8+0xC0]
052e  vmovups [r9+0xC0]{k1}, zmm23
0535  add r9, r10
0538  vbroadcastss zmm4, [rdx+0x10]
053f  vmulps zmm5, zmm4, zmm0
0545  vcvtdq2ps zmm24, zmm24
054b  vmulps zmm24, zmm24, zmm5
0551  vaddps zmm24, zmm24, [r8]
0557  vmovups [r9], zmm24
055d  vmulps zmm5, zmm4, zmm1
0563  vcvtdq2ps zmm25, zmm25
0569  vmulps zmm25, zmm25, zmm5
056f  vaddps zmm25, zmm25, [r8+0x40]
0576  vmovups [r9+0x40], zmm25
057d  vmulps zmm5, zmm4, zmm2
0583  vcvtdq2ps zmm26, zmm26
0589  vmulps zmm26, zmm26, zmm5
058f  vaddps zmm26, zmm26, [r8+0x80]
0596  vmovups [r9+0x80], zmm26
059d  vmulps zmm5, zmm4, zmm3
05a3  vcvtdq2ps zmm27, zmm27
05a9  vmulps zmm27, zmm27, zmm5
05af  vaddps zmm27{k1}{z}, zmm27, [r8+0xC0]
05b6  vmovups [r9+0xC0]{k1}, zmm27
05bd  add r9, r10
05c0  vbroadcastss zmm4, [rdx+0x14]
05c7  vmulps zmm5, zmm4, zmm0
05cd  vcvtdq2ps zmm28, zmm28
05d3  vmulps zmm28, zmm28, zmm5
05d9  vaddps zmm28, zmm28, [r8]
05df  vmovups [r9], zmm28
05e5  vmulps zmm5, zmm4, zmm1
05eb  vcvtdq2ps zmm29, zmm29
05f1  vmulps zmm29, zmm29, zmm5
05f7  vaddps zmm29, zmm29, [r8+0x40]
05fe  vmovups [r9+0x40], zmm29
0605  vmulps zmm5, zmm4, zmm2
060b  vcvtdq2ps zmm30, zmm30
0611  vmulps zmm30, zmm30, zmm5
0617  vaddps zmm30, zmm30, [r8+0x80]
061e  vmovups [r9+0x80], zmm30
0625  vmulps zmm5, zmm4, zmm3
062b  vcvtdq2ps zmm31, zmm31
0631  vmulps zmm31, zmm31, zmm5
0637  vaddps zmm31{k1}{z}, zmm31, [r8+0xC0]
063e  vmovups [r9+0xC0]{k1}, zmm31
0645  imul rdx, [rax+8], 6
064a  add [rax], rdx
064d  imul r10, 6
0651  add [rax+0x48], r10
0655  add qword ptr [rax+0x10], 0x18
065a  add qword ptr [rax+0x18], 0x18
065f  add qword ptr [rax+0x60], 0x40
0664  dec qword ptr [rax+0x68]
0668  jne 0x000000000000004B
066e  vmovdqu xmm6, [rsp]
0673  vmovdqu xmm7, [rsp+0x10]
0679  vmovdqu xmm8, [rsp+0x20]
067f  vmovdqu xmm9, [rsp+0x30]
0685  vmovdqu xmm10, [rsp+0x40]
068b  vmovdqu xmm11, [rsp+0x50]
0691  vmovdqu xmm12, [rsp+0x60]
0697  vmovdqu xmm13, [rsp+0x70]
069d  vmovdqu xmm14, [rsp+0x80]
06a6  vmovdqu xmm15, [rsp+0x90]
06af  add rsp, 0xA8
06b6  vzeroupper
06b9  ret
