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
0054  vmovdqu32 zmm0, [r9]
005a  vmovdqu32 zmm1, [r9+0x40]
0061  vpbroadcastd zmm4, [rdx]
0067  vpdpbusd zmm8, zmm4, zmm0
006d  vpdpbusd zmm9, zmm4, zmm1
0073  add r9, 0x80
007a  add rdx, 4
007e  add rcx, 4
0082  dec r10
0085  jne short 0x0000000000000054
0087  mov rdx, [rax+0x10]
008b  mov rcx, [rax+0x30]
008f  mov r8, [rax+0x40]
0093  mov r9, [rax+0x48]
0097  mov r10, [rax+0x50]
009b  mov r11, [rax+0x58]
009f  kmovw k1, r11d
00a4  vmovups zmm0, [rcx]
00aa  vmovups zmm1, [rcx+0x40]
00b1  vbroadcastss zmm4, [rdx]
00b7  vmulps zmm5, zmm4, zmm0
00bd  vcvtdq2ps zmm8, zmm8
00c3  vmulps zmm8, zmm8, zmm5
00c9  vaddps zmm8, zmm8, [r8]
00cf  vmovups [r9], zmm8
00d5  vmulps zmm5, zmm4, zmm1
00db  vcvtdq2ps zmm9, zmm9
00e1  vmulps zmm9, zmm9, zmm5
00e7  vaddps zmm9{k1}{z}, zmm9, [r8+0x40]
00ee  vmovups [r9+0x40]{k1}, zmm9
00f5  vzeroupper
00f8  ret
