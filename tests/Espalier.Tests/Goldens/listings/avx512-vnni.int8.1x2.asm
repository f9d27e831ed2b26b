0000  mov rax, rdi
0003  mov r10, [rax+0x38]
0007  mov r11, [rax+0x18]
000b  vmovdqu32 zmm0, [r10]
0011  vmovdqu32 zmm1, [r10+0x40]
0018  vpbroadcastd zmm4, [r11]
001e  vpmulld zmm8, zmm4, zmm0
0024  vpmulld zmm9, zmm4, zmm1
002a  mov rdx, [rax]
002d  mov r8, [rax+8]
0031  lea rcx, [r8+r8*2]
0035  add rcx, rdx
0038  mov r9, [rax+0x20]
003c  mov r10, [rax+0x28]
0040  vmovdqu32 zmm0, [r9]
0046  vmovdqu32 zmm1, [r9+0x40]
004d  vpbroadcastd zmm4, [rdx]
0053  vpdpbusd zmm8, zmm4, zmm0
0059  vpdpbusd zmm9, zmm4, zmm1
005f  add r9, 0x80
0066  add rdx, 4
006a  add rcx, 4
006e  dec r10
0071  jne short 0x0000000000000040
0073  mov rdx, [rax+0x10]
0077  mov rcx, [rax+0x30]
007b  mov r8, [rax+0x40]
007f  mov r9, [rax+0x48]
0083  mov r10, [rax+0x50]
0087  mov r11, [rax+0x58]
008b  kmovw k1, r11d
0090  vmovups zmm0, [rcx]
0096  vmovups zmm1, [rcx+0x40]
009d  vbroadcastss zmm4, [rdx]
00a3  vmulps zmm5, zmm4, zmm0
00a9  vcvtdq2ps zmm8, zmm8
00af  vmulps zmm8, zmm8, zmm5
00b5  vaddps zmm8, zmm8, [r8]
00bb  vmovups [r9], zmm8
00c1  vmulps zmm5, zmm4, zmm1
00c7  vcvtdq2ps zmm9, zmm9
00cd  vmulps zmm9, zmm9, zmm5
00d3  vaddps zmm9{k1}{z}, zmm9, [r8+0x40]
00da  vmovups [r9+0x40]{k1}, zmm9
00e1  vzeroupper
00e4  ret
