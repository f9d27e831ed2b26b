0000  mov rax, rdi
0003  mov r10, [rax+0x38]
0007  mov r11, [rax+0x18]
000b  mov r8, [rax+0x48]
000f  mov r9, [rax+0x50]
0013  vmovdqu32 zmm0, [r10]
0019  vmovdqu32 zmm1, [r10+0x40]
0020  vpbroadcastd zmm4, [r11]
0026  vpmulld zmm8, zmm4, zmm0
002c  prefetchw [r8]
0030  vpmulld zmm9, zmm4, zmm1
0036  prefetchw [r8+0x40]
003b  add r8, r9
003e  mov rdx, [rax]
0041  mov r8, [rax+8]
0045  lea rcx, [r8+r8*2]
0049  add rcx, rdx
004c  mov r9, [rax+0x20]
0050  mov r10, [rax+0x28]
0054  mov r11, [rax+0x60]
0058  vmovdqu32 zmm0, [r9]
005e  vmovdqu32 zmm1, [r9+0x40]
0065  prefetcht1 [r9+r11]
006a  vpbroadcastd zmm4, [rdx]
0070  vpdpbusd zmm8, zmm4, zmm0
0076  vpdpbusd zmm9, zmm4, zmm1
007c  add r9, 0x80
0083  add rdx, 4
0087  add rcx, 4
008b  dec r10
008e  jne short 0x0000000000000058
0090  mov rdx, [rax+0x10]
0094  mov rcx, [rax+0x30]
0098  mov r8, [rax+0x40]
009c  mov r9, [rax+0x48]
00a0  mov r10, [rax+0x50]
00a4  mov r11, [rax+0x58]
00a8  kmovw k1, r11d
00ad  vmovups zmm0, [rcx]
00b3  vmovups zmm1, [rcx+0x40]
00ba  vbroadcastss zmm4, [rdx]
00c0  vmulps zmm5, zmm4, zmm0
00c6  vcvtdq2ps zmm8, zmm8
00cc  vmulps zmm8, zmm8, zmm5
00d2  vaddps zmm8, zmm8, [r8]
00d8  vmovups [r9], zmm8
00de  vmulps zmm5, zmm4, zmm1
00e4  vcvtdq2ps zmm9, zmm9
00ea  vmulps zmm9, zmm9, zmm5
00f0  vaddps zmm9{k1}{z}, zmm9, [r8+0x40]
00f7  vmovups [r9+0x40]{k1}, zmm9
00fe  imul rdx, [rax+8], 1
0103  add [rax], rdx
0106  imul r10, 1
010a  add [rax+0x48], r10
010e  add qword ptr [rax+0x10], 4
0113  add qword ptr [rax+0x18], 4
0118  add qword ptr [rax+0x60], 0x40
011d  dec qword ptr [rax+0x68]
0121  jne 3
0127  vzeroupper
012a  ret
