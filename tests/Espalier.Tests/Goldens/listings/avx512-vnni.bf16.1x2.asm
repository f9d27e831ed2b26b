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
0039  vmovdqu32 zmm0, [r9]
003f  vmovdqu32 zmm1, [r9+0x40]
0046  vpbroadcastd zmm4, [rdx]
004c  vdpbf16ps zmm8, zmm4, zmm0
0052  vdpbf16ps zmm9, zmm4, zmm1
0058  add r9, 0x80
005f  add rdx, 4
0063  add rcx, 4
0067  dec r10
006a  jne short 0x0000000000000039
006c  mov r8, [rax+0x20]
0070  mov r9, [rax+0x28]
0074  mov r11, [rax+0x30]
0078  kmovw k1, r11d
007d  cmp qword ptr [rax+0x38], 0
0082  je short 0x0000000000000097
0084  mov rdx, r8
0087  vaddps zmm8, zmm8, [rdx]
008d  vaddps zmm9{k1}, zmm9, [rdx+0x40]
0094  add rdx, r9
0097  vmovups [r8], zmm8
009d  vmovups [r8+0x40]{k1}, zmm9
00a4  add r8, r9
00a7  vzeroupper
00aa  ret
