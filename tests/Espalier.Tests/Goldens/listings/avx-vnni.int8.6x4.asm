0000  mov rax, rdi
0003  mov rdx, [rax]
0006  mov r8, [rax+0x18]
000a  lea rcx, [r8+r8*2]
000e  add rcx, rdx
0011  mov r9, [rax+0x20]
0015  mov r10, [rax+0x28]
0019  mov r11, [rax+0x30]
001d  vpxor ymm4, ymm4, ymm4
0021  vpxor ymm5, ymm5, ymm5
0025  vpxor ymm6, ymm6, ymm6
0029  vpxor ymm7, ymm7, ymm7
002d  vpxor ymm8, ymm8, ymm8
0032  vpxor ymm9, ymm9, ymm9
0037  vpxor ymm10, ymm10, ymm10
003c  vpxor ymm11, ymm11, ymm11
0041  vpxor ymm12, ymm12, ymm12
0046  vpxor ymm13, ymm13, ymm13
004b  vpxor ymm14, ymm14, ymm14
0050  vpxor ymm15, ymm15, ymm15
0055  vmovdqu ymm0, [r9]
005a  vmovdqu ymm1, [r9+0x20]
0060  vpbroadcastd ymm2, [rdx]
0065  vpdpbusd ymm4, ymm2, ymm0
006a  vpdpbusd ymm5, ymm2, ymm1
006f  vpbroadcastd ymm3, [rdx+r8]
0075  vpdpbusd ymm6, ymm3, ymm0
007a  vpdpbusd ymm7, ymm3, ymm1
007f  vpbroadcastd ymm2, [rdx+r8*2]
0085  vpdpbusd ymm8, ymm2, ymm0
008a  vpdpbusd ymm9, ymm2, ymm1
008f  vpbroadcastd ymm3, [rcx]
0094  vpdpbusd ymm10, ymm3, ymm0
0099  vpdpbusd ymm11, ymm3, ymm1
009e  vpbroadcastd ymm2, [rcx+r8]
00a4  vpdpbusd ymm12, ymm2, ymm0
00a9  vpdpbusd ymm13, ymm2, ymm1
00ae  vpbroadcastd ymm3, [rcx+r8*2]
00b4  vpdpbusd ymm14, ymm3, ymm0
00b9  vpdpbusd ymm15, ymm3, ymm1
00be  add r9, 0x100
00c5  add rdx, 4
00c9  add rcx, 4
00cd  dec r10
00d0  jne short 0x0000000000000055
00d2  vmovdqu [r11], ymm4
00d7  vmovdqu [r11+0x20], ymm5
00dd  vmovdqu [r11+0x40], ymm6
00e3  vmovdqu [r11+0x60], ymm7
00e9  vmovdqu [r11+0x80], ymm8
00f2  vmovdqu [r11+0xA0], ymm9
00fb  vmovdqu [r11+0xC0], ymm10
0104  vmovdqu [r11+0xE0], ymm11
010d  vmovdqu [r11+0x100], ymm12
0116  vmovdqu [r11+0x120], ymm13
011f  vmovdqu [r11+0x140], ymm14
0128  vmovdqu [r11+0x160], ymm15
0131  vzeroupper
0134  ret
