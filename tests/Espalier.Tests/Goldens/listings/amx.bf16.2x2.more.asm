0000  push rbx
0001  mov rax, rdi
0004  mov rcx, [rax+0x30]
0008  mov edx, 0x80
000d  tileloadd tmm0, [rcx+rdx]
0013  tileloadd tmm1, [rcx+rdx+0x40]
001a  tileloadd tmm2, [rcx+rdx+0x800]
0024  tileloadd tmm3, [rcx+rdx+0x840]
002e  mov rdx, [rax]
0031  mov rcx, [rax+8]
0035  mov r9, [rax+0x18]
0039  mov r10, [rax+0x20]
003d  mov r11d, 0x80
0043  mov rbx, [rax+0x28]
0047  tileloadd tmm7, [r10+r11]
004d  tileloadd tmm4, [rdx+r9]
0053  tdpbf16ps tmm0, tmm4, tmm7
0058  tileloadd tmm5, [rcx+r9]
005e  tdpbf16ps tmm2, tmm5, tmm7
0063  tileloadd tmm7, [r10+r11+0x40]
006a  tdpbf16ps tmm3, tmm5, tmm7
006f  tdpbf16ps tmm1, tmm4, tmm7
0074  add rdx, 0x40
0078  add rcx, 0x40
007c  add r10, 0x800
0083  dec rbx
0086  jne short 0x0000000000000047
0088  mov rcx, [rax+0x30]
008c  mov edx, 0x80
0091  tilestored [rcx+rdx], tmm0
0097  tilestored [rcx+rdx+0x40], tmm1
009e  tilestored [rcx+rdx+0x800], tmm2
00a8  tilestored [rcx+rdx+0x840], tmm3
00b2  pop rbx
00b3  ret
