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
004b  mov rdx, [rax]
004e  mov r8, [rax+0x18]
0052  lea rcx, [r8+r8*2]
0056  add rcx, rdx
0059  mov r9, [rax+0x20]
005d  mov r10, [rax+0x28]
0061  mov r11, [rax+0x30]
0065  vpxor ymm4, ymm4, ymm4
0069  vpxor ymm5, ymm5, ymm5
006d  vpxor ymm6, ymm6, ymm6
0071  vpxor ymm7, ymm7, ymm7
0075  vpxor ymm8, ymm8, ymm8
007a  vpxor ymm9, ymm9, ymm9
007f  vpxor ymm10, ymm10, ymm10
0084  vpxor ymm11, ymm11, ymm11
0089  vpxor ymm12, ymm12, ymm12
008e  vpxor ymm13, ymm13, ymm13
0093  vpxor ymm14, ymm14, ymm14
0098  vpxor ymm15, ymm15, ymm15
009d  vmovdqu ymm0, [r9]
00a2  vmovdqu ymm1, [r9+0x20]
00a8  vpbroadcastd ymm2, [rdx]
00ad  vpdpbusd ymm4, ymm2, ymm0
00b2  vpdpbusd ymm5, ymm2, ymm1
00b7  vpbroadcastd ymm3, [rdx+r8]
00bd  vpdpbusd ymm6, ymm3, ymm0
00c2  vpdpbusd ymm7, ymm3, ymm1
00c7  vpbroadcastd ymm2, [rdx+r8*2]
00cd  vpdpbusd ymm8, ymm2, ymm0
00d2  vpdpbusd ymm9, ymm2, ymm1
00d7  vpbroadcastd ymm3, [rcx]
00dc  vpdpbusd ymm10, ymm3, ymm0
00e1  vpdpbusd ymm11, ymm3, ymm1
00e6  vpbroadcastd ymm2, [rcx+r8]
00ec  vpdpbusd ymm12, ymm2, ymm0
00f1  vpdpbusd ymm13, ymm2, ymm1
00f6  vpbroadcastd ymm3, [rcx+r8*2]
00fc  vpdpbusd ymm14, ymm3, ymm0
0101  vpdpbusd ymm15, ymm3, ymm1
0106  add r9, 0x100
010d  add rdx, 4
0111  add rcx, 4
0115  dec r10
0118  jne short 0x000000000000009D
011a  vmovdqu [r11], ymm4
011f  vmovdqu [r11+0x20], ymm5
0125  vmovdqu [r11+0x40], ymm6
012b  vmovdqu [r11+0x60], ymm7
0131  vmovdqu [r11+0x80], ymm8
013a  vmovdqu [r11+0xA0], ymm9
0143  vmovdqu [r11+0xC0], ymm10
014c  vmovdqu [r11+0xE0], ymm11
0155  vmovdqu [r11+0x100], ymm12
015e  vmovdqu [r11+0x120], ymm13
0167  vmovdqu [r11+0x140], ymm14
0170  vmovdqu [r11+0x160], ymm15
0179  vmovdqu xmm6, [rsp]
017e  vmovdqu xmm7, [rsp+0x10]
0184  vmovdqu xmm8, [rsp+0x20]
018a  vmovdqu xmm9, [rsp+0x30]
0190  vmovdqu xmm10, [rsp+0x40]
0196  vmovdqu xmm11, [rsp+0x50]
019c  vmovdqu xmm12, [rsp+0x60]
01a2  vmovdqu xmm13, [rsp+0x70]
01a8  vmovdqu xmm14, [rsp+0x80]
01b1  vmovdqu xmm15, [rsp+0x90]
01ba  add rsp, 0xA8
01c1  vzeroupper
01c4  ret
