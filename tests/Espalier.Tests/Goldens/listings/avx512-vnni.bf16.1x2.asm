0000  mov rax, rdi
0003  mov r8, [rax+0x20]
0007  mov r9, [rax+0x28]
000b  vpxord zmm8, zmm8, zmm8
0011  prefetchw [r8]
0015  vpxord zmm9, zmm9, zmm9
001b  prefetchw [r8+0x40]
0020  add r8, r9
0023  mov rdx, [rax]
0026  mov r8, [rax+8]
002a  lea rcx, [r8+r8*2]
002e  add rcx, rdx
0031  mov r9, [rax+0x10]
0035  mov r10, [rax+0x18]
0039  mov r11, [rax+0x30]
003d  vmovdqu32 zmm0, [r9]
0043  vmovdqu32 zmm1, [r9+0x40]
004a  prefetcht1 [r9+r11]
004f  vpbroadcastd zmm4, [rdx]
0055  vdpbf16ps zmm8, zmm4, zmm0
005b  vdpbf16ps zmm9, zmm4, zmm1
0061  add r9, 0x80
0068  add rdx, 4
006c  add rcx, 4
0070  dec r10
0073  jne short 0x000000000000003D
0075  mov r8, [rax+0x20]
0079  mov r9, [rax+0x28]
007d  mov r11, [rax+0x40]
0081  kmovw k1, r11d
0086  cmp qword ptr [rax+0x48], 0
008b  je short 0x00000000000000A0
008d  mov rdx, r8
0090  vaddps zmm8, zmm8, [rdx]
0096  vaddps zmm9{k1}, zmm9, [rdx+0x40]
009d  add rdx, r9
00a0  vmovups [r8], zmm8
00a6  vmovups [r8+0x40]{k1}, zmm9
00ad  add r8, r9
00b0  mov [rax+0x20], r8
00b4  imul rdx, [rax+8], 1
00b9  add [rax], rdx
00bc  add qword ptr [rax+0x30], 0x40
00c1  dec qword ptr [rax+0x38]
00c5  jne 3
00cb  vzeroupper
00ce  ret
