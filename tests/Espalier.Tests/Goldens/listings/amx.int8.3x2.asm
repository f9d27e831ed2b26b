0000  push rbx
0001  mov rax, rdi
0004  tilezero tmm0
0009  tilezero tmm1
000e  tilezero tmm2
0013  tilezero tmm3
0018  tilezero tmm4
001d  tilezero tmm5
0022  mov rdx, [rax]
0025  mov rcx, [rax+8]
0029  mov r8, [rax+0x10]
002d  mov r9, [rax+0x18]
0031  mov r10, [rax+0x20]
0035  mov r11d, 0x80
003b  mov rbx, [rax+0x28]
003f  tileloadd tmm7, [r10+r11]
0045  tileloadd tmm6, [rdx+r9]
004b  tdpbusd tmm0, tmm6, tmm7
0050  tileloadd tmm6, [rcx+r9]
0056  tdpbusd tmm2, tmm6, tmm7
005b  tileloadd tmm6, [r8+r9]
0061  tdpbusd tmm4, tmm6, tmm7
0066  tileloadd tmm7, [r10+r11+0x40]
006d  tdpbusd tmm5, tmm6, tmm7
0072  tileloadd tmm6, [rcx+r9]
0078  tdpbusd tmm3, tmm6, tmm7
007d  tileloadd tmm6, [rdx+r9]
0083  tdpbusd tmm1, tmm6, tmm7
0088  add rdx, 0x40
008c  add rcx, 0x40
0090  add r8, 0x40
0094  add r10, 0x800
009b  dec rbx
009e  jne short 0x000000000000003F
00a0  mov rcx, [rax+0x30]
00a4  mov edx, 0x80
00a9  tilestored [rcx+rdx], tmm0
00af  tilestored [rcx+rdx+0x40], tmm1
00b6  tilestored [rcx+rdx+0x800], tmm2
00c0  tilestored [rcx+rdx+0x840], tmm3
00ca  tilestored [rcx+rdx+0x1000], tmm4
00d4  tilestored [rcx+rdx+0x1040], tmm5
00de  pop rbx
00df  ret
